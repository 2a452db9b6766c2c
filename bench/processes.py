"""What processes use: processor time and memory, from /proc (Linux; elsewhere there is nothing to tell)."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Memory:
    """Bytes. `pss` counts a page that n processes share as 1/n of it; None where the kernel does not tell."""

    rss: int = 0
    pss: int | None = None


def children_of(pid: int) -> dict[int, int]:
    """Every descendant of a process and the process itself, each with its parent."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            # The name, in parentheses, can hold anything; the parent is the second field behind it.
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(entry.name)] = int(fields[1])
    family = {pid: parents.get(pid, 0)}
    grown = True
    while grown:
        more = {child: parent for child, parent in parents.items() if parent in family and child not in family}
        family |= more
        grown = bool(more)
    return family


def cpu_seconds(pids: set[int]) -> float:
    """Processor time, in user and in kernel mode, that these processes have used so far."""
    ticks = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])
    return ticks / _TICKS


def memory(pids: set[int]) -> Memory:
    """What these processes hold now."""
    rss = pss = 0
    knows_pss = bool(pids)
    for pid in pids:
        try:
            rss += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
        except OSError:
            continue
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            pss += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) * 1024
        except (OSError, StopIteration):
            knows_pss = False
    return Memory(rss, pss if knows_pss else None)


class Serving:
    """The processes of one `tellykeep serve`, apart from those of the PostgreSQL that it may have started.

    Args:
        pid: of the command.
        postmaster: of PostgreSQL when it runs on this machine and is ours to look at.
    """

    def __init__(self, pid: int, postmaster: int | None) -> None:
        self._pid = pid
        self._postmaster = postmaster

    def database(self) -> set[int]:
        """PostgreSQL's processes, empty when it is not on this machine."""
        return set(children_of(self._postmaster)) if self._postmaster else set()

    def application(self) -> set[int]:
        """gunicorn's processes."""
        return set(children_of(self._pid)) - self.database()


class MemoryWatch:
    """Looks once a second; afterwards `application` and `database` are the most that was seen."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory", daemon=True)
        self.application = Memory()
        self.database = Memory()

    def __enter__(self) -> MemoryWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._look()

    def _watch(self) -> None:
        while not self._stop.wait(1.0):
            self._look()

    def _look(self) -> None:
        self.application = _larger(self.application, memory(self._serving.application()))
        self.database = _larger(self.database, memory(self._serving.database()))


def _larger(one: Memory, other: Memory) -> Memory:
    return max(one, other, key=lambda found: (found.pss or 0, found.rss))
