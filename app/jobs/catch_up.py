"""The jobs that read Plex servers' histories: a catch-up by the clock, an import when it is wanted, the library daily.

The clock looks every few seconds whether anything is due, as an interval may be a minute and a button is not to be waited
for. What runs, and for whom, is in `job_runs`: kinds `catch_up`, `history_import`, `library_state`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import structlog

from app.db.queries import queries
from app.errors import DatabaseUnavailable
from app.jobs.running import Job, Result, Run, run_job
from app.services import Services
from app.sync.history import catch_up, import_history
from app.sync.library_state import sync_library
from app.sync.look_up import PROBE_SECONDS
from app.upstream.errors import KeyMissing, KeyRejected, UpstreamError

log = structlog.get_logger("tellykeep.history")

CATCH_UP = "catch_up"
IMPORT = "history_import"
LIBRARY = "library_state"

LOOK_EVERY = timedelta(seconds=3)
# What is wanted while webhooks are refused is wanted again with each of them.
_APART_SECONDS = 30
# An import that fails goes on by itself; a library that is to be compared once a day is not looked at every few seconds.
_PAUSE_SECONDS = 60.0
_LIBRARY_APART_SECONDS = 23 * 60 * 60


class HistoryClock:
    """What of the history is due in this process.

    Attributes:
        looks: name to what the scheduler calls every few seconds. They run beside each other: an import may take an hour.
    """

    def __init__(self, services: Services, leaving: threading.Event) -> None:
        self._services = services
        self._leaving = leaving
        self._caught_up: set[int] = set()
        self._not_before: dict[tuple[str, int], float] = {}
        self.looks: dict[str, Callable[[], None]] = {
            CATCH_UP: self.catch_up,
            IMPORT: self.import_wanted,
            LIBRARY: self.sync_libraries,
        }

    def catch_up(self) -> None:
        """Reads what is due: after the start of this process, by the clock, and on demand."""
        for user in self._users():
            user_id = user["user_id"]
            is_soon = user_id in self._services.history or user_id not in self._caught_up
            if user["is_on"] and (is_soon or user["is_due"]):
                # A second replica finds it due as well.
                apart = _APART_SECONDS if is_soon else max(1, user["retry_seconds"] - 5)
                self._run(CATCH_UP, user_id, self._catch_up, apart)

    def import_wanted(self) -> None:
        """Reads everything for those who want it, also what a process that ended has left."""
        for user in self._users():
            # Also where it is turned off, or the token was refused: then that is said.
            if user["wants_import"] and self._is_time(IMPORT, user["user_id"]):
                self._run(IMPORT, user["user_id"], import_history, 0)

    def sync_libraries(self) -> None:
        """Looks once a day for what was marked by hand in Plex."""
        for user in self._users():
            if user["is_on"] and user["sync_library"] and self._is_time(LIBRARY, user["user_id"]):
                self._run(LIBRARY, user["user_id"], sync_library, _LIBRARY_APART_SECONDS)

    def _catch_up(self, run: Run, user_id: int) -> Result:
        self._caught_up.add(user_id)
        self._services.history.done(user_id)
        return catch_up(run, user_id)

    def _users(self) -> list[dict[str, Any]]:
        if not self._services.readiness.started or self._leaving.is_set():
            return []
        try:
            with self._services.db.connection() as connection:
                return list(queries().history_users(connection))
        except (DatabaseUnavailable, psycopg.Error) as error:
            log.debug("the history waits for the database", reason=str(error).partition("\n")[0])
            return []

    def _is_time(self, kind: str, user_id: int) -> bool:
        now = time.monotonic()
        if now < self._not_before.get((kind, user_id), 0.0):
            return False
        self._not_before[kind, user_id] = now + _PAUSE_SECONDS
        return True

    def _run(self, kind: str, user_id: int, read: Callable[[Run, int], Result], apart_seconds: int) -> None:
        try:
            run_job(
                self._services,
                kind,
                history_job(read, user_id),
                user_id=user_id,
                apart_seconds=apart_seconds,
                leaving=self._leaving,
            )
        except (DatabaseUnavailable, psycopg.Error) as error:
            log.warning("job could not run", job=kind, user_id=user_id, reason=str(error).partition("\n")[0])


def history_job(read: Callable[[Run, int], Result], user_id: int) -> Job:
    """A job for one user that also tells the look-ups what the Plex server answered: they wait for the same one.

    Args:
        read: `catch_up`, `import_history` or `sync_library`.
        user_id: whose server.
    """

    def job(run: Run) -> Result:
        try:
            result = read(run, user_id)
        except KeyMissing:
            raise
        except UpstreamError as error:
            outcome = "rejected" if isinstance(error, KeyRejected) else "unavailable"
            _note(run.services, user_id, outcome, error.retry_after)
            raise
        _note(run.services, user_id, "ok", None)
        return result

    return job


def _note(services: Services, user_id: int, outcome: str, retry_after: int | None) -> None:
    with services.db.connection() as connection:
        queries().note_upstream(
            connection,
            user_id=user_id,
            service="plex",
            outcome=outcome,
            retry_after=retry_after,
            probe_seconds=PROBE_SECONDS,
        )
