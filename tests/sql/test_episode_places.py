"""episode_places: the episodes of a document, with their absolute numbers."""

from __future__ import annotations

from typing import Any

from psycopg.types.json import Jsonb

from tests.conftest import Connection, season_documents


def numbers(conn: Connection, seasons: list[dict[str, Any]]) -> dict[tuple[int, int], int | None]:
    rows = conn.execute("select * from episode_places(%s)", (Jsonb(seasons),)).fetchall()
    return {(row["season"], row["episode"]): row["absolute"] for row in rows}


def season(number: int, *episodes: int) -> dict[str, Any]:
    return {"seasonNumber": number, "episodes": [{"episodeNumber": n} for n in episodes]}


def test_numbers_go_on_from_season_to_season_and_specials_have_none(conn: Connection) -> None:
    found = numbers(conn, season_documents({0: 2, 1: 2, 2: 3}))
    assert found == {(0, 1): None, (0, 2): None, (1, 1): 1, (1, 2): 2, (2, 1): 3, (2, 2): 4, (2, 3): 5}


def test_a_show_that_counts_on_by_itself_is_left_as_it_is(conn: Connection) -> None:
    assert numbers(conn, [season(1, 1, 2), season(2, 3, 4), season(3, 1)]) == {
        (1, 1): 1,
        (1, 2): 2,
        (2, 3): 3,
        (2, 4): 4,
        (3, 1): 5,
    }


def test_an_episode_that_the_tracker_lacks_is_counted_all_the_same(conn: Connection) -> None:
    assert numbers(conn, [season(1, 1, 3), season(2, 1)])[2, 1] == 4


def test_an_episode_zero_is_not_counted(conn: Connection) -> None:
    assert numbers(conn, [season(1, 0, 1), season(2, 1)]) == {(1, 0): None, (1, 1): 1, (2, 1): 2}


def test_dates_and_titles_come_along_and_an_empty_show_has_no_places(conn: Connection) -> None:
    entry = {"episodeNumber": 1, "title": "Fog", "airDate": "2024-10-14"}
    (row,) = conn.execute(
        "select title, air_date::text from episode_places(%s)", (Jsonb([{"seasonNumber": 3, "episodes": [entry]}]),)
    ).fetchall()
    assert row == {"title": "Fog", "air_date": "2024-10-14"}
    assert numbers(conn, []) == {}
    assert numbers(conn, [{"seasonNumber": 1, "episodes": []}, season(2, 1)]) == {(2, 1): 1}
