"""What the pages show of the log, and of the connection that fills it."""

from __future__ import annotations

from app.db.queries import queries
from app.errors import NotFound
from app.services import Services
from app.tracker.logs import RARE
from app.tracker.paging import Page, Row, read_page


def list_activity(
    services: Services, user_id: int, *, status: str | None = None, before: int | None = None, limit: int = 50
) -> Page:
    """Log rows, the newest first.

    Args:
        services: the application's parts.
        user_id: whose log.
        status: only rows of this status.
        before: only rows older than the one with this id.
        limit: how many.
    """
    rows = queries().rare_activity if status in RARE else queries().activity
    with services.db.connection() as connection:
        return read_page(
            limit,
            lambda n: rows(connection, user_id=user_id, status=status, before=before, limit=n),
        )


def get_activity(services: Services, user_id: int, log_id: int) -> Row:
    """One log row with its payload, its show, and the question that it asks if it is a conflict.

    Raises:
        NotFound: there is no such row in this log.
    """
    with services.db.connection() as connection:
        row: Row | None = queries().activity_event(connection, user_id=user_id, log_id=log_id)
    if row is None:
        raise NotFound("there is no such event in the log")
    return row


def connection_state(services: Services, user_id: int) -> Row:
    """Whether the connection is on, its encrypted secret, the last event, and how much waits.

    Raises:
        NotFound: the account has no connection (it was made in another way than `create_user`).
    """
    with services.db.connection() as connection:
        row: Row | None = queries().connection_state(connection, user_id=user_id)
    if row is None:
        raise NotFound("this account has no Plex connection")
    return row
