"""One event into the database: one SQL call, and what to do when it does not come back."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
import structlog
from psycopg import errors as pg
from psycopg.rows import tuple_row

from app.db.queries import queries
from app.errors import AccountGone, DatabaseUnavailable, unavailable
from app.plex.events import PlexEvent, parse_event
from app.services import Services
from app.sync.spool import SpooledEvent

log = structlog.get_logger("tellykeep.receive")

# How long a webhook waits for PostgreSQL before its event goes into the spool.
PATIENCE_SECONDS = 1.0
PAUSE_SECONDS = 0.05
# receive_event's own lock_timeout; with less than that left it cannot get any further.
LOCK_SECONDS = 0.7
LEAST_SECONDS = 0.05
# How the foreign keys are called that lead to it.
_OF_AN_ACCOUNT = "_user_id_fkey"

# json.dumps with separators makes an encoder for each call. What is encoded was built here and holds no circle.
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


@dataclass(frozen=True)
class Outcome:
    """What became of an event; the answer to a webhook.

    Attributes:
        status: `pending`, `success`, `conflict`, `ignored`, `duplicate` or `failed`.
        action: what was done, or why nothing was (docs/webhook.md).
        log_id: its row in the log; None while it waits in the spool.
    """

    status: str
    action: str | None
    log_id: int | None = None
    tvshow_id: int | None = None
    conflict_id: int | None = None

    def answer(self) -> dict[str, Any]:
        """The fields of the webhook's JSON answer; absent ones are left out."""
        fields: dict[str, Any] = {"status": self.status, "action": self.action}
        if self.log_id is not None:
            fields["log_id"] = self.log_id
        if self.tvshow_id is not None:
            fields["tvshow_id"] = self.tvshow_id
        if self.conflict_id is not None:
            fields["conflict_id"] = self.conflict_id
        return fields


def receive(
    services: Services,
    user_id: int,
    event: PlexEvent,
    *,
    source: str = "webhook",
    history_key: str | None = None,
    receipt: uuid.UUID | None = None,
    received_at: datetime | None = None,
    started: float | None = None,
    patience: float = PATIENCE_SECONDS,
    give_up: Callable[[], bool] | None = None,
) -> Outcome:
    """Commits an event: decided, acted on and logged, in one round trip and one transaction.

    A connection that broke says nothing about whether the commit went through; the call is repeated with the same receipt,
    which the database applies once.

    Args:
        services: the application's parts.
        user_id: whose event it is.
        event: what Plex said.
        source: `webhook`, `history`, `spool` or `manual`.
        history_key: of the row of the server's history that tells it, by which it is counted once.
        receipt: given again when the event is repeated; a new one when None.
        received_at: when it was received; now when None.
        started: `time.perf_counter()` at the beginning of the request, for the processing time in the log.
        patience: seconds that PostgreSQL has.
        give_up: asked before it is tried again.

    Raises:
        AccountGone: it was deleted, and its events are nobody's.
        DatabaseUnavailable: PostgreSQL did not take it in time; nothing is known to be committed.
        psycopg.Error: PostgreSQL refused it, and to keep it as `failed` as well.
    """
    receipt = receipt or uuid.uuid4()
    decision, kept = event.decision(), event.kept()
    if history_key is not None:
        # Each row is a viewing of its own: a rewatch is no repeat of the message before it.
        decision |= {"history_key": history_key, "event_key": receipt.hex}
        kept |= {"history_key": history_key}
    parameters = {  # in the order of the query's placeholders
        "user_id": user_id,
        "receipt": receipt,
        "source": source,
        "event": _encode(decision),
        "payload": _encode(kept),
        "received_at": received_at or datetime.now(UTC),
        "has_tmdb": services.settings.tmdb_api_key is not None,
        "elapsed_ms": (time.perf_counter() - started) * 1000 if started is not None else 0.0,
    }
    began = time.perf_counter() if started is None else started
    deadline = time.monotonic() + patience
    while True:
        try:
            outcome = _call(services, parameters, deadline)
            break
        except DatabaseUnavailable as error:
            reason: Exception = error
        except pg.ForeignKeyViolation as error:
            # Of what an event writes, only an account can go while it is written.
            if not (error.diag.constraint_name or "").endswith(_OF_AN_ACCOUNT):
                outcome = _keep_failed(services, parameters, error)
                break
            raise AccountGone("there is no such account any more") from error
        except psycopg.Error as error:
            if not _worth_repeating(error):
                outcome = _keep_failed(services, parameters, error)
                break
            reason = error
        needed = LOCK_SECONDS if isinstance(reason, pg.LockNotAvailable) else PAUSE_SECONDS
        is_over = time.monotonic() + needed > deadline or isinstance(reason, pg.QueryCanceled)
        if is_over or (give_up is not None and give_up()):
            raise DatabaseUnavailable("the database does not answer") from reason
        time.sleep(PAUSE_SECONDS)
    if outcome.status == "pending":
        services.worker.wake()
    services.events.count(source, event.event, outcome.status, time.perf_counter() - began)
    return outcome


def _call(services: Services, parameters: dict[str, Any], deadline: float) -> Outcome:
    with services.db.connection(_left(deadline)) as connection:
        connection.patience = _left(deadline)
        # The one query where it counts: a raw cursor neither translates placeholders nor makes a dictionary of the row, which
        # is a third of what psycopg does for a call.
        cursor = psycopg.RawCursor(connection, row_factory=tuple_row)
        row = cursor.execute(queries().receive_event.sql, tuple(parameters.values())).fetchone()
    if row is None:
        raise psycopg.DataError("receive_event has returned nothing")
    return Outcome(*row)


def _left(deadline: float) -> float:
    return max(LEAST_SECONDS, deadline - time.monotonic())


def _worth_repeating(error: psycopg.Error) -> bool:
    """Away, in each other's way, or the same receipt in another session that was not committed yet."""
    if isinstance(error, pg.UniqueViolation):
        return error.diag.constraint_name == "plex_webhook_logs_receipt_key"
    contention = (pg.DeadlockDetected, pg.SerializationFailure, pg.LockNotAvailable, pg.QueryCanceled)
    return isinstance(error, contention) or unavailable(error)


def keep_failed(services: Services, spooled: SpooledEvent, reason: str) -> int:
    """Keeps an event of the spool in the log as `failed`, to be seen and replayed. Returns its log row.

    Args:
        services: the application's parts.
        spooled: the event.
        reason: why it could not be processed.

    Raises:
        DatabaseUnavailable, psycopg.Error: PostgreSQL does not take it.
        InvalidPayload: it cannot be read.
    """
    event = parse_event(spooled.payload)
    with services.db.connection(PATIENCE_SECONDS) as connection:
        log_id: int = queries().record_failed_event(
            connection,
            user_id=spooled.user_id,
            receipt=spooled.receipt,
            source="spool",
            event=_encode(event.decision()),
            payload=_encode(event.kept()),
            received_at=spooled.received_at,
            error=reason,
        )
    return log_id


def _keep_failed(services: Services, parameters: dict[str, Any], error: psycopg.Error) -> Outcome:
    """A fault of ours: the event is kept as `failed`, with the reason, to be seen and replayed."""
    log.error("event could not be processed", sqlstate=error.sqlstate, reason=str(error).partition("\n")[0])
    names = ("user_id", "receipt", "source", "event", "payload", "received_at")
    reason = f"{error.sqlstate}: {error.diag.message_primary or type(error).__name__}"
    with services.db.connection(PATIENCE_SECONDS) as connection:
        connection.patience = PATIENCE_SECONDS
        log_id = queries().record_failed_event(connection, error=reason, **{n: parameters[n] for n in names})
    return Outcome("failed", "internal_error", log_id)
