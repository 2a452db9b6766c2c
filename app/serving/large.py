"""Bodies that are larger than memory is for: onto the disk, from those who may send them, a few at a time."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO

# Each may take as long as its client needs, and as much of the disk as `app.serving.incoming.MOST_SPOOLED`.
MOST_AT_ONCE = 3

_COOKIE = re.compile(rb"\r\ncookie[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE)


class Refused(Exception):
    """It would be taken, but not now.

    Attributes:
        status: to answer with.
    """

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


class LargeBodies:
    """Which requests may be large, and where they are kept until they are answered.

    The loop asks, so nothing here may wait: whether a cookie is of a session that still is, the application finds out.
    """

    def __init__(self, directory: Path, paths: tuple[str, ...], is_signed_in: Callable[[str], bool]) -> None:
        """Keeps nothing yet.

        Args:
            directory: on the disk: a container's /tmp is memory.
            paths: of the addresses that take a large body, by POST.
            is_signed_in: whether a Cookie header was given to somebody who signed in, as far as its signature tells.
        """
        self._directory = directory
        self._line = re.compile(b"POST (?:%s)[ ?]" % b"|".join(re.escape(path.encode()) for path in paths))
        self._is_signed_in = is_signed_in
        self._files: list[BinaryIO] = []

    def may_be_sent(self, head: bytes) -> bool:
        """Whether a request with this head may be large."""
        cookies = _COOKIE.findall(head)
        return bool(self._line.match(head)) and self._is_signed_in(b"; ".join(cookies).decode("latin-1"))

    def open(self) -> BinaryIO:
        """A file without a name: it is gone when it is closed, or its process dies.

        Raises:
            Refused: there are as many as may be, or no file can be made.
        """
        self._files = [file for file in self._files if not file.closed]
        if len(self._files) >= MOST_AT_ONCE:
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE)
        try:
            # Unbuffered: what does not fit onto the disk is known with the piece that does not.
            file: BinaryIO = tempfile.TemporaryFile(dir=self._directory, buffering=0)  # noqa: SIM115 - whoever has it, closes it
        except OSError:
            raise Refused(HTTPStatus.INSUFFICIENT_STORAGE) from None
        self._files.append(file)
        return file

    def close(self) -> None:
        """Gives all of the disk back."""
        for file in self._files:
            file.close()
