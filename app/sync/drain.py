"""Brings what the spool holds into PostgreSQL, the oldest first, as soon as it answers."""

from __future__ import annotations

import threading
import time

import psycopg
import structlog
from psycopg import errors as pg

from app.db.pool import STATEMENT_SECONDS
from app.db.queries import queries
from app.errors import AccountGone, DatabaseUnavailable
from app.plex.events import InvalidPayload, parse_event
from app.services import Services
from app.sync.receive import keep_failed, receive
from app.sync.spool import Spool, SpooledEvent, SpoolLine

log = structlog.get_logger("tellykeep.drain")

LONGEST_PAUSE = 1.0
SHORTEST_PAUSE = 0.1
# Longer than a statement may take, so that one that always takes too long is told from a database that is away.
PATIENCE_SECONDS = STATEMENT_SECONDS + 2.0
MOST_FAILURES = 3
# Data that cannot be right, and rows that are not there: the line's own fault. Anything else is the database's.
_OWN_FAULTS = ("22", "23")


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
        self._failures = 0
        self._trouble: str | None = None

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
                if not self._is_out_of_the_way(line):
                    self._leaving.wait(pause)
                    pause = min(pause * 2, LONGEST_PAUSE)
                    continue
                pause, count = SHORTEST_PAUSE, count + 1
                if self._spool.state().events == 0:
                    log.info("the spool is empty again", events=count, seconds=round(time.monotonic() - since, 1))
                    count = 0
            except Exception as error:
                # A disk that cannot be read, or written to put a line aside.
                log.error("the spool does not drain", exc_info=error)
                self._leaving.wait(LONGEST_PAUSE)

    def stop(self) -> None:
        """Ends after the line that it is at. The database may be closed meanwhile."""
        self._leaving.set()

    def _is_out_of_the_way(self, line: SpoolLine) -> bool:
        """Whether the line is in the database now, or put aside; else it is tried again."""
        if line.event is None:
            return self._put_aside(line, "it cannot be read")
        try:
            self._apply(line.event)
        except InvalidPayload as error:
            return self._put_aside(line, str(error))
        except AccountGone:
            if not self._was_here(line.event.user_id):
                # Of another database, perhaps, that this one was put in the place of by a slip.
                return self._put_aside(line, "there never was such an account")
            # All that was theirs went with it.
            log.info("an event of a deleted account is let go of", user_id=line.event.user_id)
        except DatabaseUnavailable as error:
            if isinstance(error.__cause__, pg.QueryCanceled):
                return self._failed(line, f"it takes longer than {STATEMENT_SECONDS} s")
            return False
        except psycopg.Error as error:
            reason = f"{error.sqlstate}: {error.diag.message_primary or type(error).__name__}"
            if (error.sqlstate or "").startswith(_OWN_FAULTS):
                return self._put_aside(line, reason)
            if reason != self._trouble:
                self._trouble = reason
                log.error("the spool does not drain", reason=reason)
            return False
        except Exception as error:
            log.error("fault", exc_info=error)
            return self._failed(line, f"a fault in Tellykeep: {type(error).__name__}")
        self._failures, self._trouble = 0, None
        self._spool.done(line)
        return True

    def _apply(self, spooled: SpooledEvent) -> None:
        outcome = receive(
            self._services,
            spooled.user_id,
            parse_event(spooled.payload),
            source="spool",
            receipt=spooled.receipt,
            received_at=spooled.received_at,
            patience=PATIENCE_SECONDS,
            give_up=self._leaving.is_set,
        )
        log.debug("event from the spool", status=outcome.status, action=outcome.action, log_id=outcome.log_id)

    def _was_here(self, user_id: int) -> bool:
        with self._services.db.connection() as connection:
            return bool(queries().account_was_here(connection, user_id=user_id))

    def _failed(self, line: SpoolLine, reason: str) -> bool:
        """Gives the line up when it was tried often enough: kept in the log, where it can be replayed, or else put aside."""
        self._failures += 1
        if self._failures < MOST_FAILURES:
            return False
        return self._kept_as_failed(line, reason) or self._put_aside(line, reason)

    def _kept_as_failed(self, line: SpoolLine, reason: str) -> bool:
        """Whether the database has taken it without deciding it."""
        assert line.event is not None  # noqa: S101 - one that cannot be read was put aside at once
        log_id = None
        try:
            log_id = keep_failed(self._services, line.event, reason)
        except pg.UniqueViolation:
            # Its receipt is there: it was committed, and nobody heard of it.
            pass
        except Exception as error:
            log.error("an event of the spool could not be kept as failed", exc_info=error)
            return False
        self._failures, self._trouble = 0, None
        self._spool.done(line)
        log.error(
            "an event of the spool could not be processed; it is in the log as failed", log_id=log_id, reason=reason
        )
        return True

    def _put_aside(self, line: SpoolLine, reason: str) -> bool:
        """Keeps the line as failed, so that it does not hold up the others."""
        path = self._spool.put_aside(line)
        self._failures, self._trouble = 0, None
        log.error("an event of the spool could not be processed; it was put aside", file=str(path), reason=reason)
        return True
