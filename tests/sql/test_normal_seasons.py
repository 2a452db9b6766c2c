"""normal_seasons: the stored form of a seasons document."""

from __future__ import annotations

from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.watch_state import refused, value

EPISODE = {"title": None, "airDate": None, "runtime": None, "watched": False, "dateWatched": None}


def normal(conn: Connection, seasons: Any) -> Any:
    return value(conn, "select normal_seasons(%s) as seasons", (Jsonb(seasons),))


def test_seasons_and_episodes_are_put_in_order_with_every_key(conn: Connection) -> None:
    given = [
        {"seasonNumber": 2, "episodes": [{"episodeNumber": 10}, {"episodeNumber": 9, "title": "Nine"}]},
        {"seasonNumber": 0, "episodes": [{"episodeNumber": 0, "runtime": 7, "airDate": "2020-02-29"}]},
    ]
    assert normal(conn, given) == [
        {
            "seasonNumber": 0,
            "episodes": [EPISODE | {"episodeNumber": 0, "runtime": 7, "airDate": "2020-02-29"}],
        },
        {
            "seasonNumber": 2,
            "episodes": [
                EPISODE | {"episodeNumber": 9, "title": "Nine"},
                EPISODE | {"episodeNumber": 10},
            ],
        },
    ]


def test_of_the_same_episode_twice_the_first_stays(conn: Connection) -> None:
    given = [
        {"seasonNumber": 1, "episodes": [{"episodeNumber": 1, "title": "first"}]},
        {"seasonNumber": 1, "episodes": [{"episodeNumber": 1, "title": "second"}, {"episodeNumber": 2}]},
    ]
    (season,) = normal(conn, given)
    assert [(e["episodeNumber"], e["title"]) for e in season["episodes"]] == [(1, "first"), (2, None)]


def test_numbers_may_be_text_and_an_empty_air_date_is_none(conn: Connection) -> None:
    given = [{"seasonNumber": "1", "episodes": [{"episodeNumber": "4", "runtime": "21.6", "airDate": ""}]}]
    assert normal(conn, given) == [{"seasonNumber": 1, "episodes": [EPISODE | {"episodeNumber": 4, "runtime": 22}]}]


@pytest.mark.parametrize("seasons", [[], [{"seasonNumber": 3}], [{"seasonNumber": 3, "episodes": []}]])
def test_a_season_without_episodes_stays(conn: Connection, seasons: list[dict[str, Any]]) -> None:
    assert normal(conn, seasons) == [{"seasonNumber": s["seasonNumber"], "episodes": []} for s in seasons]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("2020-05-06T01:30:00+02:00", "2020-05-05T23:30:00Z"),
        ("2020-05-06", "2020-05-06T00:00:00Z"),
        ("2020-05-06T01:30:00.75Z", "2020-05-06T01:30:00Z"),
    ],
)
def test_the_date_of_a_watched_episode_is_kept_in_utc(conn: Connection, given: str, kept: str) -> None:
    conn.execute("set local timezone = 'Pacific/Auckland'")
    (season,) = normal(
        conn,
        [
            {
                "seasonNumber": 1,
                "episodes": [{"episodeNumber": 1, "watched": True, "dateWatched": given}],
            }
        ],
    )
    assert season["episodes"][0]["dateWatched"] == kept


def test_watched_without_a_date_is_watched_now_and_unwatched_has_no_date(conn: Connection) -> None:
    episodes = [
        {"episodeNumber": 1, "watched": True},
        {"episodeNumber": 2, "watched": False, "dateWatched": "2020-05-06T00:00:00Z"},
    ]
    (season,) = normal(conn, [{"seasonNumber": 1, "episodes": episodes}])
    now = value(conn, """select to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as now""")
    assert [e["dateWatched"] for e in season["episodes"]] == [now, None]


@pytest.mark.parametrize(
    "seasons",
    [
        {},
        "seasons",
        None,
        [1],
        [[]],
        [{}],
        [{"seasonNumber": None, "episodes": []}],
        [{"seasonNumber": -1, "episodes": []}],
        [{"seasonNumber": "one", "episodes": []}],
        [{"seasonNumber": 2**40, "episodes": []}],
        [{"seasonNumber": 1, "episodes": {}}],
        [{"seasonNumber": 1, "episodes": "all"}],
        [{"seasonNumber": 1, "episodes": [7]}],
        [{"seasonNumber": 1, "episodes": [{}]}],
        [{"seasonNumber": 1, "episodes": [{"episodeNumber": -1}]}],
        [{"seasonNumber": 1, "episodes": [{"episodeNumber": 1.5}]}],
        [{"seasonNumber": 1, "episodes": [{"episodeNumber": 1, "runtime": -5}]}],
        [{"seasonNumber": 1, "episodes": [{"episodeNumber": 1, "runtime": 1e9}]}],
        [{"seasonNumber": 1, "episodes": [{"episodeNumber": 1, "runtime": "long"}]}],
        [{"seasonNumber": 1, "episodes": [{"episodeNumber": 1, "watched": "perhaps"}]}],
        [{"seasonNumber": 1, "episodes": [{"episodeNumber": 1, "watched": True, "dateWatched": "once"}]}],
    ],
)
def test_what_cannot_be_a_seasons_document_is_refused(conn: Connection, seasons: Any) -> None:
    with refused(conn, "TK422"):
        normal(conn, seasons)
