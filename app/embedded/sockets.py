"""Where the server's unix socket lies."""

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from app.embedded.account import Account
from app.embedded.configuration import PORT
from app.embedded.errors import EmbeddedPostgresError
from app.embedded.layout import Layout, private_directory, write_file

# Linux has room for 107 bytes, macOS for 103.
LONGEST = 100


def socket_file(directory: Path) -> Path:
    """The socket in `directory`, as PostgreSQL and libpq name it."""
    return directory / f".s.PGSQL.{PORT}"


def make_socket_directory(layout: Layout, account: Account) -> Path:
    """A directory of the account's own, 0700, in the data directory if its path is short; notes it down.

    Raises EmbeddedPostgresError when there is none, or when somebody else's lies there.
    """
    directory = _choose(layout)
    private_directory(directory, account.uid, account.gid)
    if recorded_socket_directory(layout) != directory:
        write_file(layout.socket_record, os.fsencode(directory))
    return directory


def remove_left_socket(directory: Path) -> None:
    """Removes what a killed server left, its lock file above all: the number in it may be another process's by now.

    To be called when no server process lives (`server.lock` is free).
    """
    socket = socket_file(directory)
    for path in (socket, socket.with_name(f"{socket.name}.lock")):
        path.unlink(missing_ok=True)


def recorded_socket_directory(layout: Layout) -> Path | None:
    """What the process that started the server noted down: its TMPDIR may be another than ours."""
    try:
        return Path(os.fsdecode(layout.socket_record.read_bytes()))
    except FileNotFoundError:
        return None


def is_private(directory: Path, account: Account) -> bool:
    """Whether nobody but the account (or ourselves) can have put a socket there."""
    try:
        status = directory.lstat()
    except OSError:
        return False
    mine = status.st_uid in {account.uid, os.geteuid()}
    return stat.S_ISDIR(status.st_mode) and mine and not status.st_mode & 0o077


def _choose(layout: Layout) -> Path:
    if _fits(layout.sockets):
        return layout.sockets
    # Named after the data directory, so that a killed process leaves no more than one behind.
    name = f"tellykeep-{hashlib.sha256(os.fsencode(layout.root)).hexdigest()[:16]}"
    # S108: the directory is 0700, and who owns it is checked.
    for parent in (tempfile.gettempdir(), "/tmp", "/var/tmp", "/run"):  # noqa: S108
        directory = Path(parent).resolve() / name
        if directory.parent.is_dir() and _fits(directory) and os.access(directory.parent, os.W_OK | os.X_OK):
            return directory
    raise EmbeddedPostgresError(
        f"The path of the data directory, {layout.root}, is too long for a unix socket ({LONGEST} bytes), "
        "and no temporary directory can be written instead. Set TELLYKEEP_DATA_DIR to a shorter path, or "
        "TMPDIR to a directory with one."
    )


def _fits(directory: Path) -> bool:
    """Whether libpq and the server take it: both split lists at commas, and the server's list has quotes."""
    path = os.fsencode(socket_file(directory))
    return len(path) <= LONGEST and not any(mark in path for mark in (b",", b'"', b"\n"))
