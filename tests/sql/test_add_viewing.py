"""add_viewing: a viewing that only the user knows of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.conftest import Connection
from tests.scrobbles import AT
from tests.watch_state import (
    live_times,
    one,
    show_row,
    value,
)

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]
HOUR = timedelta(hours=1)


def add(conn: Connection, user: int, show: int, at: datetime, episode: int = 1) -> dict[str, Any]:
    return one(conn, "select action, event_id from add_viewing(%s, %s, 1, %s, %s)", (user, show, episode, at))


def test_a_viewing_by_hand_is_a_rewatch_of_what_was_watched(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, "Harbour Lights", runtime=20)
    assert add(conn, user, show, AT)["action"] == "marked_watched"
    later = add(conn, user, show, AT + 5 * HOUR)
    assert later["action"] == "rewatched"
    assert live_times(conn, show) == [AT, AT + 5 * HOUR]
    assert show_row(conn, show)["watched_episodes"] == 1
    value(conn, "select take_back(%s, %s, %s) as ids", (user, show, [later["event_id"]]))
    assert live_times(conn, show) == [AT]


@pytest.mark.parametrize("at", [datetime(1899, 12, 31, tzinfo=UTC), datetime.now(UTC) + timedelta(hours=1)])
def test_nobody_watches_in_the_future_or_before_television(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, at: datetime
) -> None:
    user = make_user()
    show = make_show(user)
    with pytest.raises(psycopg.DatabaseError) as caught:
        add(conn, user, show, at)
    assert (caught.value.sqlstate, caught.value.diag.column_name) == ("TK422", "watched_at")


def test_an_episode_that_is_not_there_cannot_be_watched(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, seasons={1: 1})
    with pytest.raises(psycopg.DatabaseError) as caught:
        add(conn, user, show, AT, episode=9)
    assert caught.value.sqlstate == "TK404"
