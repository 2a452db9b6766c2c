"""renumber: what Plex's numbers are in the tracker's show."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from tests.conftest import Connection, season_documents

Place = tuple[int | None, int | None]
SEASONS = season_documents({0: 2, 1: 12, 2: 12})


def rule(kind: str, **fields: Any) -> dict[str, Any]:
    return {"id": fields.pop("id", 1), "kind": kind, "source": "user", "from_episode": 0, "episode_offset": 0} | fields


def double(episode: int, first: int, last: int, **fields: Any) -> dict[str, Any]:
    plain = {"from_episode": episode, "to_episode": episode, "first_episode": first, "last_episode": last}
    return rule("double", **({"plex_season": 1} | plain | fields))


def all_of(
    conn: Connection, rules: list[dict[str, Any]], said: list[dict[str, Any]], seasons: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    return conn.execute("select * from renumber(%s, %s, %s)", (Jsonb(seasons), Jsonb(rules), Jsonb(said))).fetchall()


def places(
    conn: Connection,
    rules: list[dict[str, Any]],
    season: int | None,
    episode: int | None,
    *,
    air_date: str | None = None,
    seasons: list[dict[str, Any]] | None = None,
) -> list[Place]:
    said = [{"n": 1, "season": season, "episode": episode, "air_date": air_date}]
    rows = all_of(conn, rules, said, SEASONS if seasons is None else seasons)
    return [(row["season"], row["episode"]) for row in rows]


def test_without_a_rule_the_numbers_stay_and_no_rule_is_named(conn: Connection) -> None:
    (row,) = all_of(conn, [], [{"n": 7, "season": 2, "episode": 3}], SEASONS)
    assert row == {"n": 7, "part": 1, "season": 2, "episode": 3, "rule": None}
    assert places(conn, [rule("absolute", plex_season=2)], 1, 3) == [(1, 3)]


def test_a_range_of_a_season_goes_to_another_season_with_a_number_added(conn: Connection) -> None:
    rules = [rule("offset", plex_season=1, from_episode=13, to_episode=24, season=2, episode_offset=-12)]
    assert places(conn, rules, 1, 12) == [(1, 12)]
    assert places(conn, rules, 1, 13) == [(2, 1)]
    assert places(conn, rules, 1, 24) == [(2, 12)]
    assert places(conn, rules, 1, 25) == [(1, 25)]
    assert places(conn, [rule("offset", plex_season=0, season=1, episode_offset=3)], 0, 0) == [(1, 3)]


def test_an_absolute_number_is_counted_through_the_seasons(conn: Connection) -> None:
    rules = [rule("absolute")]
    assert places(conn, rules, 1, 12) == [(1, 12)]
    assert places(conn, rules, 1, 16) == [(2, 4)]
    # Arcs as seasons: the season of Plex says nothing.
    assert places(conn, rules, 9, 16) == [(2, 4)]
    # Beyond the end: nowhere, rather than Plex's own numbers. Specials are not counted.
    assert places(conn, rules, 1, 25) == [(None, None)]
    assert places(conn, rules, 0, 1) == [(0, 1)]


def test_plex_seasons_become_one_season_that_counts_on(conn: Connection) -> None:
    rules = [rule("to_absolute", season=1, season_lengths=[5, 4])]
    one_season = season_documents({1: 30})
    assert places(conn, rules, 1, 5, seasons=one_season) == [(1, 5)]
    assert places(conn, rules, 2, 1, seasons=one_season) == [(1, 6)]
    # The last season may still go on; a season before it cannot have more than was said, nor can there be one after it.
    assert places(conn, rules, 3, 7, seasons=one_season) == [(1, 16)]
    assert places(conn, rules, 1, 6, seasons=one_season) == [(None, None)]
    assert places(conn, rules, 4, 1, seasons=one_season) == [(None, None)]
    assert places(conn, rules, 0, 1, seasons=one_season) == [(0, 1)]


def test_a_date_decides_where_one_episode_alone_has_it(conn: Connection) -> None:
    days = {1: ("2024-01-01", "2024-01-08"), 2: ("2024-01-08", "2025-01-01")}
    seasons = [
        {"seasonNumber": n, "episodes": [{"episodeNumber": e, "airDate": day} for e, day in enumerate(dates, 1)]}
        for n, dates in days.items()
    ]
    rules = [rule("air_date")]
    assert places(conn, rules, 1, 9, air_date="2025-01-01", seasons=seasons) == [(2, 2)]
    for date in ("2024-01-08", "2023-01-01", None):
        assert places(conn, rules, 1, 9, air_date=date, seasons=seasons) == [(None, None)]


def test_a_file_with_several_episodes_is_taken_apart_the_one_named_first(conn: Connection) -> None:
    rules = [double(2, 1, 3)]
    assert places(conn, rules, 1, 2) == [(1, 2), (1, 1), (1, 3)]
    assert places(conn, rules, 1, 1) == [(1, 1)]
    assert places(conn, rules, 2, 2) == [(2, 2)]


def test_each_part_of_a_file_goes_by_its_own_rule(conn: Connection) -> None:
    rules = [
        double(12, 12, 13, id=1),
        rule("offset", id=2, plex_season=1, from_episode=13, season=2, episode_offset=-12),
    ]
    rows = all_of(conn, rules, [{"n": 1, "season": 1, "episode": 12}], SEASONS)
    assert [(row["season"], row["episode"]) for row in rows] == [(1, 12), (2, 1)]
    assert rows[0]["rule"] == {"kind": "double", "double": 1}
    assert rows[1]["rule"] == {"id": 2, "kind": "offset", "source": "user", "double": 1}


def test_what_the_user_says_goes_before_what_hamas_name_says(conn: Connection) -> None:
    rules = [rule("absolute", id=1, source="hama"), rule("offset", id=2, plex_season=2, season=2)]
    assert places(conn, rules, 2, 3) == [(2, 3)]
    assert places(conn, rules, 1, 15) == [(2, 3)]


def test_hamas_absolute_numbers_are_not_gone_by_against_the_dates(conn: Connection) -> None:
    seasons = season_documents({1: 2, 2: 2})
    for document, days in zip(seasons, (("2024-01-01", "2024-01-08"), ("2024-06-01", "2024-06-08")), strict=True):
        for entry, day in zip(document["episodes"], days, strict=True):
            entry["airDate"] = day
    hama, user = rule("absolute", source="hama"), rule("absolute")
    assert places(conn, [hama], 1, 3, air_date="2024-06-02", seasons=seasons) == [(2, 1)]
    # Another episode has that day: then that one. None: nowhere.
    assert places(conn, [hama], 1, 3, air_date="2024-06-08", seasons=seasons) == [(2, 2)]
    assert places(conn, [hama], 1, 3, air_date="2020-01-01", seasons=seasons) == [(None, None)]
    # Where the numbers stay as Plex has them, a date is no reason to doubt; nor is it what the user said.
    assert places(conn, [hama], 1, 1, air_date="2020-01-01", seasons=seasons) == [(1, 1)]
    assert places(conn, [user], 1, 3, air_date="2020-01-01", seasons=seasons) == [(2, 1)]


def test_an_episode_without_a_number_is_left_to_its_date(conn: Connection) -> None:
    rules = [rule("absolute"), double(1, 1, 2)]
    assert places(conn, rules, 2026, None, air_date="2026-01-06") == [(2026, None)]
    assert places(conn, rules, None, None) == [(None, None)]


lengths = st.lists(st.integers(1, 9), min_size=1, max_size=6)
properties = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@properties
@given(lengths=lengths)
def test_absolute_numbers_reach_every_episode_once_and_by_season_leads_back(
    conn: Connection, lengths: list[int]
) -> None:
    by_season, total = season_documents(dict(enumerate(lengths, 1))), sum(lengths)
    numbers = [{"n": n, "season": 1, "episode": n} for n in range(1, total + 1)]
    found = all_of(conn, [rule("absolute")], numbers, by_season)
    expected = [(season, episode) for season, length in enumerate(lengths, 1) for episode in range(1, length + 1)]
    assert [(row["season"], row["episode"]) for row in found] == expected
    back = [{"n": row["n"], "season": row["season"], "episode": row["episode"]} for row in found]
    rules = [rule("to_absolute", season=1, season_lengths=lengths)]
    again = all_of(conn, rules, back, season_documents({1: total}))
    assert [(row["season"], row["episode"]) for row in again] == [(1, n) for n in range(1, total + 1)]


@properties
@given(offset=st.integers(-5, 40), first=st.integers(5, 20), length=st.integers(0, 20), season=st.integers(0, 3))
def test_an_offset_and_its_opposite_lead_back(
    conn: Connection, offset: int, first: int, length: int, season: int
) -> None:
    said = [{"n": n, "season": 1, "episode": n} for n in range(first, first + length + 1)]
    there = rule(
        "offset", plex_season=1, from_episode=first, to_episode=first + length, season=season, episode_offset=offset
    )
    found = all_of(conn, [there], said, SEASONS)
    assert len({(row["season"], row["episode"]) for row in found}) == len(said)
    back = rule("offset", plex_season=season, from_episode=first + offset, season=1, episode_offset=-offset)
    again = all_of(conn, [back], [{k: row[k] for k in ("n", "season", "episode")} for row in found], SEASONS)
    assert [(row["season"], row["episode"]) for row in again] == [(1, entry["episode"]) for entry in said]
