"""rewrite_watched: many flags and dates in one writing."""

from __future__ import annotations

from collections.abc import Callable

from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.watch_state import assert_totals_are_a_recount, episode_entry, show_row

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def test_flags_dates_and_totals_are_written_and_other_episodes_left(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    watched = {"episodeNumber": 2, "watched": True, "dateWatched": "2025-01-01T00:00:00Z", "runtime": 10}
    kept = {"episodeNumber": 3, "title": "Fog", "watched": True, "dateWatched": "2025-01-02T00:00:00Z"}
    episodes = [{"episodeNumber": 1, "runtime": 20}, watched, kept]
    show = make_show(
        make_user(), seasons=[{"seasonNumber": 0, "episodes": []}, {"seasonNumber": 1, "episodes": episodes}]
    )
    before = show_row(conn, show)["seasons"]
    changes = [
        {"season": 1, "episode": 1, "first_watched_at": "2026-01-01T21:00:00+01:00"},
        {"season": 1, "episode": 2, "first_watched_at": None},
        {"season": 7, "episode": 7, "first_watched_at": None},
    ]
    conn.execute("select rewrite_watched(%s, %s)", (show, Jsonb(changes)))
    first, second = episode_entry(conn, show, 1, 1), episode_entry(conn, show, 1, 2)
    assert (first["watched"], first["dateWatched"]) == (True, "2026-01-01T20:00:00Z")
    assert (second["watched"], second["dateWatched"]) == (False, None)
    after = show_row(conn, show)["seasons"]
    assert [season["seasonNumber"] for season in after] == [0, 1]
    assert after[1]["episodes"][2] == before[1]["episodes"][2]
    assert list(first) == list(before[1]["episodes"][0])
    assert_totals_are_a_recount(conn, show)


def test_a_show_without_seasons_stays_empty(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    show = make_show(make_user(), seasons=[])
    conn.execute("select rewrite_watched(%s, '[]')", (show,))
    assert show_row(conn, show)["seasons"] == []
