"""Makes the cluster, and judges one that is there."""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from app.embedded.account import Account
from app.embedded.configuration import SUPERUSER
from app.embedded.errors import EmbeddedPostgresError
from app.embedded.known_user import known_user_prefix
from app.embedded.launch import Launcher
from app.embedded.layout import Layout, private_directory, sync_directory, write_file
from app.embedded.passwords import Passwords, scram_verifier
from app.embedded.wheel import binaries, major_version

INITDB_SECONDS = 300.0  # about 1 s on a PC; a NAS with spinning disks and a busy array needs minutes

# C.UTF-8 knows every script and sorts by code point; macOS before 15 does not have it.
CTYPES = ("C.UTF-8", "en_US.UTF-8", "UTF-8", "ja_JP.UTF-8")
PROBE = "進"


def refuse_other_version(layout: Layout) -> None:
    """Raises EmbeddedPostgresError for what is no cluster, or one of another major version of PostgreSQL."""
    ours = major_version()
    try:
        theirs = (layout.pgdata / "PG_VERSION").read_text().strip()
    except OSError as error:
        raise EmbeddedPostgresError(
            f"{layout.pgdata} is not a PostgreSQL database ({error.strerror or error}: PG_VERSION). Move "
            "that directory away and start again; `tellykeep restore FILE` then brings a backup back."
        ) from error
    if theirs != ours:
        raise EmbeddedPostgresError(
            f"The database in {layout.pgdata} was written by PostgreSQL {theirs}, and this Tellykeep brings "
            f"PostgreSQL {ours}, which cannot read it. Run `tellykeep backup FILE` with the Tellykeep "
            f"version that wrote it, move {layout.pgdata} away, then run `tellykeep restore FILE` with this "
            "one."
        )


def make_scratch(layout: Layout, account: Account) -> None:
    """An empty scratch directory, whatever a killed process left in it."""
    with suppress(FileNotFoundError):
        shutil.rmtree(layout.scratch)
    private_directory(layout.scratch, account.uid, account.gid)


def remove_scratch(layout: Layout) -> None:
    """Removes the scratch directory, as far as that goes: the next start removes what is left."""
    shutil.rmtree(layout.scratch, ignore_errors=True)


def create_cluster(layout: Layout, launcher: Launcher, passwords: Passwords, server_lock: int) -> None:
    """Runs initdb in the scratch directory and renames the result: the cluster is there whole or not at all.

    initdb inherits `server_lock`: when we are killed it goes on, and nobody may start before it is done.
    Raises EmbeddedPostgresError when it fails.
    """
    owner = (launcher.account.uid, launcher.account.gid)
    fresh, password_file = layout.scratch / "data", layout.scratch / "password"
    write_file(password_file, passwords.superuser.encode() + b"\n", owner=owner)
    command = [
        *known_user_prefix(launcher, layout.scratch),
        launcher.see(binaries() / "initdb"),
        *("--pgdata", launcher.see(fresh)),
        *("--locale=C", f"--lc-ctype={unicode_ctype()}", "--encoding=UTF8"),
        *("--auth=scram-sha-256", "--username", SUPERUSER, "--pwfile", launcher.see(password_file)),
        "--no-instructions",
    ]
    code, output = _finish(launcher, command, b"", server_lock)
    if code != 0:
        raise EmbeddedPostgresError(
            f"A new database could not be created in {layout.root}: initdb ended with "
            f"{code}.\n{output}\nCheck that the disk has 100 MB free and is a local one, or set "
            "TELLYKEEP_DATA_DIR to another directory."
        )
    password_file.unlink()
    fresh.rename(layout.pgdata)
    sync_directory(layout.root)


def reset_superuser_password(layout: Layout, launcher: Launcher, passwords: Passwords, server_lock: int) -> None:
    """Sets the superuser's password in a server without network or users, for when postgres.secrets was lost.

    Raises EmbeddedPostgresError when that server does not start.
    """
    statement = f"alter role {SUPERUSER} password '{scram_verifier(passwords.superuser)}'\n"
    command = [
        *known_user_prefix(launcher, layout.scratch),
        launcher.see(binaries() / "postgres"),
        *("--single", "-D", launcher.see(layout.pgdata), "postgres"),
    ]
    code, output = _finish(launcher, command, statement.encode(), server_lock)
    if code != 0:
        raise EmbeddedPostgresError(
            f"{layout.secrets} is missing, and setting new passwords failed: postgres --single ended with "
            f"{code}.\n{output}\nPut that file back from a copy of the data directory, or restore a backup."
        )


def _finish(launcher: Launcher, command: list[str], statements: bytes, server_lock: int) -> tuple[int, str]:
    process = launcher.start(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=(server_lock,))
    try:
        output, _ = process.communicate(statements, timeout=INITDB_SECONDS)
    except subprocess.TimeoutExpired:
        _kill_all(process)
        return -1, f"It was stopped after {INITDB_SECONDS:.0f} seconds."
    except BaseException:
        _kill_all(process)
        raise
    return process.returncode, output.decode(errors="replace").strip()


def _kill_all(process: "subprocess.Popen[bytes]") -> None:
    """Kills a process with those that it started: initdb leaves its work to servers of its own."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def unicode_ctype() -> str:
    """A locale whose character types know Japanese; without one pg_trgm sees no letters in such a title.

    Raises EmbeddedPostgresError where the system has none.
    """
    for name in CTYPES:
        if _knows_letters(name):
            return name
    raise EmbeddedPostgresError(
        f"None of the locales {', '.join(CTYPES)} on this system knows letters beyond ASCII, so titles could "
        "not be compared. Install one (Debian: `apt-get install locales`, then `localedef -i C -f UTF-8 "
        "C.UTF-8`), or set DATABASE_URL."
    )


def _knows_letters(name: str) -> bool:
    """Asks the C library without setting the locale, which would be the whole process's."""
    libc = ctypes.CDLL(None)
    libc.newlocale.restype = ctypes.c_void_p
    libc.newlocale.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
    libc.freelocale.argtypes = (ctypes.c_void_p,)
    libc.iswalnum_l.argtypes = (ctypes.c_uint, ctypes.c_void_p)
    ctype_mask = 2 if sys.platform == "darwin" else 1  # LC_CTYPE_MASK
    locale = libc.newlocale(ctype_mask, name.encode(), None)
    if not locale:
        return False
    try:
        return bool(libc.iswalnum_l(ord(PROBE), locale))
    finally:
        libc.freelocale(locale)


def is_missing(path: Path) -> bool:
    """Whether a cluster has to be made at `path`: there is nothing, or an empty directory."""
    return not path.exists() or (path.is_dir() and not any(path.iterdir()))
