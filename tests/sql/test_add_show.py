"""add_show: a show with its names, its totals, and what was already watched."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.watch_state import (
    assert_totals_are_a_recount,
    episode_entry,
    live_times,
    one,
    plays,
    refused,
    show_row,
)


def add(conn: Connection, user_id: int, **show: Any) -> int:
    show_id = one(conn, "select add_show(%s, %s) as id", (user_id, Jsonb(show)))["id"]
    assert isinstance(show_id, int)
    return show_id


def test_a_show_is_kept_with_its_names_and_totals(conn: Connection, make_user: Callable[..., int]) -> None:
    user = make_user()
    show = add(
        conn,
        user,
        title="進撃の巨人",
        year=2013,
        tmdb_id=1429,
        tvdb_id=267440,
        imdb_id="tt2560140",
        status="Ended",
        poster_path="/p.jpg",
        source="plex",
        titles=[
            {"title": "Attack on Titan"},
            {"title": "Shingeki no Kyojin", "kind": "original"},
            {"title": "進撃の巨人"},
            {"title": ""},
        ],
        seasons=[{"seasonNumber": 0, "episodes": [{"episodeNumber": 0}]}, {"seasonNumber": 1}],
    )
    row = show_row(conn, show)
    assert row["user_id"] == user
    assert row["title"] == "進撃の巨人"
    assert row["show_start_date"] == date(2013, 1, 1)
    assert (row["tmdb_id"], row["tvdb_id"], row["imdb_id"]) == (1429, 267440, "tt2560140")
    assert (row["status"], row["poster_path"], row["source"]) == ("Ended", "/p.jpg", "plex")
    assert (row["total_episodes"], row["watched_episodes"], row["total_minutes"]) == (1, 0, 0)
    names = conn.execute("select title, kind from show_titles where tvshow_id = %s", (show,)).fetchall()
    assert {(n["title"], n["kind"]) for n in names} == {
        ("進撃の巨人", "main"),
        ("Attack on Titan", "alternative"),
        ("Shingeki no Kyojin", "original"),
    }


def test_a_title_is_all_that_is_needed(conn: Connection, make_user: Callable[..., int]) -> None:
    row = show_row(conn, add(conn, make_user(), title="Dark"))
    assert row["show_start_date"] is None
    assert row["seasons"] == []
    assert row["source"] == "manual"


def test_a_start_date_wins_over_a_year(conn: Connection, make_user: Callable[..., int]) -> None:
    show = add(conn, make_user(), title="Dark", year=2018, show_start_date="2017-12-01")
    assert show_row(conn, show)["show_start_date"] == date(2017, 12, 1)


@pytest.mark.parametrize(("source", "play_source"), [("import", "import"), ("manual", "manual"), ("plex", "manual")])
def test_what_comes_watched_becomes_a_play_at_its_date(
    conn: Connection, make_user: Callable[..., int], source: str, play_source: str
) -> None:
    episodes = [
        {"episodeNumber": 1, "runtime": 40, "watched": True, "dateWatched": "2020-05-06T20:00:00Z"},
        {"episodeNumber": 2, "runtime": 40, "watched": True},
        {"episodeNumber": 3, "runtime": 40},
    ]
    show = add(conn, make_user(), title="Dark", source=source, seasons=[{"seasonNumber": 1, "episodes": episodes}])
    row = show_row(conn, show)
    assert (row["watched_episodes"], row["total_minutes"]) == (2, 80)
    assert_totals_are_a_recount(conn, show)
    now = one(conn, "select date_trunc('second', now()) as now")["now"]
    assert live_times(conn, show) == [datetime(2020, 5, 6, 20, tzinfo=UTC), now]
    assert {play["source"] for play in plays(conn, show)} == {play_source}
    assert episode_entry(conn, show, 1, 2)["dateWatched"] == now.strftime("%Y-%m-%dT%H:%M:%SZ")
    marks = conn.execute("select kind, play_id from watch_events where tvshow_id = %s", (show,)).fetchall()
    assert {m["kind"] for m in marks} == {"mark"}
    assert {m["play_id"] for m in marks} == {play["id"] for play in plays(conn, show)}


@pytest.mark.parametrize(
    ("field", "value", "constraint"),
    [
        ("tmdb_id", 70523, "tvshows_tmdb_key"),
        ("tvdb_id", 334824, "tvshows_tvdb_key"),
        ("imdb_id", "tt5753856", "tvshows_imdb_key"),
    ],
)
def test_the_same_show_is_not_added_twice_but_by_another_user(
    conn: Connection, make_user: Callable[..., int], field: str, value: Any, constraint: str
) -> None:
    user, other = make_user(), make_user()
    first = add(conn, user, **{"title": "Dark", field: value})
    with refused(conn, "23505", constraint):
        add(conn, user, **{"title": "Dark again", field: value})
    add(conn, other, **{"title": "Dark", field: value})
    conn.execute("select delete_show(%s, %s)", (user, first))
    add(conn, user, **{"title": "Dark", field: value})


@pytest.mark.parametrize(
    ("show", "sqlstate"),
    [
        ({}, "23502"),
        ({"title": ""}, "23514"),
        ({"title": "x" * 1001}, "23514"),
        ({"title": "Dark", "tmdb_id": 0}, "23514"),
        ({"title": "Dark", "imdb_id": "5753856"}, "23514"),
        ({"title": "Dark", "source": "somewhere"}, "23514"),
        ({"title": "Dark", "seasons": {}}, "TK422"),
        ({"title": "Dark", "seasons": [{"episodes": []}]}, "TK422"),
    ],
)
def test_a_show_that_cannot_be_is_refused(
    conn: Connection, make_user: Callable[..., int], show: dict[str, Any], sqlstate: str
) -> None:
    user = make_user()
    with refused(conn, sqlstate):
        add(conn, user, **show)


def test_a_user_who_is_not_there_gets_no_show(conn: Connection) -> None:
    with refused(conn, "23503"):
        add(conn, 2**40, title="Dark")
