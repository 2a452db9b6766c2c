"""What somebody may do with an account of their own: another name. Its end is in app.security.people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from app.db.queries import queries
from app.errors import Forbidden, Invalid, from_database
from app.security.accounts import username_problem

if TYPE_CHECKING:
    from app.security.identity import Identity
    from app.services import Services


def rename(services: Services, identity: Identity, username: str) -> None:
    """Gives an account another name.

    A proxy that tells who somebody is does so by the name: whoever took that of somebody who comes later would have them in an
    account that is not theirs.

    Raises:
        Invalid: no account can have it.
        Forbidden: names are the proxy's, and this is not an administrator.
        StateConflict: another one has it.
    """
    if services.settings.trusted_header_user is not None and not identity.is_admin:
        raise Forbidden(
            "the name stays", fields={"username": "the one that your proxy knows: only administrators may have another"}
        )
    problem = username_problem(username)
    if problem is not None:
        raise Invalid("this name cannot be taken", fields={"username": problem})
    with services.db.connection() as connection:
        try:
            queries().rename_user(connection, user_id=identity.user_id, username=username)
        except psycopg.errors.UniqueViolation as error:
            raise (from_database(error) or error) from None
