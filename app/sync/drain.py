"""Brings what the spool holds into PostgreSQL, the oldest first, as soon as it answers."""

from __future__ import annotations

import threading
import time

import psycopg
import structlog
from psycopg import errors as pg

from app.db.pool import STATEMENT_SECONDS
from app.errors import DatabaseUnavailable
from app.plex.events import InvalidPayload, parse_event
from app.services import Services
from app.sync.receive import receive
from app.sync.spool import Spool, SpoolLine

log = structlog.get_logger("tellykeep.drain")

LONGEST_PAUSE = 1.0
SHORTEST_PAUSE = 0.1
# Longer than a statement may take, so that one that always takes too long is told from a database that is away.
PATIENCE_SECONDS = STATEMENT_SECONDS + 2.0
MOST_TIMES_TOO_LONG = 3


class SpoolDrain(threading.Thread):
    """Applies the lines of the spool one after the other.

    What it does may end at any point: a line is let go of when PostgreSQL has said that it has it, and one that comes twice is
    known by its receipt.
    """

    def __init__(self, services: Services, spool: Spool) -> None:
        super().__init__(name="spool-drain", daemon=True)
        self._services = services
        self._spool = spool
        self._leaving = threading.Event()
        self._too_long = 0

    def run(self) -> None:
        """Thread body."""
        pause = SHORTEST_PAUSE
        since, count = 0.0, 0
        while not self._leaving.is_set():
            try:
                line = self._spool.first(timeout=1.0)
                if line is None:
                    continue
                if count == 0:
                    since = time.monotonic()
                if not self._apply(line):
                    self._leaving.wait(pause)
                    pause = min(pause * 2, LONGEST_PAUSE)
                    continue
                pause, count = SHORTEST_PAUSE, count + 1
                if self._spool.state().events == 0:
                    log.info("the spool is empty again", events=count, seconds=round(time.monotonic() - since, 1))
                    count = 0
            except Exception as error:
                # A fault of ours, or a disk that cannot be read: seen in the log, and tried again.
                log.error("the spool does not drain", exc_info=error)
                self._leaving.wait(LONGEST_PAUSE)

    def stop(self) -> None:
        """Ends after the line that it is at. The database may be closed meanwhile."""
        self._leaving.set()

    def _apply(self, line: SpoolLine) -> bool:
        """Whether the line is out of the way: in the database, or put aside."""
        if line.event is None:
            return self._put_aside(line, "it cannot be read")
        try:
            event = parse_event(line.event.payload)
        except InvalidPayload as error:
            return self._put_aside(line, str(error))
        try:
            outcome = receive(
                self._services,
                line.event.user_id,
                event,
                source="spool",
                receipt=line.event.receipt,
                received_at=line.event.received_at,
                patience=PATIENCE_SECONDS,
                give_up=self._leaving.is_set,
            )
        except DatabaseUnavailable as error:
            if isinstance(error.__cause__, pg.QueryCanceled):
                self._too_long += 1
                if self._too_long >= MOST_TIMES_TOO_LONG:
                    return self._put_aside(line, f"it took longer than {STATEMENT_SECONDS} s each time")
            return False
        except psycopg.Error as error:
            return self._put_aside(line, f"{error.sqlstate}: {error.diag.message_primary or type(error).__name__}")
        log.debug("event from the spool", status=outcome.status, action=outcome.action, log_id=outcome.log_id)
        self._too_long = 0
        self._spool.done(line)
        return True

    def _put_aside(self, line: SpoolLine, reason: str) -> bool:
        """Keeps the line as failed, so that it does not hold up the others."""
        path = self._spool.put_aside(line)
        self._too_long = 0
        log.error("an event of the spool could not be processed; it was put aside", file=str(path), reason=reason)
        return True
