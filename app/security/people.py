"""The accounts of an installation as administrators see them, and what an account says about itself."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.db.queries import queries
from app.errors import Invalid, NotFound
from app.security.sessions import IDLE_SECONDS
from app.tracker.paging import Row

if TYPE_CHECKING:
    from app.services import Services

# Of `patient_transaction`, and a little: a year of events with their viewings takes some seconds to go, on a slow disk many.
_PATIENCE_SECONDS = 125.0


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


def list_people(services: Services) -> list[Row]:
    """Every account in the order of the names: what it may, how it is signed in to, and how much it holds."""
    with services.db.connection() as connection:
        return list(queries().people(connection, user_id=None, idle=IDLE_SECONDS))


def get_person(services: Services, user_id: int) -> Row:
    """The same of one account, and how many viewings it has.

    Raises:
        NotFound: there is no such account.
    """
    with services.db.connection() as connection:
        found: list[Row] = list(queries().people(connection, user_id=user_id, idle=IDLE_SECONDS))
        if not found:
            raise NotFound("there is no such account (any more)")
        return found[0] | {"viewings": queries().count_viewings(connection, user_id=user_id)}


def set_administrator(services: Services, user_id: int, is_admin: bool) -> bool:
    """Makes an account an administrator's, or takes that from it; whether it was otherwise before.

    Raises:
        NotFound: there is no such account.
        StateConflict: it is the last administrator's.
    """
    with services.db.connection() as connection:
        return bool(queries().set_administrator(connection, user_id=user_id, is_admin=is_admin))


def delete_account(services: Services, user_id: int) -> str:
    """Deletes an account with everything that belongs to it, at once and for good; what it was called.

    Raises:
        NotFound: there is no such account.
        StateConflict: it is the last administrator's, and without one nobody could manage what is left.
    """
    with services.db.connection() as connection:
        connection.patience = _PATIENCE_SECONDS
        with connection.transaction():
            queries().patient_transaction(connection)
            name = str(queries().delete_user(connection, user_id=user_id))
    services.webhook_secrets.refresh()
    return name


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
