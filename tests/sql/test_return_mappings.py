"""return_mappings: a show that the user adds again gets back what stood for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Connection
from tests.scrobbles import receive, scrobble
from tests.watch_state import one, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def deleted(conn: Connection, user: int, show: int) -> None:
    conn.execute("select delete_show(%s, %s)", (user, show))


def returned(conn: Connection, user: int, show: int) -> Any:
    return len(value(conn, "select return_mappings(%s, %s) as n", (user, show)))


@pytest.mark.parametrize("ids", [{"tmdb_id": 7}, {"tvdb_id": 7}, {"imdb_id": "tt0000007"}])
def test_the_mappings_that_its_deletion_emptied_come_back(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, ids: dict[str, Any]
) -> None:
    user = make_user()
    show = make_show(user, "Harbour Lights", **ids)
    receive(conn, user, scrobble())
    deleted(conn, user, show)
    again = make_show(user, "Harbour Lights (2021)", **ids)
    assert returned(conn, user, again) == 1
    mapping = one(conn, "select * from plex_show_mappings where user_id = %s", (user,))
    assert (mapping["tvshow_id"], mapping["emptied_tvshow_id"]) == (again, None)
    assert receive(conn, user, scrobble(episode=2))["tvshow_id"] == again
    assert returned(conn, user, again) == 0


@pytest.mark.parametrize(
    ("before", "again", "is_the_same"),
    [
        ({}, {}, True),
        ({"year": 2019}, {"year": 2019}, True),
        ({"year": 2019}, {}, True),
        ({"tmdb_id": 7}, {}, True),
        ({"year": 2009}, {"year": 2020}, False),
        ({"tmdb_id": 7}, {"tmdb_id": 8}, False),
        ({"tvdb_id": 7}, {"tvdb_id": 8, "tmdb_id": 1}, False),
    ],
    ids=str,
)
def test_a_show_that_is_added_again_by_its_name_is_tracked_again(
    conn: Connection,
    make_user: MakeUser,
    make_show: MakeShow,
    before: dict[str, Any],
    again: dict[str, Any],
    is_the_same: bool,
) -> None:
    user = make_user()
    show = make_show(user, "Harbour Lights", **before)
    receive(conn, user, scrobble())
    deleted(conn, user, show)
    anew = make_show(user, "Harbour  lights", **again)
    assert returned(conn, user, anew) == is_the_same
    event = receive(conn, user, scrobble(episode=2))
    assert (event["tvshow_id"], event["action"]) == (
        (anew, "marked_watched") if is_the_same else (None, "sync_disabled")
    )


def test_those_of_another_show_or_user_do_not(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user, stranger = make_user(), make_user()
    for who in (user, stranger):
        show = make_show(who, "Harbour Lights", tmdb_id=7, tvdb_id=1)
        receive(conn, who, scrobble())
        deleted(conn, who, show)
    assert returned(conn, user, make_show(user, "Harbour Lights", tmdb_id=8)) == 0
    assert returned(conn, user, make_show(user, "Without ids")) == 0
    assert returned(conn, stranger, make_show(user, "Mine", tmdb_id=7)) == 0


def test_what_was_ignored_for_good_stays_ignored(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user, "Harbour Lights", tmdb_id=7)
    receive(conn, user, scrobble())
    deleted(conn, user, show)
    mapping = one(conn, "select id from plex_show_mappings where user_id = %s", (user,))["id"]
    conn.execute("""select update_mapping(%s, %s, '{"tvshow_id": null}')""", (user, mapping))
    assert returned(conn, user, make_show(user, "Harbour Lights", tmdb_id=7)) == 0
    assert receive(conn, user, scrobble(episode=2))["action"] == "sync_disabled"


def test_a_mapping_that_was_switched_off_comes_back_switched_off(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, "Harbour Lights", tmdb_id=7)
    receive(conn, user, scrobble())
    conn.execute("update plex_show_mappings set sync_enabled = false where user_id = %s", (user,))
    deleted(conn, user, show)
    again = make_show(user, "Harbour Lights", tmdb_id=7)
    assert returned(conn, user, again) == 1
    mapping = one(conn, "select * from plex_show_mappings where user_id = %s", (user,))
    assert (mapping["tvshow_id"], mapping["sync_enabled"]) == (again, False)
