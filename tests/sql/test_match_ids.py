"""match_ids: show-level ids of the public databases."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.watch_state import one


def match(conn: Connection, user_id: int, **ids: Any) -> dict[str, Any]:
    return one(conn, "select * from match_ids(%s, %s)", (user_id, Jsonb(ids)))


@pytest.mark.parametrize(
    ("ids", "confidence", "method"),
    [
        ({"tmdb": 70523}, "1.00", "tmdb_id"),
        ({"tvdb": 334824}, "0.95", "tvdb_id"),
        ({"imdb": "tt5753856"}, "0.95", "imdb_id"),
        ({"tmdb": 70523, "tvdb": 334824, "imdb": "tt5753856"}, "1.00", "tmdb_id"),
        ({"tmdb": 70523, "tvdb": 999}, "1.00", "tmdb_id"),
        ({"tmdb": 999, "imdb": "tt5753856"}, "0.95", "imdb_id"),
    ],
)
def test_one_show_with_one_of_the_ids_is_it(
    conn: Connection,
    make_user: Callable[..., int],
    make_show: Callable[..., int],
    ids: dict[str, Any],
    confidence: str,
    method: str,
) -> None:
    user = make_user()
    show = make_show(user, "Dark", year=2017, tmdb_id=70523, tvdb_id=334824, imdb_id="tt5753856")
    make_show(user, "Dark Matter", tmdb_id=1, tvdb_id=2, imdb_id="tt0000003")
    row = match(conn, user, **ids)
    assert (row["tvshow_id"], row["confidence"], row["method"]) == (show, Decimal(confidence), method)
    (candidate,) = row["candidates"]
    assert candidate["tvshow_id"] == show
    assert (candidate["title"], candidate["year"], candidate["tmdb_id"]) == ("Dark", 2017, 70523)


def test_ids_that_point_to_different_shows_decide_nothing(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user = make_user()
    one_show = make_show(user, "Dark", tvdb_id=1)
    other = make_show(user, "Dark Matter", tmdb_id=2)
    row = match(conn, user, tvdb=1, tmdb=2)
    assert row["tvshow_id"] is None
    assert [c["tvshow_id"] for c in row["candidates"]] == [other, one_show]
    assert [c["reason"] for c in row["candidates"]] == ["same TMDB id", "same TVDB id"]


@pytest.mark.parametrize("ids", [{}, {"tmdb": 5}, {"anidb": 70523}, {"imdb": "tt1"}, {"tvdb": None}])
def test_unknown_ids_find_nothing(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int], ids: dict[str, Any]
) -> None:
    user = make_user()
    make_show(user, "Dark", tmdb_id=70523)
    make_show(user, "No ids")
    row = match(conn, user, **ids)
    assert (row["tvshow_id"], row["candidates"]) == (None, [])


def test_a_deleted_show_and_another_users_show_are_not_found(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user, other = make_user(), make_user()
    show = make_show(user, "Dark", tmdb_id=70523)
    assert match(conn, other, tmdb=70523)["tvshow_id"] is None
    conn.execute("select delete_show(%s, %s)", (user, show))
    assert match(conn, user, tmdb=70523)["tvshow_id"] is None
