"""The running server: told from a process that merely has its number, waited for, stopped."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

QUIT_SECONDS = 7.0  # after SIGQUIT the server itself kills, after 5 s, those of its processes that do not end
KILL_SECONDS = 2.0


def recorded_pid(pgdata: Path) -> int | None:
    """The process number in postmaster.pid, None when there is no such file or it was not finished."""
    try:
        return int((pgdata / "postmaster.pid").read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def command_line(pid: int) -> list[str]:
    """The arguments of a process; empty when there is none of that number, or it may not be looked at."""
    if sys.platform == "linux":
        with suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0")
        return []
    answer = subprocess.run(
        ["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return answer.stdout.split()


def is_server(pid: int, cluster_name: str) -> bool:
    """Whether that process is the server started under this name, and not a later one with its number."""
    arguments = command_line(pid)
    return f"cluster_name={cluster_name}" in arguments and Path(arguments[0]).name == "postgres"


def running_server(pgdata: Path, cluster_name: str) -> int | None:
    """Process number of our server, None when postmaster.pid names no such process.

    In a copy of a running server's data directory it names the original's, which is not ours.
    """
    pid = recorded_pid(pgdata)
    return pid if pid is not None and is_server(pid, cluster_name) and _works_in(pid, pgdata) else None


def clear_recycled_pid(pgdata: Path) -> int | None:
    """Removes a postmaster.pid whose number now belongs to no PostgreSQL of ours; returns that number.

    The server itself only asks whether a process of that number lives, and then refuses to start. In a
    container, where the same numbers come again after each restart, that is the rule. To be called when no
    server process lives (`server.lock` is free). A PostgreSQL of that number that is not ours is left to the
    server's own judgement.
    """
    pid = recorded_pid(pgdata)
    if pid is None:
        return None
    try:
        os.kill(pid, 0)
    except OSError:
        return None  # a number of nobody's, or of another user's, does not disturb the server
    arguments = command_line(pid)
    if arguments and re.fullmatch(r"postgres:?", Path(arguments[0]).name) and _works_in(pid, pgdata):
        return None
    (pgdata / "postmaster.pid").unlink(missing_ok=True)
    return pid


def _works_in(pid: int, pgdata: Path) -> bool:
    """Whether the process works in `pgdata`, as its server does; true when that cannot be seen."""
    try:
        return Path(f"/proc/{pid}/cwd").samefile(pgdata)
    except OSError:
        return True


def stop_server(
    pid: int | None, child: "subprocess.Popen[bytes] | None", gone: Callable[[], bool], seconds: float
) -> bool:
    """Fast shutdown (SIGINT), after `seconds` an immediate one (SIGQUIT), at last SIGKILL; whether it worked.

    `pid` is a server that is not our child, told by `running_server`. Raises PermissionError when it is not
    ours to signal.
    """
    for number, patience in (
        (signal.SIGINT, seconds),
        (signal.SIGQUIT, QUIT_SECONDS),
        (signal.SIGKILL, KILL_SECONDS),
    ):
        if child is not None and child.poll() is None:
            child.send_signal(number)
        elif pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        if _wait_until(gone, patience):
            reap(pid, child)
            return True
    return False


def reap(pid: int | None, child: "subprocess.Popen[bytes] | None") -> None:
    """Takes the exit status of an ended server: its lock is free a moment before the process ends."""
    if child is not None:
        with suppress(subprocess.TimeoutExpired):
            child.wait(timeout=1.0)
    elif pid is not None:
        with suppress(ChildProcessError):  # a child only if another object of this process started it
            _wait_until(lambda: os.waitpid(pid, os.WNOHANG) != (0, 0), 1.0)


def _wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    pause = 0.005
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)
    return True
