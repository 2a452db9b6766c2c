"""A PostgreSQL beside the appliance, for a test to stop, freeze and start as it likes."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.embedded import EmbeddedPostgres, Endpoint


def processes_of(postmaster: int) -> list[int]:
    """The server's processes, its first one last: frozen so, none of them misses the others."""
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    return [*map(int, children), postmaster]


def postmaster_of(cluster: Path) -> int:
    """Process number of the server of a cluster's directory."""
    return int((cluster / "postmaster.pid").read_text().split()[0])


def freeze(postmaster: int) -> None:
    """SIGSTOP to all of it: connections stay open, and nothing is answered."""
    # The first one first, as it would start others.
    for pid in reversed(processes_of(postmaster)):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)


def thaw(postmaster: int) -> None:
    """SIGCONT to all of it."""
    for pid in processes_of(postmaster):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


@dataclass
class OtherPostgres:
    """A server that the appliance is given by DATABASE_URL, and does not look after."""

    directory: Path

    def __post_init__(self) -> None:
        self._server = EmbeddedPostgres(self.directory)
        self.urls: Endpoint = self._server.start()

    @property
    def postmaster(self) -> int:
        return postmaster_of(self.directory / "postgres")

    def environment(self) -> dict[str, str]:
        return {"DATABASE_URL": self.urls.app_url, "DATABASE_OWNER_URL": self.urls.owner_url}

    def stop(self) -> None:
        """As an administrator would: sessions are ended."""
        self._server.stop()

    def crash(self) -> None:
        """As a power cut would: SIGQUIT ends every process at once."""
        os.kill(self.postmaster, signal.SIGQUIT)
        self._server.stop()

    def start(self) -> None:
        self._server.start()
