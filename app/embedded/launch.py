"""Runs PostgreSQL's programs as the server's account, also where that account cannot reach them.

Root's data directory or virtualenv often lies under a directory that is closed to everybody else (/root,
mktemp -d). The modes of such parents are not ours to change. Instead the few directories that PostgreSQL
needs are bound, in a mount namespace of its own, to places that it can reach; nothing of that is visible
outside.
"""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from app.embedded.account import Account
from app.embedded.errors import EmbeddedPostgresError
from app.embedded.layout import Layout
from app.embedded.wheel import binaries, shared_libraries

# Nothing of the caller's environment gets through: PGDATA, PGPORT, PGOPTIONS, LANG and LD_LIBRARY_PATH all
# change what these programs do. macOS needs a valid LC_ALL, or the server "became multithreaded" and ends.
# glibc gives memory back to the system after each event and gets it again, zeroed, for the next one: a twentieth of
# an event's time. A server process keeps up to 1 MB instead.
ENVIRONMENT: Mapping[str, str] = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C",
    "TZ": "UTC",
    "MALLOC_TOP_PAD_": "262144",
    "MALLOC_TRIM_THRESHOLD_": "1048576",
}

# Mounted over, but only in the server's own namespace.
STAGES = ("/mnt", "/media", "/srv", "/opt", "/var/tmp", "/tmp")  # noqa: S108

# Prints the first of its arguments that cannot be read and entered.
REACH_SCRIPT = 'for p; do test -r "$p" && test -x "$p" || { printf %s "$p"; exit 1; }; done'
ENTER_SCRIPT = 'for p; do test -x "$p" || { printf %s "$p"; exit 1; }; done'

MOUNT_SCRIPT = """
umask 022
stage=$1 uid=$2 gid=$3
shift 3
mount -t tmpfs -o mode=0755,size=1m,nosuid,nodev tellykeep "$stage"
while [ "$1" != -- ]; do
    mkdir -p "$stage/$2"
    mount --bind "$1" "$stage/$2"
    shift 2
done
shift
umask 077
exec setpriv --reuid "$uid" --regid "$gid" --clear-groups -- "$@"
"""

NO_SWITCH = (
    "Tellykeep runs as root, PostgreSQL refuses to, and switching to uid {uid} failed ({reason}). Run "
    "Tellykeep as an ordinary user (in a container: `user:`), or allow the capabilities SETUID, SETGID and "
    "CHOWN."
)


class Launcher:
    """Runs programs as `account` where it reaches everything by its own name."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def see(self, path: Path) -> str:
        """`path` as the program knows it."""
        return str(path)

    def start(
        self,
        command: Sequence[str],
        *,
        stdin: int | IO[bytes] = subprocess.DEVNULL,
        stdout: int | IO[bytes] = subprocess.DEVNULL,
        pass_fds: Sequence[int] = (),
    ) -> "subprocess.Popen[bytes]":
        """Starts `command` (names as `see` gives them) in its own session: a Ctrl-C does not reach it.

        Errors go where the output goes. Raises EmbeddedPostgresError when root may not switch to the account.
        """
        switch: dict[str, Any] = {}
        if self.account.is_another:
            switch = {"user": self.account.uid, "group": self.account.gid, "extra_groups": []}
        return self._spawn(command, switch, stdin=stdin, stdout=stdout, pass_fds=pass_fds)

    def _spawn(self, command: Sequence[str], switch: Mapping[str, Any], **streams: Any) -> "subprocess.Popen[bytes]":
        try:
            return subprocess.Popen(
                list(command),
                env=dict(ENVIRONMENT),
                cwd="/",  # PostgreSQL gives up when it cannot name its working directory
                umask=0o077,
                start_new_session=True,
                stderr=subprocess.STDOUT,
                **switch,
                **streams,
            )
        except OSError as error:
            if not switch or isinstance(error, FileNotFoundError):
                raise
            raise EmbeddedPostgresError(NO_SWITCH.format(uid=self.account.uid, reason=error.strerror)) from error

    def run(self, command: Sequence[str], *, seconds: float) -> tuple[int, str]:
        """Runs `command` to its end: exit code and all that it printed; killed after `seconds`."""
        process = self.start(command, stdout=subprocess.PIPE)
        try:
            output, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            output, _ = process.communicate()
        return process.returncode, output.decode(errors="replace").strip()


class MountedLauncher(Launcher):
    """Runs programs as `account` in their own mount namespace, with the `shown` directories bound to `stage`.

    Needs root with CAP_SYS_ADMIN. The namespace ends with the last process in it.
    """

    def __init__(self, account: Account, stage: Path, shown: Mapping[Path, str]) -> None:
        super().__init__(account)
        self._stage = stage
        self._shown = dict(shown)

    def see(self, path: Path) -> str:
        """`path` as the program knows it."""
        for directory, name in self._shown.items():
            if path.is_relative_to(directory):
                return str(self._stage / name / path.relative_to(directory))
        return str(path)

    def start(
        self,
        command: Sequence[str],
        *,
        stdin: int | IO[bytes] = subprocess.DEVNULL,
        stdout: int | IO[bytes] = subprocess.DEVNULL,
        pass_fds: Sequence[int] = (),
    ) -> "subprocess.Popen[bytes]":
        """As `Launcher.start`; each step becomes the next, so that the process id is the program's own."""
        binds = [text for pair in self._shown.items() if pair[0].exists() for text in map(str, pair)]
        # "slave" and not "private": what the host unmounts must not be kept busy by our copy of its mounts.
        wrapped = ["unshare", "--mount", "--propagation", "slave", "--", "sh", "-euc", MOUNT_SCRIPT, "sh"]
        wrapped += [str(self._stage), str(self.account.uid), str(self.account.gid), *binds, "--", *command]
        return self._spawn(wrapped, {}, stdin=stdin, stdout=stdout, pass_fds=pass_fds)


def choose_launcher(account: Account, layout: Layout, socket_directory: Path) -> Launcher:
    """The plainest launcher with which `account` reaches binaries, cluster and socket.

    Raises EmbeddedPostgresError, naming the directory that is in the way, when there is none.
    """
    direct = Launcher(account)
    if not account.is_another:
        return direct
    needed = _needed(layout, socket_directory)
    blocked = _unreached(direct, needed)
    if blocked is None:
        return direct
    mounted = MountedLauncher(account, _stage(needed), _shown(layout, socket_directory))
    refusal = _unreached(mounted, needed)
    if refusal is None:
        return mounted
    closed = _closed_parent(direct, Path(blocked))
    if closed == layout.root:
        # Ours, and the only thing in the way, in a container without CAP_SYS_ADMIN: enter it, not list it.
        os.chown(layout.root, -1, account.gid)
        layout.root.chmod(0o710)
        blocked = _unreached(direct, needed)
        if blocked is None:
            return direct
        closed = _closed_parent(direct, Path(blocked))
    raise EmbeddedPostgresError(
        f"PostgreSQL refuses to run as root, and uid {account.uid}, which it would run as, cannot reach "
        f"{blocked}: {closed} is closed to it, and going around that by a mount namespace failed "
        f"({refusal or 'no reason given'}). Set TELLYKEEP_DATA_DIR to a directory that this user can reach "
        "(for the binaries: put the virtualenv there), or run Tellykeep as an ordinary user."
    )


def _needed(layout: Layout, socket_directory: Path) -> list[Path]:
    pginstall = binaries().parent
    libraries = shared_libraries()
    own = [path for path in (layout.pgdata, layout.scratch) if path.exists()]
    return [
        *(pginstall / "bin" / name for name in ("postgres", "initdb")),
        *(pginstall / name for name in ("lib", "share", "share/timezone")),
        *([libraries] if libraries else []),
        *own,
        socket_directory,
    ]


def _shown(layout: Layout, socket_directory: Path) -> dict[Path, str]:
    """Host directory → name under the stage; the programs look for libraries relative to themselves."""
    pginstall = binaries().parent
    shown = {pginstall: f"program/{pginstall.parent.name}/pginstall"}
    libraries = shared_libraries()
    if libraries is not None:
        shown[libraries] = f"program/{libraries.name}"
    return shown | {layout.pgdata: "postgres", layout.scratch: "scratch", socket_directory: "socket"}


def _stage(sources: Sequence[Path]) -> Path:
    """A directory that everybody can enter and that holds no source: mounting over it would hide that."""
    for stage in map(Path, STAGES):
        chain = (stage, *stage.parents)
        if not stage.is_dir() or stage.is_symlink() or any(source.is_relative_to(stage) for source in sources):
            continue
        if all(directory.stat().st_mode & 0o001 for directory in chain):
            return stage
    raise EmbeddedPostgresError(
        f"None of {', '.join(STAGES)} can be mounted over for PostgreSQL. Set TELLYKEEP_DATA_DIR to a "
        "directory that other users can reach, or run Tellykeep as an ordinary user."
    )


def _unreached(launcher: Launcher, paths: Sequence[Path]) -> str | None:
    """The first of `paths` that the account cannot read and enter, or what went wrong; None if nothing."""
    command = ["/bin/sh", "-c", REACH_SCRIPT, "sh", *(launcher.see(path) for path in paths)]
    try:
        code, output = launcher.run(command, seconds=30)
    except FileNotFoundError as error:
        return f"{error.filename} is not installed"
    return None if code == 0 else output


def _closed_parent(launcher: Launcher, path: Path) -> Path:
    """The topmost directory on the way to `path` that the account cannot enter, or `path`."""
    way = [*reversed(path.parents), path]
    _, output = launcher.run(["/bin/sh", "-c", ENTER_SCRIPT, "sh", *map(str, way)], seconds=30)
    return Path(output) if output else path
