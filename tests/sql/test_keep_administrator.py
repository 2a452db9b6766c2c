"""keep_administrator: without one nobody could manage what is left."""

from __future__ import annotations

from collections.abc import Callable

from tests.conftest import Connection
from tests.watch_state import refused


def test_the_only_administrator_is_kept(conn: Connection, make_user: Callable[..., int]) -> None:
    olga, mira = make_user("olga"), make_user("mira")
    conn.execute("update users set is_admin = true where id = %s", (olga,))

    with refused(conn, "TK409"):
        conn.execute("select keep_administrator(%s)", (olga,))
    conn.execute("select keep_administrator(%s)", (mira,))


def test_one_of_two_may_go(conn: Connection, make_user: Callable[..., int]) -> None:
    olga, mira = make_user("olga"), make_user("mira")
    conn.execute("update users set is_admin = true")

    for user_id in (olga, mira):
        conn.execute("select keep_administrator(%s)", (user_id,))
