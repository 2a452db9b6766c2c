"""The look-ups of `tellykeep serve`: threads that take pending events, ask Plex and TMDB about them, and apply the answer."""

from __future__ import annotations

import threading
from typing import Any

import psycopg
import structlog
from psycopg import errors as pg
from psycopg.types.json import Jsonb

from app.db.queries import queries
from app.errors import DatabaseUnavailable, TellykeepError, unavailable
from app.plex.events import InvalidPayload
from app.services import Services
from app.sync.double_episodes import learn_after_look_up
from app.sync.look_up import LEASE_SECONDS, PROBE_SECONDS, Claim, LookUp, Trust
from app.sync.receive import Outcome

log = structlog.get_logger("tellykeep.worker")

# Most of a look-up is waiting for somebody else's server.
THREADS = 4
# What another process leaves pending (a second replica, `tellykeep replay`), and what is due by the clock.
POLL_SECONDS = 2.0
# Ringing wakes them all; only the first one polls.
IDLE_SECONDS = 60.0
RENEW_SECONDS = LEASE_SECONDS / 3
STOP_SECONDS = 2.0


class LookUpWorker:
    """Claims by lease, commits, and only then asks: a process that dies loses nothing, another one does no work twice."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._trust = Trust(services)
        self._leaving = threading.Event()
        self._threads: list[threading.Thread] = []
        self._claimed: set[int] = set()
        self._guard = threading.Lock()

    def start(self, threads: int = THREADS) -> None:
        """Begins; may be called before the database is there."""
        for number in range(threads):
            seconds = POLL_SECONDS if number == 0 else IDLE_SECONDS
            self._begin(f"look-up-{number}", self._work, seconds)
        self._begin("look-up-leases", self._renew)

    def stop(self) -> None:
        """Ends: what is asked just now has two seconds, then its event is free for another process."""
        self._leaving.set()
        self._services.worker.wake()
        for thread in self._threads:
            thread.join(timeout=STOP_SECONDS / len(self._threads))
        with self._guard:
            left = list(self._claimed)
        if left:
            try:
                self._renew_claims(left, 0)
            except (DatabaseUnavailable, psycopg.Error) as error:
                log.warning("claims end with their lease", events=len(left), reason=_first_line(error))

    def work_off(self) -> list[Outcome]:
        """Looks up what is due, one after the other, in this thread; for tests and commands. Returns what came of each."""
        outcomes = []
        while (claim := self._claim()) is not None:
            outcomes.append(self._look_up(claim))
        return [outcome for outcome in outcomes if outcome is not None]

    def _begin(self, name: str, body: Any, *arguments: Any) -> None:
        thread = threading.Thread(target=body, args=arguments, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self, idle_seconds: float) -> None:
        waker = self._services.worker
        while not self._leaving.is_set():
            rung = waker.rung()
            try:
                claim = self._claim()
                if claim is not None:
                    # There may be more: the others look as well.
                    waker.wake()
                    self._look_up(claim)
                    continue
            except (DatabaseUnavailable, psycopg.Error) as error:
                if self._services.readiness.started and not self._leaving.is_set():
                    log.warning("look-ups wait for the database", reason=_first_line(error))
            except Exception as error:
                # A thread that ends in silence would leave events waiting for good.
                log.error("fault", exc_info=error)
            waker.wait(rung, idle_seconds)

    def _claim(self) -> Claim | None:
        with self._services.db.connection() as connection:
            row = queries().claim_pending(connection, lease_seconds=LEASE_SECONDS, probe_seconds=PROBE_SECONDS)
        if row is None or row["log_id"] is None:
            return None
        return Claim(row["log_id"], row["user_id"], row["payload"], row["lookup"] or {}, row["probe"])

    def _look_up(self, claim: Claim) -> Outcome | None:
        with self._guard:
            self._claimed.add(claim.log_id)
        look_up = LookUp(self._services, claim, self._trust)
        try:
            outcome = look_up.run()
        except DatabaseUnavailable:
            raise
        except InvalidPayload as error:
            self._fail(look_up, f"what is stored cannot be read as an event: {error}")
        except psycopg.Error as error:
            if unavailable(error) or isinstance(error, pg.DeadlockDetected | pg.LockNotAvailable):
                # The database's trouble, not the event's: the claim ends with its lease, and it is looked up again.
                raise DatabaseUnavailable("the database does not answer") from error
            self._fail(look_up, f"{error.sqlstate}: {error.diag.message_primary or type(error).__name__}")
        except Exception as error:
            log.error("fault", log_id=claim.log_id, exc_info=error)
            self._fail(look_up, f"a fault in Tellykeep: {type(error).__name__}")
        else:
            log.debug("looked up", log_id=claim.log_id, status=outcome.status, action=outcome.action)
            if outcome.status in ("success", "conflict"):
                self._learn_double_episodes(claim)
            return outcome
        finally:
            with self._guard:
                self._claimed.discard(claim.log_id)
        return None

    def _learn_double_episodes(self, claim: Claim) -> None:
        """The event is decided and committed: whatever fails here comes again with the next refresh of the show."""
        try:
            learn_after_look_up(self._services, claim.user_id, claim.log_id)
        except (TellykeepError, psycopg.Error) as error:
            log.warning("files were not read", log_id=claim.log_id, reason=_first_line(error))

    def _fail(self, look_up: LookUp, reason: str) -> None:
        """A fault of ours: the event is kept as `failed`, with the reason, to be seen and replayed."""
        claim = look_up.claim
        log.error("event could not be processed", log_id=claim.log_id, reason=reason)
        with self._services.db.connection() as connection:
            queries().fail_pending(
                connection, user_id=claim.user_id, log_id=claim.log_id, steps=Jsonb(look_up.steps), error=reason
            )

    def _renew(self) -> None:
        while not self._leaving.wait(RENEW_SECONDS):
            with self._guard:
                claimed = list(self._claimed)
            if claimed:
                try:
                    self._renew_claims(claimed, LEASE_SECONDS)
                except (DatabaseUnavailable, psycopg.Error) as error:
                    log.warning("leases could not be renewed", reason=_first_line(error))

    def _renew_claims(self, log_ids: list[int], seconds: int) -> None:
        with self._services.db.connection() as connection:
            queries().renew_claims(connection, log_ids=log_ids, lease_seconds=seconds)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
