"""Accounts: passwords, the first account by setup code, and API tokens."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import psycopg
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.db.pool import Connection
from app.db.queries import queries
from app.errors import Forbidden, Invalid, NotFound, StateConflict, TooManyRequests, from_database
from app.security.identity import Identity
from app.security.webhook_secrets import secret_digest

if TYPE_CHECKING:
    from app.services import Services

PASSWORD_LENGTH = (8, 256)
USERNAME_LENGTH = (1, 64)
SETUP_ATTEMPTS = 10
TOKEN_PREFIX = "tk_"  # noqa: S105 - not a secret: lets people and scanners recognise one
# No I, L, O, 0, 1: the code is read from a terminal and typed on a phone. 16 of 31 letters are 79 bits.
CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_CODE_GROUPS, _CODE_GROUP_LENGTH = 4, 4

_hasher = PasswordHasher()  # argon2id with the library's defaults, which are RFC 9106's second choice
# Each computation takes 64 MiB: a crowd at the sign-in must not take the memory of a small NAS, nor the threads that
# webhooks need while it waits.
_hashing = threading.BoundedSemaphore(2)
_in_line = threading.BoundedSemaphore(6)


def create_user(
    services: Services, username: str, password: str, *, is_admin: bool = False, timezone: str = "UTC"
) -> int:
    """Makes an account with its settings and a fresh webhook secret, in one transaction.

    Args:
        services: the application's parts.
        username: 1 to 64 characters.
        password: 8 to 256 characters.
        is_admin: whether it may manage other accounts.
        timezone: IANA name, in which its dates are shown.

    Returns:
        The id of the account.

    Raises:
        Invalid: username, password or timezone cannot be taken.
        StateConflict: the name is taken.
    """
    _check_new_account(username, password, timezone)
    password_hash = hash_password(password)
    with services.db.connection() as connection, connection.transaction():
        user_id = _insert_user(services, connection, username, password_hash, is_admin, timezone)
        queries().drop_setup_code(connection)
    services.webhook_secrets.refresh()
    return user_id


def create_user_without_password(
    services: Services,
    username: str,
    *,
    timezone: str = "UTC",
    also: Callable[[Connection, int], None] | None = None,
) -> int:
    """Makes an account for somebody whom another service vouches for; a password can be given to it later.

    Args:
        services: the application's parts.
        username: 1 to 64 characters.
        timezone: IANA name.
        also: what belongs to it, done in the same transaction with the account's id.

    Raises:
        Invalid: no account can have this name.
        StateConflict: the name is taken.
    """
    password = secrets.token_urlsafe(32)
    _check_new_account(username, password, timezone)
    # A hash like any other, so that trying a password takes as long as everywhere.
    password_hash = hash_password(password)
    with services.db.connection() as connection, connection.transaction():
        user_id = _insert_user(services, connection, username, password_hash, False, timezone, has_password=False)
        if also is not None:
            also(connection, user_id)
    services.webhook_secrets.refresh()
    return user_id


def create_first_account(services: Services, code: str, username: str, password: str, *, timezone: str = "UTC") -> int:
    """Makes the first account, an admin, for the one who can read the setup code.

    Args:
        services: the application's parts.
        code: as printed at the start; case, spaces and dashes do not matter.
        username: 1 to 64 characters.
        password: 8 to 256 characters.
        timezone: IANA name.

    Returns:
        The id of the account.

    Raises:
        Invalid: a value cannot be taken; costs no try.
        Forbidden: the code is wrong, or its tries are used up.
        StateConflict: there is an account already.
    """
    _check_new_account(username, password, timezone)
    with services.db.connection() as connection:
        stored = queries().take_setup_attempt(connection, most=SETUP_ATTEMPTS)
        if stored is None:
            if queries().has_accounts(connection):
                raise StateConflict("there is an account already: sign in")
            raise Forbidden(f"{SETUP_ATTEMPTS} wrong setup codes were entered: restart Tellykeep to get a new one")
    if not secrets.compare_digest(bytes(stored), _code_hash(code)):
        raise Forbidden("this is not the setup code", fields={"code": "the code that the last start has printed"})

    password_hash = hash_password(password)
    with services.db.connection() as connection, connection.transaction():
        if not queries().use_setup_code(connection, code_hash=bytes(stored)):
            raise StateConflict("there is an account already: sign in")
        user_id = _insert_user(services, connection, username, password_hash, True, timezone)
    services.webhook_secrets.refresh()
    return user_id


def ensure_setup_code(services: Services) -> str | None:
    """A fresh setup code to print, or None when there is an account. Each start voids the last one."""
    code = new_code()
    with services.db.connection() as connection:
        kept = queries().new_setup_code(connection, code_hash=_code_hash(code))
    return code if kept else None


def new_code() -> str:
    """A random code for people to type: XXXX-XXXX-XXXX-XXXX."""
    return "-".join(
        "".join(secrets.choice(CODE_ALPHABET) for _ in range(_CODE_GROUP_LENGTH)) for _ in range(_CODE_GROUPS)
    )


def has_accounts(services: Services) -> bool:
    """Whether there is any account."""
    with services.db.connection() as connection:
        return bool(queries().has_accounts(connection))


def authenticate(services: Services, username: str, password: str) -> int | None:
    """The account's id if name and password are right; takes the same time whether or not the name exists.

    Raises:
        TooManyRequests: too many at once.
    """
    account = find_account(services, username)
    return account.user_id if verify_password(services, account, password) else None


@dataclass(frozen=True)
class Account:
    """What a name leads to. One that nobody has is as good as any other, but that no password is right for it.

    Attributes:
        user_id: None where there is no such account.
        password_hash: what a password is compared with.
    """

    user_id: int | None
    password_hash: str = field(repr=False)


def find_account(services: Services, username: str) -> Account:
    """The account of a name, whatever its case."""
    row = None
    if _is_text(username):
        with services.db.connection() as connection:
            row = queries().user_by_name(connection, username=username.strip())
    return Account(None, _hash_of_nobody()) if row is None else Account(row["id"], row["password_hash"])


def verify_password(services: Services, account: Account, password: str) -> bool:
    """Whether it is the account's password; takes the same time for an account that is not there.

    Raises:
        TooManyRequests: too many at once.
    """
    is_right = _verify(account.password_hash, password)
    if not is_right or account.user_id is None:
        return False
    if _hasher.check_needs_rehash(account.password_hash):
        renewed = hash_password(password)
        with services.db.connection() as connection:
            queries().renew_password_hash(
                connection, user_id=account.user_id, password_hash=renewed, present=account.password_hash
            )
    return True


def create_token(
    services: Services,
    username: str,
    *,
    scope: Literal["read", "write"] = "read",
    name: str = "",
    expires_at: datetime | None = None,
) -> str:
    """A new API token, to be shown once: only its hash is kept.

    Raises:
        NotFound: there is no such account.
        Invalid: the name is longer than 100 characters, or the scope is not known.
    """
    if len(name) > 100 or not _is_text(name):
        raise Invalid("the token's name cannot be taken", fields={"name": "at most 100 characters"})
    if scope not in ("read", "write"):
        raise Invalid("the token's scope is not known", fields={"scope": "read or write"})
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    with services.db.connection() as connection:
        row = queries().user_by_name(connection, username=username) if _is_text(username) else None
        if row is None:
            raise NotFound("there is no account of this name")
        queries().add_api_token(
            connection,
            user_id=row["id"],
            name=name,
            token_hash=token_hash(token),
            scope=scope,
            expires_at=expires_at,
        )
    return token


def identify_token(services: Services, token: str) -> Identity | None:
    """Whose API token this is, or None when it is not known or has expired."""
    with services.db.connection() as connection:
        row = queries().token_owner(connection, token_hash=token_hash(token))
    return None if row is None else Identity(**row, via="token")


def token_hash(token: str) -> bytes:
    """SHA-256 of a token. It has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _insert_user(
    services: Services,
    connection: Connection,
    username: str,
    password_hash: str,
    is_admin: bool,
    timezone: str,
    *,
    has_password: bool = True,
) -> int:
    secret = secrets.token_hex(32)
    try:
        user_id = int(
            queries().add_user(
                connection,
                username=username,
                password_hash=password_hash,
                timezone=timezone,
                is_admin=is_admin,
                has_password=has_password,
            )["id"]
        )
    except psycopg.errors.UniqueViolation as error:
        raise (from_database(error) or error) from None
    queries().add_user_settings(connection, user_id=user_id)
    queries().add_plex_config(
        connection,
        user_id=user_id,
        webhook_secret=services.cipher.encrypt(secret, column="plex_config.webhook_secret", row=user_id),
        webhook_secret_hash=secret_digest(secret),
    )
    return user_id


def username_problem(username: str) -> str | None:
    """What is expected of a name, where this one cannot be taken."""
    if (
        not USERNAME_LENGTH[0] <= len(username) <= USERNAME_LENGTH[1]
        or username != username.strip()
        or not username.isprintable()
    ):
        return "1 to 64 characters, none of them invisible, no space at its ends"
    return None


def password_problem(password: str) -> str | None:
    """What is expected of a password, where this one cannot be taken."""
    if not PASSWORD_LENGTH[0] <= len(password) <= PASSWORD_LENGTH[1] or not _is_text(password):
        return "8 to 256 characters"
    return None


def _check_new_account(username: str, password: str, timezone: str) -> None:
    problems = {"username": username_problem(username), "password": password_problem(password)}
    fields = {name: problem for name, problem in problems.items() if problem is not None}
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        fields["timezone"] = "the name of a time zone, such as Europe/Berlin"
    if fields:
        raise Invalid("the account cannot be made like this", fields=fields)


def _is_text(value: str) -> bool:
    """Whether PostgreSQL and UTF-8 can hold it: no NUL, no lone surrogate."""
    return "\0" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)


def _code_hash(code: str) -> bytes:
    letters = "".join(letter for letter in code.upper() if letter in CODE_ALPHABET)
    return hashlib.sha256(letters.encode()).digest()


def hash_password(password: str) -> str:
    """What is kept of a password.

    Raises:
        TooManyRequests: too many at once.
    """
    with _turn():
        return _hasher.hash(password)


@contextmanager
def _turn() -> Iterator[None]:
    if not _in_line.acquire(blocking=False):
        raise TooManyRequests("too many sign in at this moment: try again", retry_after=2)
    try:
        with _hashing:
            yield
    finally:
        _in_line.release()


def _verify(stored: str, password: str) -> bool:
    # A password that no account can have still costs a computation.
    candidate = password if len(password) <= PASSWORD_LENGTH[1] and _is_text(password) else ""
    with _turn():
        try:
            return _hasher.verify(stored, candidate)
        except (VerificationError, InvalidHashError):
            return False


@cache
def _hash_of_nobody() -> str:
    return hash_password(secrets.token_hex(16))
