"""lock_sign_in_tries: what is known of somebody's failures."""

from __future__ import annotations

from typing import Any

from tests.conftest import Connection
from tests.sign_in_tries import fail, key
from tests.watch_state import one


def look(conn: Connection, name: str) -> dict[str, Any]:
    return one(conn, "select * from lock_sign_in_tries(%s)", (key(name),))


def test_of_somebody_new_nothing_is_known(conn: Connection) -> None:
    assert look(conn, "a") == {"failures": 0, "not_before": None, "is_new": True}
    assert look(conn, "a")["is_new"] is False


def test_failures_of_a_day_ago_count_no_more(conn: Connection) -> None:
    fail(conn, 3, "a")
    fail(conn, 2, "b")
    conn.execute("update sign_in_tries set failed_at = failed_at - interval '25 hours' where key = %s", (key("a"),))
    assert look(conn, "a")["failures"] == 0
    assert look(conn, "b")["failures"] == 2


def test_a_clock_that_was_ahead_once_keeps_nobody_out_until_then(conn: Connection) -> None:
    fail(conn, 6, "a")
    conn.execute("update sign_in_tries set not_before = '2038-01-19'")
    assert look(conn, "a")["not_before"] is None
