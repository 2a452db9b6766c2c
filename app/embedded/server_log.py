"""The server's log file."""

import os
from pathlib import Path
from typing import BinaryIO

from app.embedded.layout import owner_of_new_files

LARGEST = 5_000_000  # bytes
TAIL_LINES = 15


def open_log(path: Path) -> BinaryIO:
    """Opens the log for appending, after moving a large one to `….1`."""
    if path.exists() and path.stat().st_size > LARGEST:
        path.replace(path.with_name(f"{path.name}.1"))
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    owner = owner_of_new_files(path.parent)
    if owner is not None:
        os.fchown(descriptor, *owner)
    return os.fdopen(descriptor, "ab")


def tail(path: Path, start: int) -> str:
    """The last lines that were written after byte `start`."""
    with path.open("rb") as file:
        file.seek(start)
        lines = file.read().decode(errors="replace").splitlines()
    return "\n".join(lines[-TAIL_LINES:]) or "(it wrote nothing to its log)"
