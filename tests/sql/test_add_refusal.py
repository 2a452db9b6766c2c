"""add_refusal: why a show that was found is not added by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.watch_state import value

MakeUser = Callable[..., int]


EVENT = {
    "show_guid": "plex://show/1",
    "show_title": "Nightwatch",
    "show_year": 2019,
    "show_ids": {"tmdb": 1, "tvdb": 2, "imdb": "tt3"},
    "found": {"by": "tmdb", "title": "Night Watch"},
}


def refusal(conn: Connection, user_id: int, **event: Any) -> Any:
    return value(conn, "select add_refusal(%s, %s) as why", (user_id, Jsonb(EVENT | event)))


def test_a_show_that_nothing_speaks_against_is_added(conn: Connection, make_user: MakeUser) -> None:
    assert refusal(conn, make_user()) is None


def test_auto_add_can_be_off(conn: Connection, make_user: MakeUser) -> None:
    assert refusal(conn, make_user(auto_add_shows=False)) == "auto_add_off"


def test_home_videos_have_no_show_elsewhere(conn: Connection, make_user: MakeUser) -> None:
    assert refusal(conn, make_user(), show_guid="com.plexapp.agents.none://17") == "personal_media"


def test_what_the_user_deleted_is_known_by_its_ids_or_its_name(
    conn: Connection, make_user: MakeUser, make_show: Callable[..., int]
) -> None:
    for ids in ({"tmdb_id": 1}, {"tvdb_id": 2}, {"imdb_id": "tt3"}):
        user = make_user()
        conn.execute("select delete_show(%s, %s)", (user, make_show(user, "Other", **ids)))
        assert refusal(conn, user) == "deleted"
        assert refusal(conn, user, show_ids={"tmdb": 9}) is None
    for title in ("Nightwatch", "Night Watch"):
        user = make_user()
        conn.execute("select delete_show(%s, %s)", (user, make_show(user, title, year=2018)))
        assert refusal(conn, user) == "deleted"
        assert refusal(conn, user, show_year=2010) is None


def test_a_plex_show_that_is_not_to_be_tracked_is_known_by_its_ids_or_its_name(
    conn: Connection, make_user: MakeUser
) -> None:
    user = make_user()
    ignored = {"show_guid": "plex://show/2", "show_title": "Nightwatch", "show_year": 2019, "show_ids": {"tvdb": 2}}
    conn.execute("select map_show(%s, %s, null, 1, 'manual', true)", (user, Jsonb(ignored)))
    assert refusal(conn, user, show_title="Other", found={}) == "not_tracked"
    assert refusal(conn, user, show_ids={"tmdb": 9}) == "not_tracked"
    assert refusal(conn, user, show_ids={"tmdb": 9}, show_year=2010) is None


def test_what_another_user_deleted_is_no_reason(
    conn: Connection, make_user: MakeUser, make_show: Callable[..., int]
) -> None:
    other = make_user()
    conn.execute("select delete_show(%s, %s)", (other, make_show(other, "Nightwatch", tmdb_id=1)))
    assert refusal(conn, make_user()) is None
