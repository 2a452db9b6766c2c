"""note_history: how far a server's history was read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.conftest import Connection
from tests.watch_state import one, value

MakeUser = Callable[..., int]


def day(number: int) -> datetime:
    return datetime(2026, 1, number, tzinfo=UTC)


def note(conn: Connection, user: int, to: datetime, *, is_import: bool, ended: bool, back: bool = False) -> None:
    conn.execute("select note_history(%s, 'S1', %s, %s, %s, %s)", (user, to, is_import, ended, back))


def position(conn: Connection, user: int) -> dict[str, Any]:
    return one(conn, "select * from plex_history_positions where user_id = %s", (user,))


def test_a_catch_up_moves_on_with_each_page_and_never_back(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    for number in (2, 5, 3):
        note(conn, user, day(number), is_import=False, ended=False)
    assert position(conn, user)["caught_up_to"] == day(5)
    assert position(conn, user)["looked_back_at"] is None


def test_a_look_back_is_remembered(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    note(conn, user, day(2), is_import=False, ended=True, back=True)
    note(conn, user, day(3), is_import=False, ended=True)
    assert position(conn, user)["looked_back_at"] is not None


def test_an_import_has_a_position_of_its_own_until_it_ends(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    conn.execute("update settings set history_import_wanted_at = now() where user_id = %s", (user,))
    note(conn, user, day(9), is_import=False, ended=True)
    note(conn, user, day(2), is_import=True, ended=False)
    assert (position(conn, user)["imported_to"], position(conn, user)["caught_up_to"]) == (day(2), day(9))
    note(conn, user, day(12), is_import=False, ended=True)
    assert position(conn, user)["imported_to"] == day(2)
    assert value(conn, "select history_import_wanted_at is null from settings where user_id = %s", (user,)) is False
    note(conn, user, day(20), is_import=True, ended=True)
    assert (position(conn, user)["imported_to"], position(conn, user)["caught_up_to"]) == (None, day(20))
    assert value(conn, "select history_import_wanted_at is null from settings where user_id = %s", (user,)) is True
