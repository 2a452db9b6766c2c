"""lock_sign_in_tries: what is known of somebody's failures, and what is forgotten."""

from __future__ import annotations

from typing import Any

from tests.conftest import Connection
from tests.sign_in_tries import fail, key
from tests.watch_state import one, value


def look(conn: Connection, name: str) -> dict[str, Any]:
    return one(conn, "select * from lock_sign_in_tries(%s)", (key(name),))


def test_of_somebody_new_nothing_is_known(conn: Connection) -> None:
    assert look(conn, "a") == {"failures": 0, "not_before": None, "is_new": True}
    assert look(conn, "a")["is_new"] is False


def test_failures_of_a_day_ago_count_no_more_and_go_when_somebody_new_comes(conn: Connection) -> None:
    fail(conn, 3, "a")
    fail(conn, 2, "b")
    conn.execute("update sign_in_tries set failed_at = failed_at - interval '25 hours' where key = %s", (key("a"),))
    assert look(conn, "a")["failures"] == 0
    assert look(conn, "b")["failures"] == 2
    look(conn, "c")
    assert value(conn, "select count(*) from sign_in_tries") == 2


def test_never_more_than_20000_are_kept_and_the_oldest_go(conn: Connection) -> None:
    conn.execute(
        """insert into sign_in_tries (key, failed_at)
           select sha256(n::text::bytea), now() - make_interval(secs => n) from generate_series(1, 20500) n"""
    )
    assert look(conn, "new")["is_new"]
    assert value(conn, "select count(*) from sign_in_tries") == 20_000
    assert value(conn, "select count(*) from sign_in_tries where key = sha256('19999')") == 1
    assert value(conn, "select count(*) from sign_in_tries where key = sha256('20001')") == 0


def test_a_clock_that_was_ahead_once_keeps_nobody_out_until_then(conn: Connection) -> None:
    fail(conn, 6, "a")
    conn.execute("update sign_in_tries set not_before = '2038-01-19'")
    assert look(conn, "a")["not_before"] is None
