"""One webhook's event to where it is safe: PostgreSQL, or the spool until PostgreSQL is back."""

from __future__ import annotations

import uuid
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import partial

import psycopg
import structlog

from app.errors import AccountGone, DatabaseUnavailable
from app.plex.events import PlexEvent
from app.services import Services
from app.sync.receive import Outcome, receive
from app.sync.spool import NotKept, SpooledEvent

log = structlog.get_logger("tellykeep.take")


def take(services: Services, user_id: int, event: PlexEvent, *, started: float) -> Outcome:
    """Commits an event, or writes it down to be committed later. When this returns, it is on a disk.

    While older events of the same user wait in the spool, it waits behind them. Of one show, events are taken in the order in
    which they came.

    Args:
        services: the application's parts.
        user_id: whose event it is.
        event: what Plex said.
        started: `time.perf_counter()` at the beginning of the request.

    Raises:
        AccountGone: the user was deleted meanwhile; nothing is kept.
        DatabaseUnavailable: neither PostgreSQL nor the spool took it; nothing is known to be kept.
    """
    # Given here, as the spool must repeat it with the same receipt: PostgreSQL may have committed it without saying so.
    receipt, received_at = uuid.uuid4(), datetime.now(UTC)
    attempt = partial(receive, services, user_id, event, receipt=receipt, received_at=received_at, started=started)
    spool = services.spool
    if spool is None:
        return attempt()
    with services.turns.turn((user_id, event.show_key)) if event.is_scrobble else nullcontext():
        reason: Exception | None = None
        if not spool.holds(user_id):
            try:
                return attempt(give_up=partial(spool.holds, user_id))
            except AccountGone:
                raise
            except (DatabaseUnavailable, psycopg.Error) as error:
                reason = error
            except Exception as error:
                # A fault of ours must not cost the watch: the spool keeps what cannot be processed.
                log.error("fault", exc_info=error)
                reason = error
        try:
            spool.keep(SpooledEvent(user_id, receipt, received_at, event.kept()))
        except NotKept as error:
            log.error("the spool does not take an event", reason=error.message)
            if reason is None:
                # Before the ones that wait, but kept.
                try:
                    return attempt()
                except (DatabaseUnavailable, psycopg.Error) as failure:
                    reason = failure
            raise DatabaseUnavailable(f"the database does not answer, and the spool: {error.message}") from reason
    return Outcome("pending", "spooled")
