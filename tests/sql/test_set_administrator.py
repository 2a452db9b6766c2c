"""set_administrator: who manages the others."""

from __future__ import annotations

from collections.abc import Callable

from tests.conftest import Connection
from tests.watch_state import refused, value


def change(conn: Connection, user_id: int, is_admin: bool) -> bool:
    return bool(value(conn, "select set_administrator(%s, %s)", (user_id, is_admin)))


def administrators(conn: Connection) -> list[int]:
    return [row["id"] for row in conn.execute("select id from users where is_admin order by id")]


def test_an_account_becomes_one_and_stops_being_one(conn: Connection, make_user: Callable[..., int]) -> None:
    olga, mira = make_user("olga"), make_user("mira")
    assert change(conn, olga, True)
    assert change(conn, mira, True)
    assert administrators(conn) == [olga, mira]
    assert change(conn, olga, False)
    assert administrators(conn) == [mira]


def test_what_is_so_already_is_no_change(conn: Connection, make_user: Callable[..., int]) -> None:
    olga, mira = make_user("olga"), make_user("mira")
    change(conn, olga, True)
    assert not change(conn, olga, True)
    assert not change(conn, mira, False)


def test_the_last_one_stays_one(conn: Connection, make_user: Callable[..., int]) -> None:
    olga = make_user("olga")
    make_user("mira")
    change(conn, olga, True)
    with refused(conn, "TK409"):
        change(conn, olga, False)
    assert administrators(conn) == [olga]


def test_nobody_is_made_one(conn: Connection) -> None:
    for is_admin in (True, False):
        with refused(conn, "TK404"):
            change(conn, 2**62, is_admin)
