"""From the bytes of a webhook's HTTP request to the Python object that its JSON stands for.

Plex posts ``multipart/form-data`` with the JSON in a part named ``payload``, which has a Content-Type of its
own, and sometimes a poster in a part named ``thumb``. Tautulli posts plain JSON. A message that Plex does not
get rid of is gone for good, so what can be read is read; but half of one is never taken for a whole.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple, NoReturn, Protocol

from werkzeug.exceptions import ClientDisconnected
from werkzeug.http import parse_options_header

MEBIBYTE = 1024 * 1024
_CHUNK = 64 * 1024
_MOST_PARTS = 100  # a real message has two
_LONGEST_HEAD = 8 * 1024  # of a part; a real one is about 100 bytes
_LONGEST_BOUNDARY = 200  # RFC 2046 allows 70
_SHOWN = 40

# What follows a boundary on its line: "--" closes the message. Blanks may stand there (RFC 2046, transport
# padding).
_END_OF_MARK = re.compile(rb"(--)?[ \t]*(?:\r?\n|\Z)")
_LINE_FEED = 0x0A
_END_OF_HEAD = re.compile(rb"\n\r?\n")


class BodyError(Exception):
    """The body of a request cannot be read; the attributes are the answer.

    * ``code``: ``invalid_payload`` (400), ``payload_too_large`` (413) or ``unsupported_media_type`` (415).
    * ``message``: one sentence for the user. ``fields``: ``body`` or ``payload`` (the part) → what is wrong
      with it.
    """

    def __init__(
        self, code: str, message: str, fields: Mapping[str, str] | None = None, http_status: int = 400
    ) -> None:
        self.code = code
        self.message = message
        self.fields = dict(fields or {})
        self.http_status = http_status
        super().__init__(message)


class ByteStream(Protocol):
    """What a WSGI server gives as ``wsgi.input``."""

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes, b"" at the end."""


def _malformed(field: str, why: str) -> NoReturn:
    raise BodyError("invalid_payload", f"The request cannot be read: {why}.", {field: why})


def read_body(
    stream: ByteStream,
    content_length: int | str | None,
    *,
    limit: int = 5 * MEBIBYTE,
    discard: int = 32 * MEBIBYTE,
) -> bytes:
    """Read a request's body of at most ``limit`` bytes.

    What is larger is read on, up to ``discard`` bytes in all, and thrown away: a client whose request is not
    read to its end sees a broken connection instead of the answer that tells it why.

    :param content_length: of the header, in bytes (or its text); ``None`` reads to the end of the stream
        (chunked).
    :raises BodyError: 413 when too large; 400 when the length is no length, or fewer bytes came than it says.
    """
    announced = _length(content_length)
    if announced is not None and announced > limit:
        _discard(stream, min(announced, discard))
        _too_large(limit)

    # Never beyond the announced length: on a bare socket that would wait for bytes that never come.
    chunks: list[bytes] = []
    size = 0
    most = limit + 1 if announced is None else announced
    while size < most:
        chunk = _read(stream, min(_CHUNK, most - size))
        if not chunk:
            break
        chunks.append(chunk)
        size += len(chunk)
    if size > limit:
        chunks.clear()
        _discard(stream, discard - size)
        _too_large(limit)
    if announced is not None and size < announced:
        _malformed("body", f"{announced} bytes were announced and {size} came")
    return b"".join(chunks)


def _length(content_length: int | str | None) -> int | None:
    if isinstance(content_length, str):
        text = content_length.strip()
        # int() would also take "+5", "1_000" and other scripts' digits.
        if not (text.isascii() and text.isdigit() and len(text) <= 18):
            _malformed("body", "its Content-Length is not a number of bytes")
        return int(text)
    if content_length is not None and content_length < 0:
        _malformed("body", "its Content-Length is negative")
    return content_length


def _read(stream: ByteStream, size: int) -> bytes:
    try:
        return stream.read(size)
    except (
        ClientDisconnected,
        OSError,
    ):  # werkzeug's and gunicorn's ways of saying that the stream broke off
        return b""


def _discard(stream: ByteStream, most: int) -> None:
    while most > 0:
        chunk = _read(stream, min(_CHUNK, most))
        if not chunk:
            return
        most -= len(chunk)


def _too_large(limit: int) -> NoReturn:
    why = f"at most {limit} bytes are taken"
    raise BodyError("payload_too_large", f"The request is too large: {why}.", {"body": why}, 413)


def payload_from_body(body: bytes, content_type: str | None) -> object:
    """Return the object that the JSON in a request's body stands for; it may still be any JSON value.

    Strings may hold NUL and lone surrogates, which :func:`app.plex.events.parse_event` replaces. Numbers are
    finite.

    :param content_type: the header's value.
    :raises BodyError: 415 for anything but multipart/form-data and JSON; 400 when it is malformed.
    """
    if not body:
        _malformed("body", "it is empty")
    media_type, options = parse_options_header(content_type)
    media_type = media_type.lower()
    if media_type == "multipart/form-data":
        return _parse_json(_payload_part(body, options.get("boundary", "")), "payload")
    if media_type in ("application/json", "text/json") or (
        media_type.startswith("application/") and media_type.endswith("+json")
    ):
        return _parse_json(body, "body")
    why = "expected multipart/form-data, as Plex sends it, or application/json" + (
        f', got "{media_type[:_SHOWN]}"' if media_type else ", got no Content-Type"
    )
    raise BodyError("unsupported_media_type", f"The request has the wrong type: {why}.", {"Content-Type": why}, 415)


class _Mark(NamedTuple):
    """A boundary's line in a multipart body, as offsets: the part before it ends, the line starts, the line
    ends.
    """

    before: int
    start: int
    end: int
    closes: bool


def _payload_part(body: bytes, boundary: str) -> bytes:
    """Return the content of the first part named ``payload``, whether it is a form field or a file.

    Read here and not by Werkzeug's form parser, which compiles patterns for every new boundary (0.7 ms, ten
    times the rest of a webhook's parsing), keeps the poster, and takes some bodies that break off for whole
    ones. The body is in memory already, so it is enough to find the boundaries (RFC 2046, section 5.1). Line
    ends may be CRLF or LF.
    """
    if not boundary or not boundary.isascii() or len(boundary) > _LONGEST_BOUNDARY:
        _malformed("body", "its Content-Type names no usable multipart boundary")
    delimiter = b"--" + boundary.encode("ascii")
    payload: bytes | None = None
    mark = _next_mark(body, delimiter, 0)
    for _ in range(_MOST_PARTS + 1):
        if mark is None:
            _malformed("body", "the multipart message breaks off before its closing boundary, or has none")
        if mark.closes:
            break
        following = _next_mark(body, delimiter, mark.end)
        if payload is None and following is not None:
            # From the line end before the head on, as a part may have no head at all.
            end_of_head = min(following.start, mark.end + _LONGEST_HEAD)
            blank_line = _END_OF_HEAD.search(body, mark.end - 1, end_of_head)
            if blank_line and _part_name(body[mark.end : blank_line.start()]) == "payload":
                payload = body[blank_line.end() : following.before]
        mark = following
    else:
        _malformed("body", f"the multipart message has more than {_MOST_PARTS} parts")
    if payload is None:
        _malformed("payload", "the multipart message has no part with this name")
    return payload


def _next_mark(body: bytes, delimiter: bytes, position: int) -> _Mark | None:
    """Return the first boundary from ``position`` on, which is at the start of a line."""
    start = position if body.startswith(delimiter, position) else _line_with(body, delimiter, position)
    while start >= 0:
        match = _END_OF_MARK.match(body, start + len(delimiter))
        # The end of the body can stand for the line end after a closing boundary only; else it breaks off
        # there.
        if match and (match[1] or body[match.end() - 1] == _LINE_FEED):
            # The line end before a boundary belongs to the boundary.
            before = start - (2 if body[max(start - 2, 0) : start] == b"\r\n" else 1)
            return _Mark(max(before, position), start, match.end(), match[1] is not None)
        start = _line_with(body, delimiter, start)
    return None


def _line_with(body: bytes, delimiter: bytes, position: int) -> int:
    """Return where the next line that begins with ``delimiter`` starts, -1 if there is none.

    Searched together with the line end before it: in a part made of dashes, the delimiter itself is
    everywhere.
    """
    found = body.find(b"\n" + delimiter, position)
    return found + 1 if found >= 0 else -1


@lru_cache(maxsize=16)
def _part_name(head: bytes) -> str | None:
    """Return the ``name`` of a part by its ``Content-Disposition``.

    Remembered, as a server writes the same heads every time; 16 of the largest are 128 KiB.
    """
    # A line that begins with a blank continues the one before it.
    unfolded = head.replace(b"\r\n", b"\n").replace(b"\n ", b" ").replace(b"\n\t", b" ")
    for line in unfolded.split(b"\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-disposition":
            return parse_options_header(value.strip().decode("utf-8", "replace"))[1].get("name")
    return None


class _NotJsonError(ValueError):
    """Something that Python's decoder would take, and JSON or a database does not."""


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):  # 1e400 is JSON, but becomes infinity, which is none
        raise _NotJsonError(f"the number {text[:_SHOWN]} is too large")
    return number


def _no_constant(name: str) -> NoReturn:
    raise _NotJsonError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_float=_finite, parse_constant=_no_constant)


def _parse_json(data: bytes, field: str) -> object:
    """Return what the JSON stands for; ``field`` is what an error is about."""
    try:
        text = data.decode("utf-8-sig")  # RFC 8259 lets a reader ignore a byte order mark
    except UnicodeDecodeError as error:
        _malformed(field, f"not valid UTF-8 at byte {error.start}")
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        _malformed(field, f"not valid JSON at line {error.lineno}, column {error.colno}: {error.msg}")
    except RecursionError:
        _malformed(field, "the JSON is nested too deeply")
    except _NotJsonError as error:
        _malformed(field, f"not usable JSON: {error}")
    except ValueError:  # Python's guard against numbers of more than 4,300 digits, which take long to convert
        _malformed(field, "not usable JSON: a number in it has too many digits")
