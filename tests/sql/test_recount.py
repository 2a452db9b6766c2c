"""recount: the totals of a seasons document."""

from __future__ import annotations

from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.watch_state import one


def recount(conn: Connection, seasons: list[dict[str, Any]]) -> dict[str, Any]:
    return one(conn, "select * from recount(%s)", (Jsonb(seasons),))


@pytest.mark.parametrize("seasons", [[], [{"seasonNumber": 1, "episodes": []}]])
def test_nothing_counts_nothing(conn: Connection, seasons: list[dict[str, Any]]) -> None:
    assert recount(conn, seasons) == {"total_episodes": 0, "watched_episodes": 0, "total_minutes": 0}


def test_specials_and_episode_0_count_and_an_unknown_runtime_is_0_minutes(conn: Connection) -> None:
    seasons = [
        {"seasonNumber": 0, "episodes": [{"episodeNumber": 0, "runtime": 45, "watched": True}]},
        {
            "seasonNumber": 1,
            "episodes": [
                {"episodeNumber": 1, "runtime": None, "watched": True},
                {"episodeNumber": 2, "runtime": 22, "watched": False},
                {"episodeNumber": 3, "runtime": 23, "watched": True},
                {"episodeNumber": 4},
            ],
        },
    ]
    assert recount(conn, seasons) == {"total_episodes": 5, "watched_episodes": 3, "total_minutes": 68}
