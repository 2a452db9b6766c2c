"""When a request is there as a whole. What it says is for gunicorn's parser, which then finds all of it in memory."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import BinaryIO

from app.serving.large import LargeBodies, Refused

KIBIBYTE = 1024
MEBIBYTE = 1024 * KIBIBYTE

LONGEST_HEAD = 64 * KIBIBYTE
# More than the application takes (create_app: 5 MiB), so that it is the one to refuse what is too large.
MOST_KEPT = 6 * MEBIBYTE
# Of those that may be large, on the disk: more than an import may have (app.transfer.importing: 64 MiB).
MOST_SPOOLED = 66 * MEBIBYTE
# A client whose request is not read to its end sees a broken connection instead of the answer that tells it why.
MOST_READ = 32 * MEBIBYTE
MOST_READ_OF_LARGE = 256 * MEBIBYTE
_LONGEST_LINE = 8 * KIBIBYTE

_BARE_LINE_FEED = re.compile(rb"(?<!\r)\n")
_URGENT = re.compile(rb"POST /api/plex/webhook[ ?]|GET /(?:healthz|readyz)[ ?]")
_FRAMING = re.compile(rb"\r\n(content-length|transfer-encoding|expect)[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE)


class Chunks:
    """Follows a body in chunks to its end (RFC 9112, section 7.1), without keeping it.

    Attributes:
        is_broken: it is not a body in chunks; where it ends is not known.
    """

    def __init__(self) -> None:
        self.is_broken = False
        self._line = b""
        self._skip = 0
        self._in_trailers = False

    def ends_at(self, data: bytes) -> int | None:
        """Where in this next piece the body ends; None while it does not, and when it is broken."""
        position = 0
        while not self.is_broken and position < len(data):
            if self._skip:
                step = min(self._skip, len(data) - position)
                self._skip -= step
                position += step
                continue
            end = data.find(b"\n", position)
            if end < 0:
                self._line += data[position:]
                self.is_broken = len(self._line) > _LONGEST_LINE
                return None
            line, self._line = (self._line + data[position:end]).rstrip(b"\r"), b""
            position = end + 1
            if self._in_trailers:
                if not line:
                    return position
            else:
                self._begin_chunk(line)
        return None

    def _begin_chunk(self, line: bytes) -> None:
        digits = line.partition(b";")[0].strip()
        if not re.fullmatch(rb"[0-9a-fA-F]{1,15}", digits):
            self.is_broken = True
            return
        size = int(digits, 16)
        self._in_trailers = size == 0
        self._skip = size + len(b"\r\n") if size else 0


class Incoming:
    """What has come of a connection's next request, and perhaps of those behind it.

    Attributes:
        data: the bytes; beyond MOST_KEPT they are counted only, unless it may be large.
        rest: the file that has what follows `data` of a large one.
        read: how many bytes have come in all.
        is_complete: it can be worked on: it is whole, or it cannot become any better.
        is_cut: it is worked on although not all of it is in `data`; nothing can follow on its connection.
        is_too_long: its head goes on for longer than any head does.
        refused_with: why a large one is not taken now; None where nothing is wrong.
        wants_to_be_asked: the client sends the body once it was told `100 Continue`.
    """

    def __init__(self, data: bytes = b"", large: LargeBodies | None = None) -> None:
        self.data = bytearray()
        self.rest: BinaryIO | None = None
        self.refused_with: HTTPStatus | None = None
        self.read = 0
        self.is_complete = False
        self.is_cut = False
        self.is_too_long = False
        self.wants_to_be_asked = False
        self.has_head = False
        self._large = large
        self._may_spool = False
        self._spooled = 0
        self._most_read = MOST_READ
        self._looked_at = 0
        self._left = 0
        self._chunks: Chunks | None = None
        if data:
            self.add(data)

    def add(self, piece: bytes) -> None:
        """Takes what has just come."""
        self.read += len(piece)
        self._keep(piece)
        if not self.has_head:
            self._look_for_head()
        else:
            self._follow_body(piece)

    def _keep(self, piece: bytes) -> None:
        if self.rest is None and len(self.data) + len(piece) <= MOST_KEPT and not self.is_cut:
            self.data += piece
        elif self._may_spool and not self.is_cut and self._spooled + len(piece) <= MOST_SPOOLED:
            self._spool(piece)
        else:
            # Nor what would fit again behind a piece that did not.
            self.is_cut = True

    def _spool(self, piece: bytes) -> None:
        try:
            if self.rest is None and self._large is not None:
                self.rest = self._large.open()
            if self.rest is not None and self.rest.write(piece) != len(piece):
                raise Refused(HTTPStatus.INSUFFICIENT_STORAGE)
        except Refused as error:
            self.refused_with = error.status
        except OSError:
            self.refused_with = HTTPStatus.INSUFFICIENT_STORAGE
        self._spooled += len(piece)

    def close(self) -> None:
        """Gives the disk back."""
        if self.rest is not None:
            self.rest.close()

    @property
    def is_urgent(self) -> bool:
        """Whether it must not wait for pages: a webhook, or a monitor's question."""
        return _URGENT.match(self.data) is not None

    def end(self) -> None:
        """The client sends no more: the application is told of half a body, and nobody of half a head."""
        self.is_cut = True
        self.is_complete = self.has_head

    def _look_for_head(self) -> None:
        end = self.data.find(b"\r\n\r\n", max(0, self._looked_at - 3))
        if end < 0 or end > LONGEST_HEAD:
            self.is_too_long = len(self.data) > LONGEST_HEAD
            # The end of such a head would never be found. gunicorn says what is wrong with it.
            self.is_complete = _BARE_LINE_FEED.search(self.data, self._looked_at) is not None
            self._looked_at = len(self.data)
            return
        self.has_head = True
        body = bytes(self.data[end + 4 :])
        framing: dict[bytes, list[bytes]] = {}
        for name, value in _FRAMING.findall(self.data, 0, end):
            framing.setdefault(name.lower(), []).append(value.strip().lower())
        lengths = framing.get(b"content-length", [])
        if b"transfer-encoding" in framing:
            self._chunks = Chunks()
        elif len(lengths) == 1 and re.fullmatch(rb"0*[0-9]{1,18}", lengths[0]):
            # Without the zeros before it: Python reads no number of thousands of digits.
            self._left = int(lengths[0].lstrip(b"0") or b"0")
        elif lengths:
            # gunicorn refuses it, or takes it for more than anybody sends. What follows is never another request.
            self.is_cut = True
        if self._large is not None and self._large.may_be_sent(bytes(self.data[: end + 4])):
            self._may_spool = self._left <= MOST_SPOOLED
            self._most_read = MOST_READ_OF_LARGE
        self._follow_body(body)
        if not self.is_complete and framing.get(b"expect") == [b"100-continue"]:
            if self._left > (MOST_SPOOLED if self._may_spool else MOST_KEPT) and not body:
                # It need not be sent to be refused.
                self.is_complete = self.is_cut = True
            else:
                first_line = self.data[: self.data.find(b"\r\n")]
                self.wants_to_be_asked = first_line.endswith(b" HTTP/1.1") and not body

    def _follow_body(self, piece: bytes) -> None:
        if self._chunks is not None:
            self.is_complete = self._chunks.ends_at(piece) is not None or self._chunks.is_broken
        else:
            self._left -= len(piece)
            self.is_complete = self._left <= 0
        if not self.is_complete and self.read > self._most_read:
            self.is_complete = self.is_cut = True
