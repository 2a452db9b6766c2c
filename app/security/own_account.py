"""What somebody may do with an account of their own: another name. Its end is in app.security.people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from app.db.queries import queries
from app.errors import Invalid, from_database
from app.security.accounts import username_problem

if TYPE_CHECKING:
    from app.services import Services


def rename(services: Services, user_id: int, username: str) -> None:
    """Gives an account another name.

    Raises:
        Invalid: no account can have it.
        StateConflict: another one has it.
    """
    problem = username_problem(username)
    if problem is not None:
        raise Invalid("this name cannot be taken", fields={"username": problem})
    with services.db.connection() as connection:
        try:
            queries().rename_user(connection, user_id=user_id, username=username)
        except psycopg.errors.UniqueViolation as error:
            raise (from_database(error) or error) from None
