"""What the pages show of the log, and of the connection that fills it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from app.db.queries import queries
from app.errors import NotFound
from app.services import Services
from app.tracker.logs import RARE
from app.tracker.paging import Page, Row, contains, read_page


@dataclass(frozen=True)
class ActivityFilter:
    """Which rows of the log; what is None does not matter.

    Attributes:
        status, event, source: as they are stored.
        account: the name that Plex gave.
        tvshow_id: the show that they went to.
        q: a part of the title that Plex gave.
        since, until: when they came; without the last moment.
    """

    status: str | None = None
    event: str | None = None
    source: str | None = None
    account: str | None = None
    tvshow_id: int | None = None
    q: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def arguments(self) -> dict[str, Any]:
        """As the queries take it."""
        return asdict(self) | {"q": contains(self.q)}


EVERYTHING = ActivityFilter()


def list_activity(
    services: Services,
    user_id: int,
    wanted: ActivityFilter = EVERYTHING,
    *,
    before: int | None = None,
    through: int | None = None,
    limit: int = 50,
) -> Page:
    """Log rows, the newest first.

    Args:
        services: the application's parts.
        user_id: whose log.
        wanted: which rows.
        before: only rows older than the one with this id.
        through: none older than the one with this id.
        limit: how many.
    """
    rows = queries().rare_activity if wanted.status in RARE else queries().activity
    with services.db.connection() as connection:
        return read_page(
            limit,
            lambda n: rows(connection, user_id=user_id, **wanted.arguments(), before=before, through=through, limit=n),
        )


def count_activity(services: Services, user_id: int, wanted: ActivityFilter, *, after: int, most: int) -> int:
    """How many such rows came after the one with this id; `most` where there are as many or more."""
    with services.db.connection() as connection:
        count: int = queries().count_activity(
            connection, user_id=user_id, **wanted.arguments(), after=after, limit=most
        )
    return count


def activity_accounts(services: Services, user_id: int) -> list[str]:
    """The names of the accounts whose events the log may have."""
    with services.db.connection() as connection:
        return [row["title"] for row in queries().activity_accounts(connection, user_id=user_id)]


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
