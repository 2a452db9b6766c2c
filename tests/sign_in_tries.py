"""Tries at a sign-in, as take_sign_in_try counts them."""

from __future__ import annotations

import hashlib

from tests.conftest import Connection
from tests.watch_state import value


def key(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def take(
    conn: Connection, asker: str, account: str | None = None, address: str | None = None, *, strict: bool = False
) -> int:
    """Seconds to wait; 0 for a try that was let through."""
    keys = [None if name is None else key(name) for name in (asker, account, address)]
    seconds: int = value(conn, "select take_sign_in_try(%s, %s, %s, %s)", [*keys, strict])
    return seconds


def wait(conn: Connection, seconds: float) -> None:
    """Time goes by."""
    conn.execute(
        """update sign_in_tries set not_before = not_before - make_interval(secs => %(s)s),
                                    failed_at = failed_at - make_interval(secs => %(s)s)""",
        {"s": seconds},
    )


def fail(conn: Connection, times: int, asker: str, account: str | None = None, address: str | None = None) -> None:
    """So many failures, however long each has to wait."""
    for _ in range(times):
        while seconds := take(conn, asker, account, address):
            wait(conn, seconds)


def hold(conn: Connection) -> None:
    """Delays that have begun do not end while a slow machine goes on with the test."""
    conn.execute("update sign_in_tries set not_before = now() + interval '1 minute' where not_before > failed_at")
