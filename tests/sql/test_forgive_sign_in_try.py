"""forgive_sign_in_try: a try that was right counts as no failure."""

from __future__ import annotations

from tests.conftest import Connection
from tests.sign_in_tries import fail, key, take
from tests.watch_state import value


def forgive(conn: Connection, asker: str, account: str | None = None, address: str | None = None) -> None:
    keys = [None if name is None else key(name) for name in (asker, account, address)]
    conn.execute("select forgive_sign_in_try(%s, %s, %s)", keys)


def failures(conn: Connection, name: str) -> int:
    count: int = value(conn, "select coalesce(max(failures), 0) from sign_in_tries where key = %s", (key(name),))
    return count


def test_who_was_right_begins_anew(conn: Connection) -> None:
    fail(conn, 7, "mira at home", "mira", "home")
    forgive(conn, "mira at home", "mira", "home")
    assert take(conn, "mira at home", "mira", "home") == 0
    assert failures(conn, "mira at home") == 1


def test_of_account_and_address_only_this_try_is_taken_back(conn: Connection) -> None:
    """Else who has an account could clear an address between tries at the accounts of others."""
    fail(conn, 15, "mira from afar", "mira", "afar")
    fail(conn, 1, "eve from afar", "eve", "afar")
    forgive(conn, "eve from afar", "eve", "afar")
    assert (failures(conn, "afar"), failures(conn, "mira"), failures(conn, "eve")) == (15, 15, 0)


def test_nobody_known_is_nobody_to_forgive(conn: Connection) -> None:
    forgive(conn, "nobody", "none", "nowhere")
    assert value(conn, "select count(*) from sign_in_tries") == 0
