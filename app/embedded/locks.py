"""File locks that the kernel frees when their holder dies."""

import fcntl
import os
import socket
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from app.embedded.errors import EmbeddedPostgresError
from app.embedded.layout import open_data_directory, owner_of_new_files


class FileLock:
    """An flock on a file of the data directory, held by at most one open file of this object."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._descriptor is not None

    @property
    def descriptor(self) -> int:
        """The open file that carries the lock, to hand to a child."""
        if self._descriptor is None:
            raise RuntimeError(f"{self.path} is not locked")
        return self._descriptor

    def try_acquire(self, *, shared: bool = False) -> bool:
        """Takes the lock if it is free; whether it did.

        Raises EmbeddedPostgresError where the filesystem has no locks.
        """
        while self._descriptor is None:
            # Opened close-on-exec: a server that inherited start.lock or in-use.lock would keep it for good.
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                owner = owner_of_new_files(self.path.parent)
                if owner is not None and os.fstat(descriptor).st_uid == 0:
                    os.fchown(descriptor, *owner)
                fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
                # Somebody may have deleted the file in between: a lock on it would keep nobody out.
                with suppress(FileNotFoundError):
                    if os.fstat(descriptor).st_ino == self.path.stat().st_ino:
                        self._descriptor, descriptor = descriptor, -1
            except BlockingIOError:
                return False
            except OSError as error:
                raise EmbeddedPostgresError(
                    f"{self.path} cannot be locked ({error.strerror}): the filesystem does not support it. "
                    "Put the data directory on a local disk (TELLYKEEP_DATA_DIR)."
                ) from error
            finally:
                if descriptor >= 0:
                    os.close(descriptor)
        return True

    def acquire(self, *, seconds: float, shared: bool = False) -> bool:
        """Takes the lock, waiting up to `seconds` for it; whether it did."""
        deadline = time.monotonic() + seconds
        pause = 0.01
        while not self.try_acquire(shared=shared):
            if time.monotonic() >= deadline:
                return False
            time.sleep(pause)
            pause = min(pause * 1.5, 0.1)
        return True

    def release(self) -> None:
        """Frees the lock, also for a child that was forked meanwhile and shares the open file."""
        if self._descriptor is not None:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        self.leave_to_children()

    def leave_to_children(self) -> None:
        """Closes our side only: the lock lives on in the children that inherited it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class ServeLock:
    """The right of one `tellykeep serve` to use a data directory; see `serve_lock`."""

    def __init__(self, data_dir: Path) -> None:
        layout = open_data_directory(data_dir)
        self._lock = FileLock(layout.serve_lock)
        if not self._lock.try_acquire():
            holder = layout.serve_lock.read_text(errors="replace").strip() or "unknown"
            raise EmbeddedPostgresError(
                f"Another `tellykeep serve` ({holder}) already serves the data directory {layout.root}. Stop "
                "it first, or set TELLYKEEP_DATA_DIR to another directory."
            )
        os.ftruncate(self._lock.descriptor, 0)
        os.pwrite(self._lock.descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)

    def release(self) -> None:
        """Lets another `serve` in."""
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def serve_lock(data_dir: Path) -> ServeLock:
    """Takes the exclusive lock "one serve per data directory" at once; a context manager, or `release()` it.

    Raises EmbeddedPostgresError when another process holds it.
    """
    return ServeLock(data_dir)
