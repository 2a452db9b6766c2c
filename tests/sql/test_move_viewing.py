"""move_viewing: the user says when a viewing really was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.conftest import Connection
from tests.scrobbles import AT, receive, scrobble
from tests.watch_state import (
    assert_totals_are_a_recount,
    episode_entry,
    live_plays,
    live_times,
    one,
    value,
)

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]
HOUR = timedelta(hours=1)


def move(conn: Connection, user: int, play: int, at: datetime) -> dict[str, Any]:
    return one(conn, "select * from move_viewing(%s, %s, %s)", (user, play, at))


def undo(conn: Connection, user: int, show: int, moved: dict[str, Any]) -> None:
    value(conn, "select take_back(%s, %s, %s) as ids", (user, show, [moved["event_id"]]))
    value(conn, "select say_again(%s, %s, %s) as ids", (user, show, moved["removed_ids"]))


@pytest.mark.parametrize("minutes", [-7, 10, 24 * 60, -24 * 60])
def test_a_moved_viewing_counts_at_its_new_time_and_can_be_moved_back(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, minutes: int
) -> None:
    user = make_user()
    show = make_show(user, "Harbour Lights", runtime=20)
    receive(conn, user, scrobble())
    entry = episode_entry(conn, show, 1, 1)
    (play,) = live_plays(conn, show)
    moved = move(conn, user, play["id"], AT + timedelta(minutes=minutes))
    assert moved["tvshow_id"] == show
    assert live_times(conn, show) == [AT + timedelta(minutes=minutes)]
    # Told again by Plex it is still the one that was moved.
    receive(conn, user, scrobble(at=AT + timedelta(minutes=2), viewCount=5))
    assert live_times(conn, show) == [AT + timedelta(minutes=minutes)]
    undo(conn, user, show, moved)
    assert live_times(conn, show) == [AT]
    assert episode_entry(conn, show, 1, 1) == entry
    assert_totals_are_a_recount(conn, show)


@pytest.mark.parametrize("minutes", [3, -3, 600])
def test_a_mark_by_hand_is_moved_by_minutes_too(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, minutes: int
) -> None:
    user = make_user()
    show = make_show(user, runtime=20)
    value(conn, "select action from set_watched(%s, %s, 1, 1, true, %s)", (user, show, AT))
    (play,) = live_plays(conn, show)
    move(conn, user, play["id"], AT + timedelta(minutes=minutes))
    (moved,) = live_plays(conn, show)
    again = move(conn, user, moved["id"], AT + timedelta(minutes=minutes + 1))
    assert live_times(conn, show) == [AT + timedelta(minutes=minutes + 1)]
    undo(conn, user, show, again)
    assert live_times(conn, show) == [AT + timedelta(minutes=minutes)]


def test_another_users_viewing_is_not_there(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user, "Harbour Lights")
    receive(conn, user, scrobble())
    (play,) = live_plays(conn, show)
    other = make_user()
    with pytest.raises(psycopg.DatabaseError) as caught:
        move(conn, other, play["id"], AT)
    assert caught.value.sqlstate == "TK404"
