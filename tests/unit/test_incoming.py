"""When a request is there as a whole, wherever the network cut it; gunicorn's parser is who it has to agree with."""

from __future__ import annotations

import pytest
from gunicorn.config import Config
from gunicorn.http.parser import RequestParser
from gunicorn.http.unreader import IterUnreader
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.serving.incoming import LONGEST_HEAD, MEBIBYTE, MOST_KEPT, MOST_READ, Incoming

HEAD = b"POST /api/plex/webhook?secret=x HTTP/1.1\r\nHost: localhost\r\n"
WHOLE = {
    "no body": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "no headers": b"GET / HTTP/1.0\r\n\r\n",
    "a line end before it": b"\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a length": HEAD + b"content-length:  5 \r\n\r\nhello",
    "a length with zeros before it": HEAD + b"Content-Length: " + b"0" * 30 + b"5\r\n\r\nhello",
    "a length of nothing": HEAD + b"Content-Length: 0\r\n\r\n",
    "chunks": HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0;last\r\n\r\n",
    "chunks of one byte": HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 9 + b"0\r\n\r\n",
    "chunks with trailers": HEAD + b"transfer-encoding: Chunked\r\n\r\n1\r\nx\r\n000\r\nX-One: 1\r\nX-Two: 2\r\n\r\n",
    "a chunk of line ends": HEAD + b"Transfer-Encoding: chunked\r\n\r\n4\r\n\r\n\r\n\r\n0\r\n\r\n",
}
REFUSED_AT_ONCE = {
    "bare line feeds": b"GET / HTTP/1.1\nHost: localhost\n",
    "two lengths": HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
    "no number": HEAD + b"Content-Length: five\r\n\r\n",
    "signed": HEAD + b"Content-Length: +5\r\n\r\n",
    "no chunks": HEAD + b"Transfer-Encoding: chunked\r\n\r\nhello\r\n",
    "an endless chunk size": HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"0" * 9000,
}

URGENT = [HEAD, b"POST /api/plex/webhook HTTP/1.1\r\n", b"GET /healthz HTTP/1.1\r\n", b"GET /readyz?x=1 HTTP/1.1\r\n"]
NOT_URGENT = [
    b"GET / HTTP/1.1\r\nReferer: POST /api/plex/webhook\r\n",
    b"POST /api/plex/webhooks HTTP/1.1\r\n",
    b"POST /connect/server?next=POST /api/plex/webhook HTTP/1.1\r\n",
    b"POST /healthz HTTP/1.1\r\n",
    b"GET /api/plex/webhook HTTP/1.1\r\n",
    b"",
]

# A busy machine is no fault of what is tested.
steady = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _consumed_by_gunicorn(data: bytes) -> int:
    parser = RequestParser(Config(), (), ("127.0.0.1", 1))
    parser.unreader = IterUnreader([data])
    next(parser).body.read()
    return len(data) - len(parser.unreader.buf.getvalue())


@pytest.mark.parametrize("name", WHOLE)
def test_a_request_is_complete_with_its_last_byte_and_not_before(name: str) -> None:
    whole = WHOLE[name]
    incoming = Incoming()
    for number, byte in enumerate(whole):
        assert not incoming.is_complete, whole[:number]
        incoming.add(bytes([byte]))
    assert incoming.is_complete
    assert bytes(incoming.data) == whole
    assert not incoming.is_cut
    assert _consumed_by_gunicorn(whole) == len(whole)


@steady
@given(st.sampled_from(sorted(WHOLE)), st.lists(st.integers(1, 120), max_size=12), st.binary(max_size=20))
def test_it_does_not_matter_where_the_network_cuts(name: str, cuts: list[int], following: bytes) -> None:
    whole = WHOLE[name]
    incoming, position = Incoming(), 0
    for cut in [*cuts, len(whole)]:
        piece = whole[position : position + cut]
        position += len(piece)
        if piece:
            incoming.add(piece + (following if position == len(whole) else b""))
    assert incoming.is_complete
    assert bytes(incoming.data) == whole + following


@steady
@given(st.binary(max_size=300))
def test_whatever_is_sent_it_is_followed_without_a_fault(rubbish: bytes) -> None:
    for head in (b"", HEAD + b"Transfer-Encoding: chunked\r\n\r\n", HEAD + b"Content-Length: 9\r\n\r\n"):
        Incoming(head + rubbish)


@pytest.mark.parametrize("name", REFUSED_AT_ONCE)
def test_what_can_never_be_a_request_is_handed_over_at_once(name: str) -> None:
    assert Incoming(REFUSED_AT_ONCE[name]).is_complete


@pytest.mark.parametrize(
    "length", [b"9" * 19, b"0" * 5000 + b"9" * 19, b"5, 5", b"+5", b"five", b"5\r\nContent-Length: 5"]
)
def test_nothing_follows_a_body_whose_end_is_not_known(length: bytes) -> None:
    incoming = Incoming(HEAD + b"Content-Length: " + length + b"\r\n\r\n")
    assert incoming.is_complete
    assert incoming.is_cut


def test_a_head_that_never_ends_is_too_long() -> None:
    incoming = Incoming(b"GET / HTTP/1.1\r\n")
    while len(incoming.data) <= LONGEST_HEAD:
        assert not incoming.is_too_long
        incoming.add(b"X-Long: yes\r\n" * 100)
    assert incoming.is_too_long
    assert not incoming.is_complete


def test_a_body_that_is_too_large_is_read_on_but_not_kept() -> None:
    incoming = Incoming(HEAD + b"Content-Length: 20000000\r\n\r\n")
    for _ in range(20):
        incoming.add(b"x" * 999_999)
        assert not incoming.is_complete
        assert len(incoming.data) <= MOST_KEPT
    incoming.add(b"x" * 20)
    assert incoming.is_complete
    assert incoming.is_cut
    # The application refuses it by its size: enough of it is there.
    assert len(incoming.data) > 5 * MEBIBYTE


def test_nothing_is_read_for_ever() -> None:
    incoming = Incoming(HEAD + b"Content-Length: 999999999999\r\n\r\n")
    while not incoming.is_complete:
        incoming.add(b"x" * MEBIBYTE)
    assert incoming.read <= MOST_READ + MEBIBYTE
    assert incoming.is_cut


def test_the_end_of_the_connection_makes_half_a_body_known_and_half_a_head_nothing() -> None:
    half = Incoming(HEAD + b"Content-Length: 5\r\n\r\nhel")
    half.end()
    assert half.is_complete
    assert half.is_cut
    nothing = Incoming(HEAD)
    nothing.end()
    assert not nothing.is_complete


EXPECTS = b"Expect: 100-Continue\r\n"


@pytest.mark.parametrize(
    ("request_", "asks"),
    [
        (HEAD + EXPECTS + b"Content-Length: 5\r\n\r\n", True),
        (HEAD + EXPECTS + b"Transfer-Encoding: chunked\r\n\r\n", True),
        (HEAD + EXPECTS + b"Content-Length: 5\r\n\r\nh", False),
        (HEAD + EXPECTS + b"Content-Length: 5\r\n\r\nhello", False),
        (HEAD + EXPECTS + b"\r\n", False),
        (HEAD.replace(b"1.1", b"1.0") + EXPECTS + b"Content-Length: 5\r\n\r\n", False),
        (HEAD + b"Content-Length: 5\r\n\r\n", False),
    ],
)
def test_who_waits_to_be_asked_for_the_body_is_asked(request_: bytes, asks: bool) -> None:
    assert Incoming(request_).wants_to_be_asked is asks


def test_who_asks_before_sending_too_much_need_not_send_it() -> None:
    incoming = Incoming(HEAD + EXPECTS + b"Content-Length: 99000000\r\n\r\n")
    assert incoming.is_complete
    assert incoming.is_cut


@pytest.mark.parametrize(("data", "is_urgent"), [(d, True) for d in URGENT] + [(d, False) for d in NOT_URGENT])
def test_webhooks_and_monitors_are_urgent_and_nothing_else(data: bytes, is_urgent: bool) -> None:
    assert Incoming(data).is_urgent is is_urgent
