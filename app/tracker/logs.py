"""The log: what was received, what was done about it and why; and doing it again."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from app.db.pool import Connection
from app.db.queries import queries
from app.errors import DatabaseUnavailable, NotFound, TellykeepError, Unprocessable, from_database
from app.plex.events import InvalidPayload, parse_event
from app.services import Services
from app.tracker.paging import Page, Row, contains, read_page

# What few rows have; the log has an index of these.
RARE = frozenset({"pending", "conflict", "failed", "duplicate"})

# How much of what is asked for at once is done within one request.
BATCH = 200
BATCH_SECONDS = 5.0


@dataclass(frozen=True)
class Replayed:
    """What came of one event that was to be decided again.

    Attributes:
        log_id: its log row.
        status: of the row now; None where it was refused.
        problem: why, then.
        fields: names of what is at fault, to what was expected.
    """

    log_id: int
    status: str | None
    problem: str = ""
    fields: dict[str, str] | None = None


@dataclass(frozen=True)
class Batch:
    """Events that were decided again, and whether more wait for it.

    Attributes:
        done: what came of each.
        next_after: what the next batch begins after; None when this was the last.
    """

    done: list[Replayed]
    next_after: int | None


def list_logs(
    services: Services,
    user_id: int,
    *,
    status: str | None = None,
    event: str | None = None,
    q: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> Page:
    """Log rows, the newest first, without the payloads.

    Args:
        services: the application's parts.
        user_id: whose log.
        status: only rows of this status.
        event: only events of this type, such as `media.scrobble`.
        q: a part of the title that Plex gave.
        before: only rows older than the one with this id.
        limit: how many.
    """
    rows = queries().list_rare_logs if status in RARE else queries().list_logs
    with services.db.connection() as connection:
        return read_page(
            limit,
            lambda n: rows(
                connection,
                user_id=user_id,
                before=before,
                status=status,
                event=event,
                q=contains(q),
                limit=n,
            ),
        )


def get_log(services: Services, user_id: int, log_id: int) -> Row:
    """One log row with the payload.

    Raises:
        NotFound: there is no such row in this log.
    """
    with services.db.connection() as connection:
        return _get(connection, user_id, log_id)


def replay_log(services: Services, user_id: int, log_id: int) -> Row:
    """Decides a stored event again; what was applied stays as it is. Returns the log row as it is then.

    Raises:
        NotFound: there is no such row in this log.
        Unprocessable: what is stored cannot be read as an event.
    """
    with services.db.connection() as connection, connection.transaction():
        row = _get(connection, user_id, log_id)
        replay(services, connection, user_id, row["id"], row["payload"])
        row = _get(connection, user_id, log_id)
    services.worker.wake()
    return row


def replay_each(services: Services, events: Iterable[tuple[int, int | None]]) -> Iterator[Replayed]:
    """Decides stored events again, each on its own: what one is refused for does not keep the others.

    Args:
        services: the application's parts.
        events: log row and user of each.

    Raises:
        DatabaseUnavailable: the rest has to wait.
    """
    for log_id, user_id in events:
        try:
            if user_id is None:
                raise NotFound(f"there is no row {log_id} in the log")
            yield Replayed(log_id, replay_log(services, user_id, log_id)["status"])
        except (TellykeepError, psycopg.Error) as error:
            known = from_database(error) if isinstance(error, psycopg.Error) else error
            if isinstance(known, DatabaseUnavailable):
                raise
            if known is error:
                yield Replayed(log_id, None, known.message, known.fields)
            else:
                text = known.message if known else str(error).strip().partition("\n")[0] or type(error).__name__
                yield Replayed(log_id, None, f"log row {log_id}: {text}")


def replay_batch(
    services: Services, user_id: int, status: str, *, after: int | None = None, limit: int = BATCH
) -> Batch:
    """Decides a user's events of a status again, in the order in which they were watched, for a few seconds.

    Args:
        services: the application's parts.
        user_id: whose log.
        status: one of `RARE`.
        after: where the last batch ended.
        limit: how many at most.
    """
    with services.db.connection() as connection:
        rows = list(
            queries().stored_events_of(connection, user_id=user_id, status=status, after=after, limit=limit + 1)
        )
    deadline = time.monotonic() + BATCH_SECONDS
    done: list[Replayed] = []
    for came in replay_each(services, ((row["id"], user_id) for row in rows[:limit])):
        done.append(came)
        if time.monotonic() > deadline:
            break
    return Batch(done, done[-1].log_id if done and len(done) < len(rows) else None)


def replay(services: Services, connection: Connection, user_id: int, log_id: int, payload: dict[str, Any]) -> Row:
    """Decides one stored event again.

    Args:
        services: the application's parts.
        connection: in the transaction that it shall belong to.
        user_id: whose event.
        log_id: its log row.
        payload: as stored in that row.

    Returns:
        What `receive_event` would: `status`, `action`, `log_id`, `tvshow_id`, `conflict_id`.

    Raises:
        Unprocessable: the payload cannot be read as an event.
    """
    event = stored_event(log_id, payload)
    has_tmdb = services.settings.tmdb_api_key is not None
    row: Row = queries().replay_event(connection, user_id=user_id, log_id=log_id, event=Jsonb(event), has_tmdb=has_tmdb)
    return row


def stored_event(log_id: int, payload: dict[str, Any]) -> dict[str, Any]:
    """What the SQL functions decide by, of a log row's payload.

    Raises:
        Unprocessable: the payload cannot be read as an event.
    """
    try:
        event = parse_event(payload).decision()
    except InvalidPayload as error:
        raise Unprocessable(f"log row {log_id} cannot be read as an event", fields=error.fields) from error
    # Not a part of Plex's message: the history's own row, by which it is counted once.
    if "history_key" in payload:
        event["history_key"] = payload["history_key"]
    return event


def _get(connection: Connection, user_id: int, log_id: int) -> Row:
    row: Row | None = queries().get_log(connection, user_id=user_id, log_id=log_id)
    if row is None:
        raise NotFound(f"there is no row {log_id} in the log")
    return row
