"""`PosterStore`: posters on disk, as many as fit; what nobody looked at for the longest time goes first."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import threading
from pathlib import Path

import structlog

from app.posters.image import Image, read_image

log = structlog.get_logger("tellykeep.posters")

# Dropped down to this share of the limit at once, so that not every further poster makes it look through all of them.
_AFTER_DROPPING = 0.9
_UNFINISHED = ".new"


class PosterStore:
    """A directory of images. Shared by all threads. Only a cache: what goes wrong in it costs a fetch, never a page."""

    def __init__(self, directory: Path, most_bytes: int) -> None:
        """Touches nothing yet.

        Args:
            directory: of its own; made when the first poster is kept.
            most_bytes: of all posters together.
        """
        self._directory = directory
        self._most = most_bytes
        self._lock = threading.Lock()
        # Known from the first poster that is kept on.
        self._bytes: int | None = None

    def get(self, *name: object) -> Image | None:
        """What was kept under this name; None when it was not, or is not there any more."""
        path = self._path(name)
        try:
            content = path.read_bytes()
            # The file system's own time of access is often not kept.
            os.utime(path)
        except OSError:
            return None
        return read_image(content)

    def put(self, image: Image, *name: object, reserve: int = 0) -> None:
        """Keeps an image.

        Args:
            image: what to keep.
            name: what it is asked for by.
            reserve: bytes that stay free on the disk; with less, nothing is kept.
        """
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            if shutil.disk_usage(self._directory).free < reserve + len(image.content):
                return
            with tempfile.NamedTemporaryFile(dir=self._directory, suffix=_UNFINISHED, delete=False) as new:
                new.write(image.content)
            # A reader sees the old file or the new one, never half of one.
            os.replace(new.name, self._path(name))  # noqa: PTH105 - of two names in one directory
            self._count(len(image.content))
        except OSError as error:
            log.warning("a poster cannot be kept", reason=error.strerror)

    def _path(self, name: tuple[object, ...]) -> Path:
        return self._directory / hashlib.sha256("\n".join(map(str, name)).encode()).hexdigest()

    def _count(self, added: int) -> None:
        with self._lock:
            if self._bytes is None:
                self._bytes = sum(size for _, size, _ in self._files())
            else:
                self._bytes += added
            if self._bytes > self._most:
                self._bytes = self._drop()

    def _drop(self) -> int:
        """Removes the oldest; returns how many bytes are left."""
        files = sorted(self._files())
        left = sum(size for _, size, _ in files)
        for _, size, path in files:
            if left <= self._most * _AFTER_DROPPING:
                break
            path.unlink(missing_ok=True)
            left -= size
        return left

    def _files(self) -> list[tuple[float, int, Path]]:
        """Last look, size and path of each; what a killed process left unfinished is there too, and is dropped in its turn."""
        found = []
        for entry in os.scandir(self._directory):
            try:
                stat = entry.stat()
            except OSError:
                continue
            found.append((stat.st_mtime, stat.st_size, Path(entry.path)))
        return found
