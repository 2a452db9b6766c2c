"""set_watched: the user's own mark or unmark."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tests.conftest import Connection
from tests.scrobbles import AT, receive, scrobble
from tests.watch_state import (
    assert_totals_are_a_recount,
    episode_entry,
    live_times,
    one,
    plays,
    refused,
    show_row,
    value,
)

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]
HOUR = timedelta(hours=1)


def set_watched(
    conn: Connection,
    user_id: int,
    show_id: int,
    watched: bool,
    at: datetime | None = None,
    *,
    season: int = 1,
    episode: int = 1,
) -> dict[str, Any]:
    return one(
        conn, "select * from set_watched(%s, %s, %s, %s, %s, %s)", (user_id, show_id, season, episode, watched, at)
    )


def test_a_mark_is_now_unless_it_says_when(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user)
    now = value(conn, "select now() as now")
    assert set_watched(conn, user, show, True) == {"action": "marked_watched", "first_watched_at": now}
    row = set_watched(conn, user, show, True, AT, episode=2)
    assert row == {"action": "marked_watched", "first_watched_at": AT}
    assert {play["source"] for play in plays(conn, show)} == {"manual"}
    assert_totals_are_a_recount(conn, show)


def test_marking_what_is_watched_says_nothing_new(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user)
    set_watched(conn, user, show, True, AT)
    assert set_watched(conn, user, show, True, AT + HOUR)["action"] == "already_watched"
    assert live_times(conn, show) == [AT]


def test_an_unmark_takes_back_what_lies_before_it_and_nothing_later(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, "Harbour Lights", runtime=22)
    for hours in (0, 2, 4):
        receive(conn, user, scrobble(at=AT + hours * HOUR))
    row = set_watched(conn, user, show, False, AT + 3 * HOUR)
    assert row == {"action": "unmarked", "first_watched_at": AT + 4 * HOUR}
    assert live_times(conn, show) == [AT + 4 * HOUR]
    assert [play["voided_at"] for play in plays(conn, show)] == [AT + 3 * HOUR, AT + 3 * HOUR, None]
    assert [play["void_reason"] for play in plays(conn, show)] == ["unmarked", "unmarked", None]
    entry = episode_entry(conn, show, 1, 1)
    assert (entry["watched"], entry["dateWatched"]) == (True, "2026-01-02T00:00:00Z")


def test_an_unmark_of_everything_leaves_an_unwatched_episode(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, "Harbour Lights", runtime=22)
    receive(conn, user, scrobble())
    row = set_watched(conn, user, show, False)
    assert row == {"action": "unmarked", "first_watched_at": None}
    entry = episode_entry(conn, show, 1, 1)
    assert (entry["watched"], entry["dateWatched"]) == (False, None)
    assert (show_row(conn, show)["watched_episodes"], show_row(conn, show)["total_minutes"]) == (0, 0)
    assert_totals_are_a_recount(conn, show)


def test_an_unmark_said_now_is_also_about_a_viewing_that_a_fast_clock_dated_ahead(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, "Harbour Lights", runtime=22)
    ahead = value(conn, "select date_trunc('second', now()) + interval '10 minutes' as t")
    receive(conn, user, scrobble(at=ahead), at=ahead)
    assert set_watched(conn, user, show, False)["first_watched_at"] is None
    assert live_times(conn, show) == []


def test_an_unmark_of_what_was_not_watched_is_no_error(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user)
    assert set_watched(conn, user, show, False) == {"action": "unmarked", "first_watched_at": None}
    assert plays(conn, show) == []


def test_marked_by_hand_and_then_reported_by_plex_is_one_viewing(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, "Harbour Lights", runtime=22)
    set_watched(conn, user, show, True, AT)
    assert receive(conn, user, scrobble(at=AT + timedelta(minutes=5)))["action"] == "already_watched"
    assert live_times(conn, show) == [AT]
    assert receive(conn, user, scrobble(at=AT + HOUR))["action"] == "rewatched"


def test_what_is_not_there_or_not_the_users_is_refused(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user, other = make_user(), make_user()
    show = make_show(user)
    for who, where, season, episode in (
        (other, show, 1, 1),
        (user, 2**40, 1, 1),
        (user, show, 9, 1),
        (user, show, 1, 99),
        (user, show, -1, -1),
    ):
        for watched in (True, False):
            with refused(conn, "TK404"):
                set_watched(conn, who, where, watched, season=season, episode=episode)
    conn.execute("select delete_show(%s, %s)", (user, show))
    with refused(conn, "TK404"):
        set_watched(conn, user, show, True)
    assert plays(conn, show) == []
