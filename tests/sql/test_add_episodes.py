"""add_episodes: what a refresh or Plex knows more; what the tracker has wins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.watch_state import assert_totals_are_a_recount, episode_entry, plays, refused, show_row, value


def add(conn: Connection, user_id: int, show_id: int, seasons: Any) -> Any:
    return value(conn, "select add_episodes(%s, %s, %s) as n", (user_id, show_id, Jsonb(seasons)))


def test_missing_episodes_are_added_and_counted(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user = make_user()
    show = make_show(user, seasons={1: 2})
    more = [
        {"seasonNumber": 2, "episodes": [{"episodeNumber": 1}]},
        {"seasonNumber": 1, "episodes": [{"episodeNumber": 2}, {"episodeNumber": 3}]},
        {"seasonNumber": 0, "episodes": [{"episodeNumber": 0}]},
    ]
    assert add(conn, user, show, more) == 3
    assert add(conn, user, show, more) == 0
    row = show_row(conn, show)
    assert [(s["seasonNumber"], len(s["episodes"])) for s in row["seasons"]] == [(0, 1), (1, 3), (2, 1)]
    assert_totals_are_a_recount(conn, show)


def test_nothing_that_the_tracker_has_is_overwritten(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user = make_user()
    show = make_show(user, seasons={1: 2})
    conn.execute("select set_watched(%s, %s, 1, 1, true, '2020-01-01T00:00:00Z')", (user, show))
    before = show_row(conn, show)["seasons"]
    other = [
        {
            "seasonNumber": 1,
            "episodes": [
                {"episodeNumber": 1, "title": "Other", "runtime": 99, "watched": False},
                {"episodeNumber": 2, "watched": True, "dateWatched": "2021-01-01T00:00:00Z"},
            ],
        }
    ]
    assert add(conn, user, show, other) == 0
    assert show_row(conn, show)["seasons"] == before
    assert len(plays(conn, show)) == 1
    assert_totals_are_a_recount(conn, show)


def test_new_episodes_that_come_watched_are_marked_and_counted(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user = make_user()
    show = make_show(user, seasons={1: 1})
    new = {"episodeNumber": 2, "runtime": 30, "watched": True, "dateWatched": "2021-01-01T00:00:00Z"}
    add(conn, user, show, [{"seasonNumber": 1, "episodes": [new]}])
    assert episode_entry(conn, show, 1, 2)["watched"] is True
    assert [(p["season"], p["episode"]) for p in plays(conn, show)] == [(1, 2)]
    assert (show_row(conn, show)["watched_episodes"], show_row(conn, show)["total_minutes"]) == (1, 30)
    assert_totals_are_a_recount(conn, show)
    # The fold knows of it: an unmark takes it back.
    conn.execute("select set_watched(%s, %s, 1, 2, false)", (user, show))
    assert episode_entry(conn, show, 1, 2)["watched"] is False
    assert_totals_are_a_recount(conn, show)


def test_bad_seasons_a_missing_show_and_another_users_show_are_refused(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user, other = make_user(), make_user()
    show = make_show(user)
    with refused(conn, "TK422"):
        add(conn, user, show, [{"seasonNumber": -1}])
    with refused(conn, "TK404"):
        add(conn, other, show, [])
    with refused(conn, "TK404"):
        add(conn, user, 2**40, [])
    conn.execute("select delete_show(%s, %s)", (user, show))
    with refused(conn, "TK404"):
        add(conn, user, show, [])
