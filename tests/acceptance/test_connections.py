"""Connections to a real `tellykeep serve`, byte by byte: kept alive, in a row, in pieces, broken off, and too slow."""

from __future__ import annotations

import json
import re
import socket
import time
from contextlib import closing

import pytest

from app.serving.connection import HEAD_SECONDS
from tests.acceptance.appliance import Appliance
from tests.payloads import episode, multipart

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


class _Wire:
    """A client that shows what comes."""

    def __init__(self, running: Appliance) -> None:
        self.socket = socket.create_connection(("127.0.0.1", running.port), timeout=20)
        self._received = b""

    def __enter__(self) -> _Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def until(self, end: bytes) -> bytes:
        while end not in self._received:
            more = self.socket.recv(65536)
            assert more, self._received
            self._received += more
        found, end, self._received = self._received.partition(end)
        return found + end

    def answer(self) -> tuple[int, bytes]:
        head = self.until(b"\r\n\r\n")
        length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])  # type: ignore[index]
        while len(self._received) < length:
            more = self.socket.recv(65536)
            assert more
            self._received += more
        body, self._received = self._received[:length], self._received[length:]
        return int(head.split()[1]), body

    def is_closed(self) -> bool:
        """Waits for the server to close."""
        return self._received == b"" and self.socket.recv(1) == b""


def _webhook(running: Appliance, number: int, extra: str = "", version: str = "1.1") -> tuple[bytes, bytes]:
    """Head and body."""
    body, content_type = multipart(episode(grandparentTitle="By Wire", parentIndex=1, index=number))
    path = running.webhook_url.removeprefix(running.address)
    head = f"POST {path} HTTP/{version}\r\nHost: localhost\r\nContent-Type: {content_type}\r\n{extra}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode(), body


def test_a_connection_is_kept_for_the_next_request(running: Appliance) -> None:
    with _Wire(running) as wire:
        for _ in range(3):
            wire.send(HEALTH)
            assert wire.answer()[0] == 200


def test_requests_sent_in_a_row_are_answered_in_that_order(running: Appliance) -> None:
    with _Wire(running) as wire:
        wire.send(HEALTH + b"".join(_webhook(running, 1)) + HEALTH + HEALTH[:20])
        statuses = [wire.answer() for _ in range(3)]
        assert [status for status, _ in statuses] == [200, 200, 200]
        assert "log_id" in json.loads(statuses[1][1])
        wire.send(HEALTH[20:])
        assert wire.answer()[0] == 200


def test_a_request_in_small_pieces_is_one_request(running: Appliance) -> None:
    head, body = _webhook(running, 2)
    with _Wire(running) as wire:
        for at in range(0, len(head + body), 97):
            wire.send((head + body)[at : at + 97])
            time.sleep(0.005)
        assert wire.answer()[0] == 200


def test_a_body_is_asked_for_where_the_client_waits_for_that(running: Appliance) -> None:
    head, body = _webhook(running, 3, "Expect: 100-continue\r\n")
    with _Wire(running) as wire:
        wire.send(head)
        assert wire.until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.send(body)
        assert wire.answer()[0] == 200


def test_a_body_that_is_too_large_is_refused_before_it_is_sent(running: Appliance) -> None:
    head, body = _webhook(running, 3, "Expect: 100-continue\r\n")
    with _Wire(running) as wire:
        wire.send(head.replace(f"Content-Length: {len(body)}".encode(), b"Content-Length: 90000000"))
        status, answer = wire.answer()
        assert status == 413
        assert json.loads(answer)["error"]["code"] == "payload_too_large"
        assert wire.is_closed()


def test_http_1_0_is_answered_and_closed(running: Appliance) -> None:
    head, body = _webhook(running, 4, version="1.0")
    with _Wire(running) as wire:
        wire.send(head + body)
        assert wire.answer()[0] == 200
        assert wire.is_closed()


def test_who_asks_for_the_end_gets_it(running: Appliance) -> None:
    with _Wire(running) as wire:
        wire.send(HEALTH.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        assert wire.answer()[0] == 200
        assert wire.is_closed()


def test_half_a_body_is_refused_with_the_reason_and_never_taken(running: Appliance) -> None:
    head, body = _webhook(running, 5)
    with _Wire(running) as wire:
        wire.send(head + body[:-30])
        wire.socket.shutdown(socket.SHUT_WR)
        status, answer = wire.answer()
        assert status == 400
        assert "announced" in json.loads(answer)["error"]["message"]
        assert wire.is_closed()


def test_a_body_that_comes_later_is_never_taken_for_a_request(running: Appliance) -> None:
    """Behind a proxy it would be a request in the name of whoever comes next on the connection."""
    with _Wire(running) as wire:
        wire.send(b"POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: %022d\r\n\r\n" % len(HEALTH))
        time.sleep(0.3)
        wire.send(HEALTH)
        assert wire.answer()[0] == 405
        wire.socket.settimeout(1)
        with pytest.raises(TimeoutError):
            wire.socket.recv(1)
        wire.socket.settimeout(20)
        wire.send(HEALTH)
        assert wire.answer()[0] == 200


@pytest.mark.parametrize("path", ["/api/plex/webhook", "/login", "/api/shows"])
@pytest.mark.parametrize("body", [b"5\r\nhello", b"x", b"5\r\nhelloo\r\n0\r\n\r\n", b"0\r\nbad\r\n\r\n"])
def test_broken_chunks_are_the_clients_fault(running: Appliance, path: str, body: bytes) -> None:
    path = running.webhook_url.removeprefix(running.address) if "webhook" in path else path
    kind = "application/json" if "api" in path else "application/x-www-form-urlencoded"
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n"
    with _Wire(running) as wire:
        wire.send(f"{head}Authorization: Bearer {running.token}\r\n\r\n".encode() + body)
        wire.socket.shutdown(socket.SHUT_WR)
        assert 400 <= wire.answer()[0] < 500
        assert wire.is_closed()
    assert "Traceback" not in running.output


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\nHost: localhost\n\n", 400),
        (b"GET / HTTP/1.1\r\nBad Header\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (b"GET /" + b"x" * 5000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\n" + b"X-Long: yes\r\n" * 120 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + b"X-Long: yes\r\n" * 12_000, 431),
        (b"POST /healthz HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST /healthz HTTP/1.1\r\nTransfer-Encoding: lies\r\n\r\n0\r\n\r\n", 501),
        (b"POST /healthz HTTP/1.1\r\nExpect: a miracle\r\n\r\n", 417),
    ],
)
def test_what_is_no_request_is_refused_without_repeating_it(running: Appliance, sent: bytes, status: int) -> None:
    with _Wire(running) as wire:
        wire.send(sent)
        head = wire.until(b"\r\n\r\n")
        assert head.startswith(f"HTTP/1.1 {status} ".encode())
        assert b"Content-Security-Policy: default-src 'none'" in head
        assert b"nosniff" in head
        assert b"X-Long" not in wire.until(b"\n")
        assert wire.is_closed()


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Api-Key : SEEKRIT\r\n\r\n", "invalid header name"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: tellykeep=SEEKRIT\x00\r\n\r\n", "invalid header"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nSEEKRIT\r\n\r\n", "invalid header"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: a=b;\r\n SEEKRIT\r\n\r\n", "obsolete folding"),
        (b"GET /calendar/SEEKRIT.ics?x= y HTTP/1.1\r\nHost: localhost\r\n\r\n", "invalid"),
        (b"SEEKRIT / HTTP/1.1 more\r\nHost: localhost\r\n\r\n", "invalid"),
        (b"GET / SEEKRIT/1.1\r\nHost: localhost\r\n\r\n", "invalid"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nExpect: SEEKRIT\r\n\r\n", "expectation failed"),
        (
            b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: SEEKRIT\r\n\r\n0\r\n\r\n",
            "unsupported transfer coding",
        ),
    ],
)
def test_the_log_says_what_was_wrong_with_a_request_and_quotes_nothing_of_it(
    running: Appliance, sent: bytes, reason: str
) -> None:
    before = len(running.output)
    with _Wire(running) as wire:
        wire.send(sent)
        wire.until(b"\r\n\r\n")
    line = next(line for line in running.output[before:].splitlines() if "bad request" in line)
    assert reason in line
    assert "SEEKRIT" not in running.output


def test_a_head_that_does_not_end_in_time_is_refused(running: Appliance) -> None:
    with _Wire(running) as wire:
        began = time.monotonic()
        wire.send(HEALTH[:30])
        assert wire.answer()[0] == 408
        assert HEAD_SECONDS <= time.monotonic() - began < HEAD_SECONDS + 3
        assert wire.is_closed()


def test_an_answer_larger_than_what_the_kernel_keeps_comes_whole(running: Appliance) -> None:
    path = b"/static/vendor/tabler-1.6.1/tabler.min.css"
    with closing(socket.socket()) as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        raw.settimeout(20)
        raw.connect(("127.0.0.1", running.port))
        with _Wire.__new__(_Wire) as wire:
            wire.socket, wire._received = raw, b""
            wire.send((b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\n\r\n") * 3 + HEALTH)
            time.sleep(1)
            bodies = [wire.answer() for _ in range(3)]
            assert {status for status, _ in bodies} == {200}
            assert len({body for _, body in bodies}) == 1
            assert len(bodies[0][1]) > 500_000
            assert wire.answer()[0] == 200
