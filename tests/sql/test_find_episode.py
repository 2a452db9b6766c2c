"""find_episode: by number, where 0 is a number, or by an air date."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.watch_state import one


def episode(number: int, air_date: str | None = None) -> dict[str, Any]:
    return {"episodeNumber": number, "airDate": air_date, "title": f"No. {number}"}


SEASONS = [
    {"seasonNumber": 0, "episodes": [episode(0, "2020-01-01"), episode(1, "2021-06-01")]},
    {"seasonNumber": 1, "episodes": [episode(1, "2020-03-01"), episode(3, "2020-03-08"), episode(4)]},
    {"seasonNumber": 5, "episodes": [episode(1, "2021-06-01"), episode(2, "2021-06-02")]},
    {"seasonNumber": 6, "episodes": [episode(1, "2022-01-01"), episode(2, "2022-01-01")]},
]


def find(
    conn: Connection, season: int | None, number: int | None, air_date: date | None = None
) -> tuple[int, int] | None:
    """(season, episode) of what was found, after checking that the indexes and the entry belong to it."""
    row = one(conn, "select * from find_episode(%s, %s, %s, %s)", (Jsonb(SEASONS), season, number, air_date))
    if row["entry"] is None:
        return None
    document: Any = SEASONS[row["season_index"]]
    assert document["seasonNumber"] == row["season"]
    assert document["episodes"][row["episode_index"]] == row["entry"]
    assert row["entry"]["episodeNumber"] == row["episode"]
    return row["season"], row["episode"]


@pytest.mark.parametrize(("season", "number"), [(0, 0), (0, 1), (1, 1), (1, 3), (6, 2)])
def test_an_episode_is_found_by_its_numbers(conn: Connection, season: int, number: int) -> None:
    assert find(conn, season, number) == (season, number)


@pytest.mark.parametrize(("season", "number"), [(1, 2), (2, 1), (1, 0), (99, 99), (-1, -1)])
def test_a_number_that_is_not_there_is_not_another_episode(conn: Connection, season: int, number: int) -> None:
    assert find(conn, season, number, date(2020, 3, 1)) is None


def test_without_an_episode_number_the_air_date_decides(conn: Connection) -> None:
    assert find(conn, None, None, date(2020, 3, 8)) == (1, 3)
    assert find(conn, 1, None, date(2020, 3, 8)) == (1, 3)


def test_an_air_date_that_two_episodes_have_decides_only_within_a_season(conn: Connection) -> None:
    assert find(conn, None, None, date(2021, 6, 1)) is None
    assert find(conn, 5, None, date(2021, 6, 1)) == (5, 1)
    assert find(conn, 0, None, date(2021, 6, 1)) == (0, 1)
    assert find(conn, 6, None, date(2022, 1, 1)) is None


def test_an_air_date_in_another_season_that_the_show_has_does_not_count(conn: Connection) -> None:
    assert find(conn, 1, None, date(2021, 6, 2)) is None


def test_a_season_that_is_a_year_does_not_hinder_the_air_date(conn: Connection) -> None:
    assert find(conn, 2021, None, date(2021, 6, 2)) == (5, 2)


@pytest.mark.parametrize(("season", "number"), [(None, None), (1, None), (None, 1)])
def test_without_number_and_date_nothing_is_found(conn: Connection, season: int | None, number: int | None) -> None:
    assert find(conn, season, number) is None


def test_an_empty_show_has_no_episode(conn: Connection) -> None:
    row = one(conn, "select * from find_episode('[]', 1, 1, '2020-01-01')")
    assert row["entry"] is None
    row = one(conn, "select * from find_episode('[]', 1, null, '2020-01-01')")
    assert row["entry"] is None
