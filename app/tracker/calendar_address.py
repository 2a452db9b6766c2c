"""The address under which calendars read what airs next: a token of its own, which is shown once and opens nothing else."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from app.db.queries import queries
from app.errors import NotFound
from app.security.accounts import token_hash
from app.services import Services
from app.tracker.paging import Row


@dataclass(frozen=True)
class CalendarOwner:
    """Whose calendar an address is."""

    user_id: int
    timezone: str


def make_calendar_token(services: Services, user_id: int) -> str:
    """A new token; the address with the old one ends."""
    token = secrets.token_urlsafe(32)
    with services.db.connection() as connection:
        queries().set_calendar_token(connection, user_id=user_id, token_hash=token_hash(token))
    return token


def remove_calendar_token(services: Services, user_id: int) -> None:
    """Ends the address, if there is one."""
    with services.db.connection() as connection:
        queries().remove_calendar_token(connection, user_id=user_id)


def calendar_token(services: Services, user_id: int) -> Row | None:
    """`created_at` and `last_used_at` of the address; None where there is none."""
    with services.db.connection() as connection:
        row: Row | None = queries().calendar_token(connection, user_id=user_id)
    return row


def calendar_owner(services: Services, token: str) -> CalendarOwner:
    """Whose calendar it is.

    Raises:
        NotFound: there is no such address.
    """
    with services.db.connection() as connection:
        row = queries().calendar_owner(connection, token_hash=token_hash(token))
    if row is None:
        raise NotFound("there is no such calendar")
    return CalendarOwner(row["user_id"], row["timezone"])
