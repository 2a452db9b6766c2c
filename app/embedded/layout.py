"""The files of the data directory: their names, and how they are written."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.embedded.errors import EmbeddedPostgresError


@dataclass(frozen=True)
class Layout:
    """Names in one data directory; `app/embedded/__init__.py` says what each is for."""

    root: Path

    @property
    def pgdata(self) -> Path:
        """The cluster."""
        return self.root / "postgres"

    @property
    def scratch(self) -> Path:
        """What initdb and a password reset work in; worth nothing afterwards."""
        return self.root / "postgres.tmp"

    @property
    def secrets(self) -> Path:
        """The passwords."""
        return self.root / "postgres.secrets"

    @property
    def socket_record(self) -> Path:
        """Which directory the server's socket is in, for processes with another TMPDIR."""
        return self.root / "postgres.socket"

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.root / "postgres.log"

    @property
    def local_configuration(self) -> Path:
        """The user's own settings."""
        return self.root / "postgres.local.conf"

    @property
    def sockets(self) -> Path:
        """The socket's directory, where its path is not too long."""
        return self.root / "socket"

    @property
    def start_lock(self) -> Path:
        """Exclusive, around every decision to start or stop."""
        return self.root / "start.lock"

    @property
    def in_use_lock(self) -> Path:
        """Shared by every process that uses the server."""
        return self.root / "in-use.lock"

    @property
    def server_lock(self) -> Path:
        """Inherited by the server's processes: free exactly when none of them lives."""
        return self.root / "server.lock"

    @property
    def serve_lock(self) -> Path:
        """Exclusive for `tellykeep serve`."""
        return self.root / "serve.lock"


def open_data_directory(data_dir: Path) -> Layout:
    """Creates the data directory (0700) if it is missing and returns its layout.

    Raises EmbeddedPostgresError when this process cannot write in it.
    """
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        root = data_dir.resolve(strict=True)
    except OSError as error:
        raise EmbeddedPostgresError(
            f"The data directory {data_dir} cannot be created or opened ({error.strerror}). Create it and "
            f"give it to uid {os.geteuid()}, or set TELLYKEEP_DATA_DIR to another directory."
        ) from error
    if not os.access(root, os.R_OK | os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        raise EmbeddedPostgresError(
            f"The data directory {root} belongs to uid {root.stat().st_uid} and cannot be written by uid "
            f"{os.geteuid()}, which Tellykeep runs as. Run it as that user, `chown -R {os.geteuid()} "
            f"{root}`, or set TELLYKEEP_DATA_DIR to another directory."
        )
    return Layout(root)


def owner_of_new_files(directory: Path) -> tuple[int, int] | None:
    """(uid, gid) that what root writes in `directory` is given to, None when it stays with who writes it.

    A `docker exec` as root beside a server of another user would otherwise leave lock files that this user
    cannot open.
    """
    if os.geteuid() != 0:
        return None
    status = directory.stat()
    return (status.st_uid, status.st_gid) if status.st_uid != 0 else None


def write_file(path: Path, content: bytes, *, owner: tuple[int, int] | None = None) -> None:
    """Replaces `path` in one step by a file of mode 0600 that is on the disk when this returns.

    Never writes through what is already there: root writes into directories of the server's account, and a
    symbolic link in them must not lead it elsewhere.
    """
    owner = owner or owner_of_new_files(path.parent)
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        if owner is not None:
            os.fchown(descriptor, *owner)
        os.fsync(descriptor)
    fresh.replace(path)
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Puts a rename in `directory` on the disk."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # some network filesystems cannot sync a directory
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def private_directory(directory: Path, uid: int, gid: int) -> None:
    """Makes sure that `directory` is a real directory of mode 0700 that belongs to `uid`.

    Raises EmbeddedPostgresError when somebody else's directory, or no directory, lies there.
    """
    with suppress(FileExistsError):
        directory.mkdir(mode=0o700)
    descriptor = -1
    try:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        status = os.fstat(descriptor)
        if status.st_uid not in {uid, os.geteuid()}:
            raise EmbeddedPostgresError(
                f"{directory} belongs to uid {status.st_uid}, not to uid {uid} that PostgreSQL runs as. "
                "Remove it, or set TMPDIR or TELLYKEEP_DATA_DIR so that another directory is used."
            )
        if (status.st_uid, status.st_gid) != (uid, gid) and os.geteuid() == 0:
            os.fchown(descriptor, uid, gid)
        if status.st_mode & 0o777 != 0o700:
            os.fchmod(descriptor, 0o700)
    except OSError as error:
        raise EmbeddedPostgresError(
            f"{directory} cannot be used as a directory of PostgreSQL's own ({error.strerror}). Remove it, "
            "or set TMPDIR or TELLYKEEP_DATA_DIR so that another directory is used."
        ) from error
    finally:
        if descriptor >= 0:
            os.close(descriptor)
