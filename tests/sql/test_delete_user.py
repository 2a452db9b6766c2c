"""delete_user: everything of one account goes, and nothing of another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conftest import Connection
from tests.schema.test_users import furnish
from tests.security.possessions import everything_of
from tests.watch_state import refused, value

MakeUser = Callable[..., int]


def rows_of(conn: Connection, user_id: int) -> dict[str, list[Any]]:
    """All of an account, its sessions too."""
    sessions = conn.execute("select id from sessions where user_id = %s", (user_id,)).fetchall()
    return everything_of(conn, user_id) | {"sessions": sessions}


def test_it_goes_with_everything_and_nobody_else_loses_anything(
    conn: Connection, make_user: MakeUser, make_show: Callable[..., int]
) -> None:
    mine, theirs = furnish(conn, make_user, make_show), furnish(conn, make_user, make_show)
    mira, otto = mine["user_id"], theirs["user_id"]
    before = rows_of(conn, otto)
    empty = [table for table, rows in before.items() if not rows]
    assert empty == []

    assert value(conn, "select delete_user(%s)", (mira,)) == "user1"

    # With what is looked at when the transaction ends.
    conn.execute("set constraints all immediate")
    assert [table for table, rows in rows_of(conn, mira).items() if rows] == []
    assert value(conn, "select count(*) from users where id = %s", (mira,)) == 0
    assert rows_of(conn, otto) == before


def test_the_last_administrator_is_not_deleted(conn: Connection, make_user: MakeUser) -> None:
    olga, mira = make_user("olga"), make_user("mira")
    conn.execute("update users set is_admin = true where id = %s", (olga,))
    with refused(conn, "TK409"):
        conn.execute("select delete_user(%s)", (olga,))

    conn.execute("select set_administrator(%s, true)", (mira,))
    assert value(conn, "select delete_user(%s)", (olga,)) == "olga"


def test_nobody_is_deleted_twice(conn: Connection, make_user: MakeUser) -> None:
    mira = make_user("mira")
    conn.execute("select delete_user(%s)", (mira,))
    with refused(conn, "TK404"):
        conn.execute("select delete_user(%s)", (mira,))
