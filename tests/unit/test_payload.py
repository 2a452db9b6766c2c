"""From the bytes of a request to the object in it, and what is answered to a request that cannot be read."""

from __future__ import annotations

import io
import json
import time
from typing import Any

import pytest
import requests
from hypothesis import example, given, settings
from hypothesis import strategies as st
from werkzeug.test import encode_multipart

from app.plex.events import parse_event
from app.sync.payload import BodyError, payload_from_body, read_body
from tests import payloads

JSON = "application/json"
MULTIPART = f"multipart/form-data; boundary={payloads.BOUNDARY}"


def refused(body: bytes, content_type: str | None) -> BodyError:
    with pytest.raises(BodyError) as caught:
        payload_from_body(body, content_type)
    assert str(caught.value) == caught.value.message
    return caught.value


def refused_json(body: bytes) -> str:
    error = refused(body, JSON)
    assert (error.code, error.http_status) == ("invalid_payload", 400)
    return error.fields["body"]


def requests_body(files: dict[str, Any]) -> tuple[bytes, str]:
    """Return body and Content-Type as the requests library would send them."""
    request = requests.Request("POST", "http://tellykeep.test/", files=files).prepare()
    assert isinstance(request.body, bytes)
    return request.body, request.headers["Content-Type"]


class TestMultipart:
    @pytest.mark.parametrize("as_file", [False, True])
    @pytest.mark.parametrize("thumb", [None, b"\xff\xd8\xff" + bytes(range(256)) * 2_000])
    def test_the_payload_part_is_read_whether_field_or_file(self, as_file: bool, thumb: bytes | None) -> None:
        message = payloads.episode()
        assert payload_from_body(*payloads.multipart(message, as_file=as_file, thumb=thumb)) == message

    def test_line_feeds_alone_will_do(self) -> None:
        message = payloads.episode()
        assert payload_from_body(*payloads.multipart(message, newline=b"\n")) == message

    def test_the_boundary_may_be_quoted_and_the_type_in_capitals(self) -> None:
        body, _ = payloads.multipart({"event": "x"})
        assert payload_from_body(body, f'Multipart/Form-Data; charset=utf-8; boundary="{payloads.BOUNDARY}"') == {
            "event": "x"
        }

    def test_the_first_of_two_payload_parts_counts(self) -> None:
        first, content_type = payloads.multipart({"event": "first"})
        second, _ = payloads.multipart({"event": "second"})
        closing = f"--{payloads.BOUNDARY}--\r\n".encode()
        assert payload_from_body(first.removesuffix(closing) + second, content_type) == {"event": "first"}

    def test_parts_before_the_payload_are_passed_over(self) -> None:
        body, content_type = payloads.multipart({"event": "x"})
        part = f'--{payloads.BOUNDARY}\r\nContent-Disposition: form-data; name="thumb"\r\n\r\n{{}}\r\n'
        assert payload_from_body(part.encode() + body, content_type) == {"event": "x"}

    @pytest.mark.parametrize(
        "thumb",
        [b"", b"\r", b"\n", b"\r\n", b"\r\n--", b"--", b"\n\n", f"\r\n--{payloads.BOUNDARY}x".encode()],
    )
    @pytest.mark.parametrize("newline", [b"\r\n", b"\n"])
    def test_a_poster_may_hold_what_looks_like_multipart(self, thumb: bytes, newline: bytes) -> None:
        assert payload_from_body(*payloads.multipart({"a": 1}, thumb=thumb, newline=newline)) == {"a": 1}

    def test_what_follows_a_boundary_on_its_line_and_around_the_message_does_not_matter(self) -> None:
        body, content_type = payloads.multipart({"a": 1})
        padded = body.replace(payloads.BOUNDARY.encode() + b"\r\n", payloads.BOUNDARY.encode() + b" \t\r\n")
        assert payload_from_body(b"preamble\r\n" + padded + b"epilogue", content_type) == {"a": 1}

    def test_a_payload_may_mention_the_boundary_inside_a_line(self) -> None:
        message = {"a": f"--{payloads.BOUNDARY}--", "b": "--"}
        assert payload_from_body(*payloads.multipart(message)) == message

    @pytest.mark.parametrize(
        "head",
        [
            b"content-disposition:form-data;name=payload",
            b'Content-Type: application/json\r\nContent-Disposition: form-data; filename="x"; name="payload"',
            b'Content-Disposition: form-data;\r\n\tname="payload"',
            b'X: \xff\xfe\r\nContent-Disposition: form-data; name="payload"; filename="\xff"',
        ],
    )
    def test_the_head_of_the_part_may_be_written_otherwise(self, head: bytes) -> None:
        boundary = payloads.BOUNDARY.encode()
        body = b"--" + boundary + b"\r\n" + head + b'\r\n\r\n{"a":1}\r\n--' + boundary + b"--"
        assert payload_from_body(body, MULTIPART) == {"a": 1}

    def test_what_other_libraries_send_is_read(self) -> None:
        body, content_type = requests_body({"payload": (None, b'{"a":1}', "application/json")})
        assert payload_from_body(body, content_type) == {"a": 1}
        boundary, body = encode_multipart({"thumb": (io.BytesIO(b"\r\n"), "t.jpg"), "payload": '{"a":1}'})
        assert payload_from_body(body, f"multipart/form-data; boundary={boundary}") == {"a": 1}

    def test_without_a_payload_part_it_is_named(self) -> None:
        body, content_type = payloads.multipart({})
        error = refused(body.replace(b'"payload"', b'"data"'), content_type)
        assert (error.code, error.http_status, list(error.fields)) == ("invalid_payload", 400, ["payload"])

    def test_an_empty_form_has_no_payload_part(self) -> None:
        assert list(refused(f"--{payloads.BOUNDARY}--\r\n".encode(), MULTIPART).fields) == ["payload"]

    def test_a_body_that_breaks_off_anywhere_is_refused(self) -> None:
        body, content_type = payloads.multipart({"event": "media.play"}, thumb=b"\xff\xd8\xff\r\n\r\n\xd9")
        end = body.rindex(b"--")
        for length in range(1, end + 1):
            error = refused(body[:length], content_type)
            assert (error.code, error.http_status, list(error.fields)) == ("invalid_payload", 400, ["body"])
        assert payload_from_body(body[: end + 2], content_type) == {"event": "media.play"}

    @pytest.mark.parametrize(
        "content_type",
        [
            "multipart/form-data",
            "multipart/form-data; boundary=",
            'multipart/form-data; boundary=""',
            "multipart/form-data; boundary=päng",
            "multipart/form-data; boundary=" + "x" * 201,
            "multipart/form-data; boundary=other",
        ],
    )
    def test_without_its_boundary_it_is_refused(self, content_type: str) -> None:
        body, _ = payloads.multipart({})
        error = refused(body, content_type)
        assert (error.http_status, list(error.fields)) == (400, ["body"])

    @pytest.mark.parametrize(
        "head",
        [b"", b"Content-Type: text/plain", b"\xff\xfe: x", b'Content-Disposition: form-data; nam="payload"'],
    )
    def test_a_part_without_a_proper_head_is_refused(self, head: bytes) -> None:
        boundary = payloads.BOUNDARY.encode()
        body = b"--" + boundary + b"\r\n" + head + b"\r\n\r\n{}\r\n--" + boundary + b"--\r\n"
        assert refused(body, MULTIPART).http_status == 400

    @pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"thumb"])
    def test_a_payload_part_that_is_no_json_is_named(self, content: bytes) -> None:
        error = refused(*payloads.multipart(content))
        assert (error.code, error.http_status, list(error.fields)) == ("invalid_payload", 400, ["payload"])

    @pytest.mark.parametrize(
        "content",
        [
            b"\r" * 4_000_000,
            b"\r\n" * 2_000_000,
            b"-" * 4_000_000,
            b"\r\n--" * 1_000_000,
            (b"\r\n--" + payloads.BOUNDARY.encode() + b" " * 500 + b"x") * 7_000,
        ],
    )
    def test_a_hostile_part_takes_no_long_time(self, content: bytes) -> None:
        started = time.process_time()
        refused(*payloads.multipart(content))
        assert time.process_time() - started < 3

    @pytest.mark.parametrize("boundary", ["-" * 200, "a" * 199 + "b", "b" + "a" * 199, "ab" * 100, "-"])
    def test_a_hostile_boundary_takes_no_long_time(self, boundary: str) -> None:
        started = time.process_time()
        for content in (b"a" * 4_000_000, b"-" * 4_000_000, b"ab" * 2_000_000, b"\n-" * 2_000_000):
            refused(content, f"multipart/form-data; boundary={boundary}")
        assert time.process_time() - started < 6

    def test_endless_heads_and_preambles_are_refused_soon(self) -> None:
        start = f"--{payloads.BOUNDARY}\r\n".encode()
        started = time.process_time()
        refused(start + b"a: b\r\n" * 800_000, MULTIPART)
        refused(start + b"a" * 4_000_000, MULTIPART)
        refused(b"\r\n--" * 1_000_000, MULTIPART)
        refused((start + b'Content-Disposition: form-data; name="a"\r\n\r\n\r\n') * 40_000, MULTIPART)
        assert time.process_time() - started < 3


class TestJson:
    @pytest.mark.parametrize(
        "content_type",
        [
            JSON,
            "application/json; charset=utf-8",
            "Application/JSON",
            "text/json",
            "application/vnd.api+json",
        ],
    )
    def test_plain_json_is_read(self, content_type: str) -> None:
        message = payloads.tautulli_episode(title="Brücke, 橋, 🌉")
        assert payload_from_body(payloads.as_json(message), content_type) == message

    def test_a_byte_order_mark_is_passed_over(self) -> None:
        assert payload_from_body(b"\xef\xbb\xbf{}", JSON) == {}

    def test_any_json_value_is_handed_on(self) -> None:
        assert payload_from_body(b"[1, null]", JSON) == [1, None]

    def test_escaped_nul_and_lone_surrogates_are_taken(self) -> None:
        assert payload_from_body(b'"a\\u0000b\\ud800"', JSON) == "a\0b\ud800"

    def test_invalid_json_is_refused_with_its_place(self) -> None:
        assert refused_json(b'{"event":\n  oops}').startswith("not valid JSON at line 2, column 3")

    @pytest.mark.parametrize(
        "body", [b'"\xff"', b'"\xed\xa0\x80"', '{"event": "x"}'.encode("utf-16"), b'{"event": "\xfc"}']
    )
    def test_what_is_not_utf8_is_refused(self, body: bytes) -> None:
        assert refused_json(body).startswith("not valid UTF-8 at byte ")

    @pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", "-1e400"])
    def test_what_is_no_finite_number_is_refused(self, number: str) -> None:
        assert refused_json(f'{{"rating": {number}}}'.encode()).startswith("not usable JSON")

    @pytest.mark.parametrize("digits", [4_301, 1_000_000])
    def test_numbers_of_thousands_of_digits_are_refused(self, digits: int) -> None:
        assert "too many digits" in refused_json(b'{"index": ' + b"9" * digits + b"}")

    @pytest.mark.parametrize("depth", [5_000, 1_000_000])
    @pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
    def test_deep_nesting_is_refused_at_once(self, depth: int, opening: bytes, closing: bytes) -> None:
        started = time.process_time()
        assert refused_json(opening * depth + b"1" + closing * depth) == "the JSON is nested too deeply"
        assert refused_json(opening * depth) == "the JSON is nested too deeply"
        assert time.process_time() - started < 1

    def test_nesting_that_json_can_read_does_no_harm_later(self) -> None:
        nested: Any = payload_from_body(b'{"event":"x","Extra":' + b"[" * 400 + b"]" * 400 + b"}", JSON)
        assert parse_event(nested).event == "x"


class TestOtherBodies:
    @pytest.mark.parametrize("content_type", [JSON, MULTIPART, None, ""])
    def test_an_empty_body_is_named(self, content_type: str | None) -> None:
        error = refused(b"", content_type)
        assert (error.code, error.http_status, list(error.fields)) == ("invalid_payload", 400, ["body"])

    @pytest.mark.parametrize(
        "content_type",
        [
            None,
            "",
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/mixed; boundary=x",
            "application/octet-stream",
            "image/svg+json",
            ";;;",
            "x" * 5_000,
        ],
    )
    def test_every_other_type_is_415(self, content_type: str | None) -> None:
        error = refused(b"payload=%7B%7D", content_type)
        assert (error.code, error.http_status) == ("unsupported_media_type", 415)
        assert "application/json" in error.message
        assert len(error.message) < 250


class Stream(io.BytesIO):
    """A request's stream that counts what was read, and gives it in small pieces."""

    def __init__(self, content: bytes, *, piece: int = 1_000_000) -> None:
        super().__init__(content)
        self.taken = 0
        self.largest = 0
        self.piece = piece

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        assert size > 0, "an unlimited read would wait for ever on a bare socket"
        self.largest = max(self.largest, size)
        data = super().read(min(size, self.piece))
        self.taken += len(data)
        return data


class TestReadBody:
    @pytest.mark.parametrize("length", [10, "10", " 10 ", None])
    @pytest.mark.parametrize("piece", [1, 3, 100])
    def test_a_body_is_read_to_its_end(self, length: int | str | None, piece: int) -> None:
        assert read_body(Stream(b"0123456789", piece=piece), length) == b"0123456789"

    def test_nothing_is_read_beyond_the_announced_length(self) -> None:
        stream = Stream(b"0123456789 and the next request")
        assert read_body(stream, 10) == b"0123456789"
        assert stream.taken == 10

    @pytest.mark.parametrize("length", [0, None])
    def test_an_empty_body_is_empty(self, length: int | None) -> None:
        assert read_body(Stream(b""), length) == b""

    @pytest.mark.parametrize("announced", [True, False])
    def test_a_body_of_exactly_the_limit_is_taken(self, announced: bool) -> None:
        assert len(read_body(Stream(b"x" * 1_000), 1_000 if announced else None, limit=1_000)) == 1_000

    @pytest.mark.parametrize("announced", [True, False])
    def test_a_larger_body_is_read_to_its_end_and_refused(self, announced: bool) -> None:
        stream = Stream(b"x" * 300_000)
        with pytest.raises(BodyError) as caught:
            read_body(stream, 300_000 if announced else None, limit=1_000)
        assert (caught.value.code, caught.value.http_status) == ("payload_too_large", 413)
        assert list(caught.value.fields) == ["body"]
        assert stream.taken == 300_000
        assert stream.largest <= 64 * 1024

    @pytest.mark.parametrize("announced", [True, False])
    def test_no_more_than_agreed_is_thrown_away(self, announced: bool) -> None:
        stream = Stream(b"x" * 300_000)
        with pytest.raises(BodyError, match="too large"):
            read_body(stream, 300_000 if announced else None, limit=1_000, discard=200_000)
        assert stream.taken == 200_000

    @pytest.mark.parametrize("length", [-1, "-1", "abc", "", "+5", "1_0", "1.5", "٣", "9" * 30])
    def test_a_length_that_is_none_is_refused(self, length: int | str) -> None:
        with pytest.raises(BodyError) as caught:
            read_body(Stream(b"x"), length)
        assert (caught.value.http_status, list(caught.value.fields)) == (400, ["body"])

    def test_fewer_bytes_than_announced_are_refused(self) -> None:
        with pytest.raises(BodyError) as caught:
            read_body(Stream(b"x" * 9), 10)
        assert (caught.value.code, caught.value.http_status) == ("invalid_payload", 400)
        assert caught.value.fields == {"body": "10 bytes were announced and 9 came"}

    def test_a_connection_that_breaks_is_a_body_that_breaks_off(self) -> None:
        class Broken(Stream):
            def read(self, size: int | None = -1, /) -> bytes:
                if self.taken:
                    raise ConnectionResetError
                return super().read(size)

        with pytest.raises(BodyError) as caught:
            read_body(Broken(b"x" * 9), 10)
        assert caught.value.http_status == 400


def answered(body: bytes, content_type: str | None) -> int:
    """Return the status that a body gets; anything but a BodyError escapes and fails the test."""
    try:
        payload_from_body(body, content_type)
    except BodyError as error:
        json.dumps(error.fields).encode()
        return error.http_status
    return 200


@settings(max_examples=300)
@given(st.binary(max_size=300), st.sampled_from([JSON, MULTIPART, "multipart/form-data; boundary=a", None]))
@example(b"--a\r\n\r\n", "multipart/form-data; boundary=a")
@example(b'--a\nContent-Disposition: form-data; name="payload"\n\n', "multipart/form-data; boundary=a")
def test_no_bytes_raise_anything_but_a_body_error(body: bytes, content_type: str | None) -> None:
    assert answered(body, content_type) in (200, 400, 415)


PIECES = [
    *(b"--a", b"--a--", b"\r\n", b"\n", b"\r", b" ", b"{}", b"Content-Disposition: form-data; ", b"\xff"),
    *(b'name="payload"', b'filename="f"', b"name=payload", b"Content-Type: text/plain; charset=x"),
]


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=20))
def test_no_order_of_multiparts_pieces_raises_anything_but_a_body_error(pieces: list[bytes]) -> None:
    assert answered(b"".join(pieces), "multipart/form-data; boundary=a") in (200, 400)
