"""The accounts of an installation as administrators see them, and what an account says about itself."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.db.queries import queries
from app.errors import Invalid, NotFound

if TYPE_CHECKING:
    from app.services import Services


def account_named(services: Services, username: str | None) -> int:
    """The id of an account; without a name, of the only one that there is.

    Raises:
        NotFound: there is no such account.
        Invalid: there are several, and none is named.
    """
    with services.db.connection() as connection:
        found = list(queries().accounts_named(connection, username=username))
    if not found:
        raise NotFound("there is no account of this name" if username is not None else "there is no account yet")
    if len(found) > 1:
        raise Invalid("there are several accounts: name one", fields={"--user": "the name of an account"})
    return int(found[0]["id"])


def set_timezone(services: Services, user_id: int, timezone: str) -> None:
    """In which time zone an account's dates are shown.

    Raises:
        Invalid: this system knows no such zone.
    """
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid(
            "this is no time zone that this system knows",
            fields={"timezone": "the name of a time zone, such as Europe/Berlin"},
        ) from None
    with services.db.connection() as connection:
        queries().set_timezone(connection, user_id=user_id, timezone=timezone)
