"""Passwords after the first one: changed by their owner, or set anew at the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.db.queries import queries
from app.errors import Invalid, NotFound
from app.security.accounts import Account, find_account, hash_password, password_problem, verify_password
from app.security.sign_in_tries import of_confirmation, one_try

if TYPE_CHECKING:
    from app.services import Services


def has_password(services: Services, user_id: int) -> bool:
    """Whether the account can be signed in to with a password."""
    with services.db.connection() as connection:
        row = queries().password_hash_of(connection, user_id=user_id)
    return row is not None and bool(row["has_password"])


def is_password(services: Services, user_id: int, password: str) -> bool:
    """Whether it is the password of somebody who is signed in: a stolen session must not find it out by trying.

    Raises:
        TooManyRequests: too many wrong ones before.
    """
    with services.db.connection() as connection:
        row = queries().password_hash_of(connection, user_id=user_id)
    if row is None or not row["has_password"]:
        return False
    with one_try(services, of_confirmation(services, user_id)) as admitted:
        admitted.right = verify_password(services, Account(user_id, row["password_hash"]), password)
    return admitted.right


def set_password(services: Services, user_id: int, password: str) -> int:
    """Gives an account another password, and ends all its sessions: who knows only the old one is out.

    Returns:
        How many sessions were ended.

    Raises:
        Invalid: too short, too long, or nothing that can be typed.
    """
    problem = password_problem(password)
    if problem is not None:
        raise Invalid("this password cannot be taken", fields={"password": problem})
    password_hash = hash_password(password)
    with services.db.connection() as connection, connection.transaction():
        queries().give_password(connection, user_id=user_id, password_hash=password_hash)
        return int(queries().end_sessions_of(connection, user_id=user_id))


def set_password_of(services: Services, username: str, password: str) -> int:
    """The same for a name.

    Raises:
        NotFound: there is no such account.
    """
    user_id = find_account(services, username).user_id
    if user_id is None:
        raise NotFound("there is no account of this name")
    return set_password(services, user_id, password)
