"""Large bodies on their way: on the disk, from those who may send them, and no more of them than there is room for."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from unittest.mock import Mock

import pytest
from flask import Flask, session
from gunicorn.config import Config

from app.security.sessions import CookieSessions
from app.serving.connection import Connection
from app.serving.incoming import MEBIBYTE, MOST_KEPT, MOST_READ, MOST_READ_OF_LARGE, MOST_SPOOLED, Incoming
from app.serving.large import MOST_AT_ONCE, LargeBodies

HEAD = b"POST /import HTTP/1.1\r\nHost: localhost\r\nCookie: who=mira\r\n"
PIECE = b"x" * 65_536


@pytest.fixture
def large(tmp_path: Path) -> Iterator[LargeBodies]:
    bodies = LargeBodies(tmp_path, ("/import",), lambda header: header == "who=mira")
    yield bodies
    bodies.close()


def _with_length(length: int, head: bytes = HEAD) -> bytes:
    return head + b"Content-Length: %d\r\n\r\n" % length


def _sent(incoming: Incoming, count: int) -> None:
    for _ in range(count // len(PIECE)):
        incoming.add(PIECE)
    if rest := count % len(PIECE):
        incoming.add(PIECE[:rest])


@pytest.fixture
def connection(large: LargeBodies) -> Iterator[Connection]:
    made = Connection(Config(), Mock(spec=socket.socket), ("127.0.0.1", 1), ("127.0.0.1", 2), large)
    yield made
    made.close()


@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_the_parser_reads_a_large_body_from_the_disk_and_what_follows_it(connection: Connection, framing: str) -> None:
    following = b"GET /next HTTP/1.1\r\nHost: localhost\r\n\r\n"
    body = os.urandom(20 * MEBIBYTE)
    incoming = connection.incoming
    if framing == "length":
        sent = _with_length(len(body)) + body
    else:
        sent = HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n"
    for at in range(0, len(sent), 65_536):
        assert not incoming.is_complete
        piece = sent[at : at + 65_536]
        incoming.add(piece + (following if at + 65_536 >= len(sent) else b""))
    assert incoming.is_complete
    assert not incoming.is_cut
    assert len(incoming.data) <= MOST_KEPT

    connection.hand_over()
    request = next(connection.parser)
    assert request.body.read() == body
    connection.parser.finish_body()
    connection.take_next()
    assert connection.incoming.is_complete
    assert bytes(connection.incoming.data) == following


@pytest.mark.parametrize(
    "head",
    [
        HEAD.replace(b"mira", b"nobody"),
        HEAD.replace(b"Cookie: who=mira\r\n", b""),
        HEAD.replace(b"/import", b"/imports"),
        HEAD.replace(b"/import", b"/other?x=POST /import"),
        HEAD.replace(b"POST", b"PUT"),
    ],
)
def test_nothing_is_kept_of_what_others_send_or_to_other_addresses(
    large: LargeBodies, head: bytes, tmp_path: Path
) -> None:
    incoming = Incoming(_with_length(20 * MEBIBYTE, head), large)
    _sent(incoming, 20 * MEBIBYTE)
    assert incoming.is_complete
    assert incoming.is_cut
    assert incoming.rest is None
    assert len(incoming.data) <= MOST_KEPT


def test_an_address_with_a_query_is_the_same(large: LargeBodies) -> None:
    assert large.may_be_sent(_with_length(9, HEAD.replace(b"/import", b"/import?x=1")))


def test_what_says_that_it_is_larger_than_any_may_be_is_read_and_not_kept(large: LargeBodies) -> None:
    incoming = Incoming(_with_length(MOST_SPOOLED + 1), large)
    _sent(incoming, MOST_READ + MEBIBYTE)
    assert incoming.rest is None
    assert not incoming.is_complete, "its client would see a broken connection, and not the answer"
    _sent(incoming, MOST_SPOOLED + 1 - MOST_READ - MEBIBYTE)
    assert incoming.is_complete
    assert incoming.is_cut


def test_nobody_fills_the_disk_in_chunks(large: LargeBodies) -> None:
    incoming = Incoming(HEAD + b"Transfer-Encoding: chunked\r\n\r\nfffffff0\r\n", large)
    while not incoming.is_complete:
        incoming.add(PIECE * 8)
    assert incoming.rest is not None
    assert os.fstat(incoming.rest.fileno()).st_size <= MOST_SPOOLED
    assert incoming.is_cut
    assert MOST_READ_OF_LARGE <= incoming.read <= MOST_READ_OF_LARGE + MEBIBYTE


def test_a_few_at_once_are_kept_and_room_is_there_again_when_one_ends(large: LargeBodies) -> None:
    first = []
    for _ in range(MOST_AT_ONCE):
        first.append(Incoming(_with_length(20 * MEBIBYTE), large))
        _sent(first[-1], 10 * MEBIBYTE)
        assert first[-1].refused_with is None
    one_more = Incoming(_with_length(20 * MEBIBYTE), large)
    _sent(one_more, 10 * MEBIBYTE)
    assert one_more.refused_with is HTTPStatus.SERVICE_UNAVAILABLE

    first[0].close()
    again = Incoming(_with_length(20 * MEBIBYTE), large)
    _sent(again, 10 * MEBIBYTE)
    assert again.refused_with is None


def test_a_disk_that_cannot_be_written_to_refuses_it(tmp_path: Path) -> None:
    incoming = Incoming(
        _with_length(20 * MEBIBYTE), LargeBodies(tmp_path / "gone", ("/import",), lambda header: bool(header))
    )
    _sent(incoming, 10 * MEBIBYTE)
    assert incoming.refused_with is HTTPStatus.INSUFFICIENT_STORAGE


def test_who_asks_before_sending_a_large_one_is_asked_for_it(large: LargeBodies) -> None:
    expects = b"Expect: 100-continue\r\n"
    assert Incoming(_with_length(20 * MEBIBYTE, HEAD + expects), large).wants_to_be_asked
    assert Incoming(_with_length(MOST_SPOOLED + 1, HEAD + expects), large).is_complete


def test_a_cookie_is_somebody_s_when_it_was_signed_here_for_one_who_signed_in() -> None:
    def made(key: str, fields: dict[str, str]) -> str:
        app = Flask(__name__)
        app.config.update(SECRET_KEY=key, SESSION_COOKIE_NAME="tellykeep")
        app.session_interface = CookieSessions(None)

        @app.get("/")
        def fill() -> str:
            session.update(fields)
            return ""

        return app.test_client().get("/").headers["Set-Cookie"].partition(";")[0]

    app = Flask(__name__)
    app.config.update(SECRET_KEY="ours", SESSION_COOKIE_NAME="tellykeep")
    cookies = CookieSessions(None)
    signed = made("ours", {"_user_id": "a token"})

    assert cookies.is_of_somebody(app, signed)
    assert cookies.is_of_somebody(app, f"theme=dark; {signed}")
    assert not cookies.is_of_somebody(app, made("ours", {"csrf_token": "x"})), "who has only seen the sign-in page"
    assert not cookies.is_of_somebody(app, made("another key", {"_user_id": "a token"}))
    assert not cookies.is_of_somebody(app, signed[:-2])
    assert not cookies.is_of_somebody(app, "tellykeep=")
    assert not cookies.is_of_somebody(app, "\xff")
