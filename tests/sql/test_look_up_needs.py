"""look_up_needs: what is to be asked next to learn by ids which show it is."""

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
    "episode_ids": {"imdb": "tt9", "tvdb": 5, "tmdb": 4},
}


def needs(conn: Connection, user_id: int, *, has_tmdb: bool = False, **event: Any) -> Any:
    return value(conn, "select look_up_needs(%s, %s, %s) as needs", (user_id, Jsonb(EVENT | event), has_tmdb))


def test_with_neither_token_nor_key_nothing_is_asked(conn: Connection, make_user: MakeUser) -> None:
    assert needs(conn, make_user()) == {}


def test_the_plex_server_is_asked_for_the_show_first_and_once(conn: Connection, make_user: MakeUser) -> None:
    user = make_user(plex_token="00:00:00")
    assert needs(conn, user, has_tmdb=True) == {"plex_show": "12"}
    assert needs(conn, user, lookup={"plex_show": {"gone": True}}) == {}


def test_then_tmdb_for_ids_of_the_show_and_then_for_those_of_the_episode(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    assert needs(conn, user, has_tmdb=True) == {"tmdb_find": ["tvdb_id:7"]}
    nothing: dict[str, Any] = {"shows": [], "episodes": []}
    lookup: dict[str, Any] = {"tmdb_find": {"tvdb_id:7": nothing}}
    assert needs(conn, user, has_tmdb=True, lookup=lookup) == {"tmdb_find": ["tvdb_id:5", "imdb_id:tt9"]}
    lookup["tmdb_find"] |= {"tvdb_id:5": nothing, "imdb_id:tt9": nothing}
    assert needs(conn, user, has_tmdb=True, lookup=lookup) == {}


def test_a_tmdb_id_needs_no_search_but_what_tmdb_knows_of_that_show(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    assert needs(conn, user, has_tmdb=True, show_ids={"tmdb": 3, "tvdb": 7}) == {"tmdb_show": 3}
    assert needs(conn, user, has_tmdb=True, show_ids={"tmdb": 3}, lookup={"tmdb_shows": {"3": {"title": "X"}}}) == {}


def test_without_ids_that_tmdb_finds_by_it_is_not_asked(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    assert needs(conn, user, has_tmdb=True, show_ids={"anidb": 8}, episode_ids={"tmdb": 4}) == {}
    assert needs(conn, user, has_tmdb=True, show_ids=None, episode_ids=None) == {}
