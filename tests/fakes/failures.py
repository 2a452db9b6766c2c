"""Ways in which a server fails. Each takes the handler of a request and does its worst."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler

from app.demo.simulated_server import Reply, send

Failure = Callable[[BaseHTTPRequestHandler], None]

HTML = "<!DOCTYPE html><html><head><title>Router</title></head><body>Please sign in.</body></html>"


def reply(reply: Reply) -> Failure:
    """Any answer at all."""
    return lambda handler: send(handler, reply)


def status(code: int, *, retry_after: int | str | None = None) -> Failure:
    """An error, as a page of HTML; with the 401 and 404 of TMDB's own see app.demo.simulated_tmdb."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return reply(Reply(f"<html><body><h1>{code}</h1></body></html>", code, headers))


def html() -> Failure:
    """A page where JSON was expected, with 200: a router's sign-in, a wrong address."""
    return reply(Reply(HTML))


def malformed() -> Failure:
    """JSON that breaks off, with a length that fits it."""
    return reply(Reply(b'{"id": 1, "name": "Harb'))


def time_out(seconds: float = 60) -> Failure:
    """No answer, until the client goes away."""

    def fail(handler: BaseHTTPRequestHandler) -> None:
        handler.connection.settimeout(seconds)
        with suppress(OSError):
            handler.connection.recv(1)
        handler.close_connection = True

    return fail


def drop() -> Failure:
    """The connection is closed instead of an answer."""

    def fail(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True

    return fail


def trickle(seconds: float = 60, *, every: float = 0.02, head: bool = False) -> Failure:
    """A byte now and then, of the body or of the head already."""

    def fail(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        start = b"HTTP/1.1 200 OK\r\nX-Slow: " if head else b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
        end = time.monotonic() + seconds
        try:
            handler.connection.sendall(start)
            while time.monotonic() < end:
                handler.connection.sendall(b"1")
                time.sleep(every)
        except OSError:
            return

    return fail


def oversize(megabytes: int = 9) -> Failure:
    """A body that is larger than any answer may be, without a length."""

    def fail(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        try:
            handler.connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"id": "')
            for _ in range(megabytes):
                handler.connection.sendall(b"x" * 1024 * 1024)
            handler.connection.sendall(b'"}')
        except OSError:
            return

    return fail


def redirect(location: str, code: int = 302) -> Failure:
    """To somewhere else."""
    return reply(Reply("", code, {"Location": location}))


def slow(seconds: float) -> Failure:
    """The right answer, late."""
    return before_the_answer(lambda: time.sleep(seconds))


def before_the_answer(act: Callable[[], object]) -> Failure:
    """The right answer, after something was done: at that moment the client waits for it."""
    return _Before(act)


class _Before:
    """What is done before an answer."""

    def __init__(self, act: Callable[[], object]) -> None:
        self.act = act

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        self.act()


def goes_on(failure: Failure) -> bool:
    """Whether the right answer follows."""
    return isinstance(failure, _Before)
