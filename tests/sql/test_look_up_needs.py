"""look_up_needs: what could be asked, and whom, to learn which show it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.watch_state import value

MakeUser = Callable[..., int]
EVENT = {
    "server_uuid": "S1",
    "show_rating_key": "12",
    "show_ids": {"tvdb": 7, "anidb": 8},
    "episode_ids": {"imdb": "tt9"},
}


def needs(conn: Connection, user_id: int, *, has_tmdb: bool = False, **event: Any) -> Any:
    return value(conn, "select look_up_needs(%s, %s, %s) as needs", (user_id, Jsonb(EVENT | event), has_tmdb))


def test_with_neither_token_nor_key_nothing_can_be_asked(conn: Connection, make_user: MakeUser) -> None:
    assert needs(conn, make_user()) == {}


def test_with_a_token_the_plex_server_is_asked_for_the_show(conn: Connection, make_user: MakeUser) -> None:
    user = make_user(plex_token="00:00:00")
    assert needs(conn, user) == {"plex_show": "12"}
    assert needs(conn, user, show_rating_key=None) == {}


def test_a_token_is_good_for_its_own_server_only(conn: Connection, make_user: MakeUser) -> None:
    user = make_user(plex_token="00:00:00", plex_server_uuid="S1")
    assert needs(conn, user) == {"plex_show": "12"}
    assert needs(conn, user, server_uuid="S2") == {}


def test_with_a_key_tmdb_is_asked_for_its_kinds_of_ids(conn: Connection, make_user: MakeUser) -> None:
    expected = {"tmdb_show_ids": {"tvdb": 7}, "tmdb_episode_ids": {"imdb": "tt9"}}
    assert needs(conn, make_user(), has_tmdb=True) == expected
    user = make_user()
    conn.execute("update settings set tmdb_api_key = '00:00:00' where user_id = %s", (user,))
    assert needs(conn, user) == expected


def test_without_ids_tmdb_cannot_be_asked(conn: Connection, make_user: MakeUser) -> None:
    assert needs(conn, make_user(), has_tmdb=True, show_ids={"anidb": 8}, episode_ids=None) == {}
    assert needs(conn, make_user(), has_tmdb=True, show_ids=None, episode_ids={}) == {}
