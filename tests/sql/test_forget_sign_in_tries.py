"""forget_sign_in_tries: what is not kept, so that nobody fills the table."""

from __future__ import annotations

from tests.conftest import Connection
from tests.sign_in_tries import fail, key, take
from tests.watch_state import value


def forget(conn: Connection) -> int:
    count: int = value(conn, "select forget_sign_in_tries()")
    return count


def test_failures_of_a_day_ago_go(conn: Connection) -> None:
    fail(conn, 3, "a")
    fail(conn, 2, "b")
    conn.execute("update sign_in_tries set failed_at = failed_at - interval '25 hours' where key = %s", (key("a"),))
    assert forget(conn) == 1
    assert value(conn, "select count(*) from sign_in_tries where key = %s", (key("b"),)) == 1


def test_never_more_than_20000_are_kept_and_the_oldest_go(conn: Connection) -> None:
    conn.execute(
        """insert into sign_in_tries (key, failed_at)
           select sha256(n::text::bytea), now() - make_interval(secs => n) from generate_series(1, 20500) n"""
    )
    assert forget(conn) == 500
    assert value(conn, "select count(*) from sign_in_tries where key = sha256('20000')") == 1
    assert value(conn, "select count(*) from sign_in_tries where key = sha256('20001')") == 0


def test_somebody_new_has_them_forgotten(conn: Connection) -> None:
    conn.execute(
        """insert into sign_in_tries (key, failed_at)
           select sha256(n::text::bytea), now() - make_interval(secs => n) from generate_series(1, 20500) n"""
    )
    assert take(conn, "new", "account", "address") == 0
    assert value(conn, "select count(*) from sign_in_tries") == 20_000
