"""Whom an OpenID provider knows, and which account is theirs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import psycopg

from app.db.pool import Connection
from app.db.queries import queries
from app.errors import Forbidden, Invalid, StateConflict, from_database
from app.security.accounts import create_user_without_password
from app.security.oidc import Person
from app.security.passwords import has_password

if TYPE_CHECKING:
    from app.services import Services


def account_of(services: Services, person: Person) -> int:
    """The account that is linked with somebody; a new one where OIDC_NEW_ACCOUNTS says so.

    An account that is there already is never taken over by its name: it is linked by whoever is signed in to it.

    Raises:
        Forbidden: there is none, and none is made.
    """
    linked = _linked(services, person)
    if linked is not None:
        return linked
    if not services.settings.oidc_new_accounts:
        raise Forbidden(
            "no account here is linked with yours there: sign in with your password, then link it under Settings, Security"
        )
    if person.name is None:
        raise Forbidden("the provider told no name for you, so no account could be made")
    try:
        return create_user_without_password(
            services,
            person.name.strip(),
            timezone=services.settings.timezone,
            also=partial(_add_link, person=person),
        )
    except StateConflict as error:
        # Of two at the same time the other one has made it; else the name is somebody's who is not known to be them.
        linked = _linked(services, person)
        if linked is not None:
            return linked
        raise Forbidden(
            "an account of your name is here already: sign in to it with its password, then link it under Settings, Security"
        ) from error
    except Invalid as error:
        raise Forbidden("no account here can have the name that the provider told") from error


def link(services: Services, user_id: int, person: Person) -> None:
    """Has somebody sign in to an account from now on.

    Raises:
        StateConflict: they, or the account, are linked otherwise already.
    """
    with services.db.connection() as connection:
        _add_link(connection, user_id, person=person)


def is_linked(services: Services, user_id: int) -> bool:
    """Whether an account is linked with somebody of the provider that is set up."""
    with services.db.connection() as connection:
        return bool(queries().has_oidc_link(connection, user_id=user_id, issuer=services.settings.oidc_issuer or ""))


def unlink(services: Services, user_id: int) -> None:
    """Ends it.

    Raises:
        StateConflict: without a password nobody could sign in to the account any more.
    """
    if not has_password(services, user_id):
        raise StateConflict("give your account a password first: it would be its only way in")
    with services.db.connection() as connection:
        queries().drop_oidc_link(connection, user_id=user_id, issuer=services.settings.oidc_issuer or "")


def _linked(services: Services, person: Person) -> int | None:
    with services.db.connection() as connection:
        user_id = queries().use_oidc_link(connection, issuer=person.issuer, subject=person.subject)
    return None if user_id is None else int(user_id)


def _add_link(connection: Connection, user_id: int, *, person: Person) -> None:
    try:
        queries().add_oidc_link(connection, user_id=user_id, issuer=person.issuer, subject=person.subject)
    except psycopg.errors.UniqueViolation as error:
        raise (from_database(error) or error) from None
