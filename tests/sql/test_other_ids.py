"""other_ids: whether a show of the tracker is another one by its ids."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.watch_state import value

MakeUser = Callable[..., int]


def differ(conn: Connection, show_id: int, ids: dict[str, Any] | None, method: str | None = None) -> Any:
    return value(conn, "select other_ids(%s, %s, %s) as differ", (show_id, None if ids is None else Jsonb(ids), method))


def test_one_id_of_a_kind_that_differs_makes_it_another_show(
    conn: Connection, make_user: MakeUser, make_show: Callable[..., int]
) -> None:
    show = make_show(make_user(), tmdb_id=1, imdb_id="tt3")
    assert differ(conn, show, {"tmdb": 2}) is True
    assert differ(conn, show, {"tmdb": 1, "imdb": "tt4"}) is True
    assert differ(conn, show, {"tmdb": 1, "imdb": "tt3"}) is False


def test_a_kind_that_only_one_of_them_has_says_nothing(
    conn: Connection, make_user: MakeUser, make_show: Callable[..., int]
) -> None:
    show = make_show(make_user(), tmdb_id=1)
    assert differ(conn, show, {"tvdb": 7, "anidb": 9}) is False
    assert differ(conn, show, {}) is False
    assert differ(conn, show, None) is False


def test_what_was_found_by_an_id_is_held_against_better_kinds_only(
    conn: Connection, make_user: MakeUser, make_show: Callable[..., int]
) -> None:
    show = make_show(make_user(), tmdb_id=1, tvdb_id=2, imdb_id="tt3")
    assert differ(conn, show, {"tmdb": 1, "tvdb": 9, "imdb": "tt9"}, "tmdb_id") is False
    assert differ(conn, show, {"tmdb": 9, "tvdb": 2}, "tvdb_id") is True
    assert differ(conn, show, {"tvdb": 2, "imdb": "tt9"}, "tvdb_id") is False
    assert differ(conn, show, {"tvdb": 9, "imdb": "tt3"}, "imdb_id") is True
