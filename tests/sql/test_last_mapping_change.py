"""last_mapping_change: which change of a mapping would be taken back."""

from __future__ import annotations

from collections.abc import Callable

from tests.conftest import Connection
from tests.sql.test_note_mapping_change import RULE, changes, save
from tests.sql.test_update_mapping import mapped, update
from tests.watch_state import value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def last(conn: Connection, mapping_id: int) -> str | None:
    row = conn.execute("select what from mapping_changes where id = last_mapping_change(%s)", (mapping_id,)).fetchone()
    return None if row is None else row["what"]


def test_it_is_the_last_one_that_was_not_taken_back(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    make_show(user, "Harbour Lights")
    mapping = mapped(conn, user)
    assert last(conn, mapping) == "found"
    update(conn, user, mapping, manually_confirmed=True)
    save(conn, user, mapping, RULE)
    assert last(conn, mapping) == "rules"
    for expected in ("changed", "found"):
        value(conn, "select undo_mapping(%s, %s)", (user, mapping))
        assert last(conn, mapping) == expected
    assert [c["what"] for c in changes(conn, mapping)] == ["found", "changed", "rules", "undone", "undone"]


def test_what_was_read_from_the_names_of_files_stands_in_nobodys_way(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    make_show(user, "Harbour Lights")
    mapping = mapped(conn, user)
    update(conn, user, mapping, manually_confirmed=True)
    save(conn, user, mapping, RULE, source="plex_file")
    assert last(conn, mapping) == "changed"


def test_of_a_mapping_that_is_not_there_it_is_none(conn: Connection) -> None:
    assert last(conn, 2**40) is None
