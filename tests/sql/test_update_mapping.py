"""update_mapping: the user's corrections of a mapping."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.scrobbles import receive, scrobble
from tests.watch_state import one, refused

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def mapping_of(conn: Connection, user_id: int) -> dict[str, Any]:
    return one(conn, "select * from plex_show_mappings where user_id = %s", (user_id,))


def update(conn: Connection, user_id: int, mapping_id: int, **changes: Any) -> dict[str, Any]:
    conn.execute("select update_mapping(%s, %s, %s)", (user_id, mapping_id, Jsonb(changes)))
    return one(conn, "select * from plex_show_mappings where id = %s", (mapping_id,))


def mapped(conn: Connection, user_id: int) -> int:
    receive(conn, user_id, scrobble())
    mapping_id = mapping_of(conn, user_id)["id"]
    assert isinstance(mapping_id, int)
    return mapping_id


def test_another_show_is_the_users_own_answer_and_the_next_event_follows_it(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    make_show(user, "Harbour Lights")
    other = make_show(user, "Harbour Lights (2021)", year=2021)
    row = update(conn, user, mapped(conn, user), tvshow_id=other)
    assert (row["tvshow_id"], row["match_method"], float(row["match_confidence"])) == (other, "manual", 1.0)
    assert (row["manually_confirmed"], row["sync_enabled"]) == (True, True)
    assert receive(conn, user, scrobble(episode=2))["tvshow_id"] == other


def test_sync_can_be_turned_off_and_on(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user, "Harbour Lights")
    mapping = mapped(conn, user)
    row = update(conn, user, mapping, sync_enabled=False)
    assert (row["sync_enabled"], row["tvshow_id"], row["match_method"]) == (False, show, "title")
    assert receive(conn, user, scrobble(episode=2))["action"] == "sync_disabled"
    update(conn, user, mapping, sync_enabled=True)
    assert receive(conn, user, scrobble(episode=3))["status"] == "success"


def test_no_show_means_not_to_be_tracked(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    make_show(user, "Harbour Lights")
    row = update(conn, user, mapped(conn, user), tvshow_id=None)
    assert row["tvshow_id"] is None
    assert receive(conn, user, scrobble(episode=2))["action"] == "sync_disabled"


def test_a_confirmation_alone_changes_nothing_else(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user, "Harbour Lights")
    row = update(conn, user, mapped(conn, user), manually_confirmed=True)
    assert (row["manually_confirmed"], row["tvshow_id"], row["match_method"]) == (True, show, "title")


def test_a_show_or_mapping_that_is_not_the_users_is_not_there(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user, other = make_user(), make_user()
    show = make_show(user, "Harbour Lights")
    foreign = make_show(other, "Harbour Lights")
    mapping = mapped(conn, user)
    with refused(conn, "TK404"):
        update(conn, user, mapping, tvshow_id=foreign)
    with refused(conn, "TK404"):
        update(conn, other, mapping, tvshow_id=foreign)
    with refused(conn, "TK404"):
        update(conn, other, mapping, sync_enabled=False)
    with refused(conn, "TK404"):
        update(conn, user, 2**40, sync_enabled=False)
    gone = make_show(user, "Gone")
    conn.execute("select delete_show(%s, %s)", (user, gone))
    with refused(conn, "TK404"):
        update(conn, user, mapping, tvshow_id=gone)
    assert mapping_of(conn, user)["tvshow_id"] == show
