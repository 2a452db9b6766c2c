"""next_episode: where a show goes on."""

from __future__ import annotations

from datetime import date
from typing import Any

from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.watch_state import one

TODAY = date(2026, 3, 1)


def season(number: int, *episodes: tuple[int, bool, str | None]) -> dict[str, Any]:
    """`episodes`: number, watched, air date."""
    return {
        "seasonNumber": number,
        "episodes": [
            {"episodeNumber": episode, "title": f"Number {episode}", "airDate": aired, "watched": watched}
            for episode, watched, aired in episodes
        ],
    }


def following(conn: Connection, *seasons: dict[str, Any]) -> dict[str, Any]:
    return one(conn, "select * from next_episode(%s, %s)", (Jsonb(list(seasons)), TODAY))


def place(conn: Connection, *seasons: dict[str, Any]) -> tuple[int | None, int | None]:
    row = following(conn, *seasons)
    return row["season"], row["episode"]


def test_it_is_the_one_behind_the_last_with_its_title_date_and_how_far_the_show_is(conn: Connection) -> None:
    found = following(conn, season(1, (1, True, "2025-01-01"), (2, False, "2025-01-08"), (3, False, "2025-01-15")))
    assert found == {
        "season": 1,
        "episode": 2,
        "title": "Number 2",
        "air_date": date(2025, 1, 8),
        "watched": 1,
        "aired": 3,
    }


def test_it_goes_on_in_the_next_season_whatever_the_order_of_the_document(conn: Connection) -> None:
    seasons = season(3, (1, False, None)), season(2, (2, True, None), (1, True, None)), season(10, (1, False, None))
    assert place(conn, *seasons) == (3, 1)


def test_what_was_left_out_before_the_furthest_one_is_not_asked_for(conn: Connection) -> None:
    seasons = season(1, (1, False, None), (2, False, None)), season(2, (1, True, None), (2, False, None))
    assert place(conn, *seasons) == (2, 2)


def test_what_airs_today_is_there_and_what_airs_tomorrow_is_not(conn: Connection) -> None:
    assert place(conn, season(1, (1, True, "2026-02-22"), (2, False, "2026-03-01"))) == (1, 2)
    assert place(conn, season(1, (1, True, "2026-02-22"), (2, False, "2026-03-02"))) == (None, None)


def test_without_a_date_it_is_there_only_where_no_date_is_known_at_all(conn: Connection) -> None:
    assert place(conn, season(1, (1, True, None), (2, False, None))) == (1, 2)
    announced = season(1, (1, True, "2025-01-01")), season(2, (1, False, None))
    assert place(conn, *announced) == (None, None)
    assert following(conn, *announced)["aired"] == 1


def test_a_date_that_is_none_counts_as_no_date(conn: Connection) -> None:
    assert place(conn, season(1, (1, True, None), (2, False, "soon"))) == (1, 2)


def test_specials_neither_go_on_nor_are_gone_on_with(conn: Connection) -> None:
    assert place(conn, season(0, (1, True, None), (2, False, None)), season(1, (1, False, None))) == (None, None)
    found = following(conn, season(0, (1, False, None)), season(1, (1, True, None)))
    assert (found["season"], found["watched"], found["aired"]) == (None, 1, 1)


def test_episode_0_is_one_like_any_other(conn: Connection) -> None:
    assert place(conn, season(1, (0, True, None), (1, False, None))) == (1, 1)


def test_a_show_that_is_through_not_begun_or_empty_goes_on_nowhere(conn: Connection) -> None:
    assert place(conn, season(1, (1, True, None))) == (None, None)
    assert place(conn, season(1, (1, False, None))) == (None, None)
    assert following(conn) == {
        "season": None,
        "episode": None,
        "title": None,
        "air_date": None,
        "watched": 0,
        "aired": 0,
    }
