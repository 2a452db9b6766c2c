"""How often somebody may try to prove who they are: delays that grow, kept in PostgreSQL, so that replicas share them.

docs/adr/0011-sign-in-delays.md says why they are as they are.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from app.db.queries import queries
from app.errors import TooManyRequests
from app.security.client_address import place_of

if TYPE_CHECKING:
    from app.services import Services

log = structlog.get_logger("tellykeep.door")


@dataclass(frozen=True)
class Tries:
    """Whose failures count, as keyed hashes.

    Attributes:
        asker: who is to wait first and longest.
        account: whom they want to be; None where nobody else has to wait for it.
        address: where they are; None where it says nothing.
        strict: whether everybody waits for the failures of the account, not only who is new.
    """

    asker: bytes
    account: bytes | None = None
    address: bytes | None = None
    strict: bool = False


class Admitted:
    """A try that was let through, and counts as failed until it is said to be right."""

    def __init__(self) -> None:
        self.right = False


def of_sign_in(services: Services, account: str, address: str | None, browser: str | None) -> Tries:
    """The tries at a password.

    Args:
        services: the application's parts.
        account: names the account, the same for every spelling of its name.
        address: the client's IP address.
        browser: names the browser where the account has signed in before (app.security.known_browser). Its failures are
            its own: what others do to the account or from the same address, as behind one router, holds nobody up in it.
    """
    if browser is not None:
        return Tries(_key(services, "browser", browser, account))
    place = place_of(address)
    return Tries(
        _key(services, "account at address", account, place),
        _key(services, "account", account),
        _key(services, "address", place),
    )


def of_second_step(services: Services, user_id: int, address: str | None, browser: str | None) -> Tries:
    """The tries at a code, by somebody who knows the password. A code is short: more addresses give no more tries."""
    if browser is not None:
        return Tries(_key(services, "code in browser", browser, str(user_id)))
    return Tries(
        _key(services, "code at address", str(user_id), place_of(address)),
        _key(services, "code", str(user_id)),
        strict=True,
    )


def of_confirmation(services: Services, user_id: int) -> Tries:
    """The tries at the password of somebody who is signed in, such as with a stolen session."""
    return Tries(_key(services, "confirmation", str(user_id)))


@contextmanager
def one_try(services: Services, tries: Tries) -> Iterator[Admitted]:
    """Lets one try through; nothing is compared before it is counted.

    Raises:
        TooManyRequests: not yet.
    """
    keys = {"asker": tries.asker, "account": tries.account, "address": tries.address}
    with services.db.connection() as connection, connection.transaction():
        seconds = int(queries().take_sign_in_try(connection, **keys, strict=tries.strict))
    if seconds > 0:
        raise TooManyRequests(f"too many tries: wait {_in_words(seconds)}, then try again", retry_after=seconds)
    admitted = Admitted()
    yield admitted
    if admitted.right:
        with services.db.connection() as connection, connection.transaction():
            queries().forgive_sign_in_try(connection, **keys)


def _key(services: Services, *parts: str) -> bytes:
    text = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hmac.new(services.cipher.derive("sign-in tries"), text, hashlib.sha256).digest()


def _in_words(seconds: int) -> str:
    if seconds < 90:
        return f"{seconds} second{'' if seconds == 1 else 's'}"
    return f"{-(-seconds // 60)} minutes"
