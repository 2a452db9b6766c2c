"""The log: what was received, what was done about it and why; and doing it again."""

from __future__ import annotations

from typing import Any

from psycopg.types.json import Jsonb

from app.db.pool import Connection
from app.db.queries import queries
from app.errors import NotFound, Unprocessable
from app.plex.events import InvalidPayload, parse_event
from app.services import Services
from app.tracker.paging import Page, Row, contains, read_page

# What few rows have; the log has an index of these.
RARE = frozenset({"pending", "conflict", "failed", "duplicate"})


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
