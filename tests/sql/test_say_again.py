"""say_again: what was taken back counts again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from tests.conftest import Connection
from tests.scrobbles import AT, receive, scrobble
from tests.watch_state import episode_entry, live_times, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]
HOUR = timedelta(hours=1)


def said(conn: Connection, show: int) -> list[int]:
    return [row["id"] for row in conn.execute("select id from watch_events where tvshow_id = %s order by id", (show,))]


def take_back(conn: Connection, user: int, show: int, ids: list[int]) -> list[int]:
    taken: list[int] = value(conn, "select take_back(%s, %s, %s) as ids", (user, show, ids))
    return taken


def test_said_again_it_counts_again(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user, "Harbour Lights", runtime=20)
    receive(conn, user, scrobble())
    entry = episode_entry(conn, show, 1, 1)
    ids = take_back(conn, user, show, said(conn, show))
    assert value(conn, "select say_again(%s, %s, %s) as ids", (user, show, ids)) == ids
    assert episode_entry(conn, show, 1, 1) == entry
    assert live_times(conn, show) == [AT]
    assert value(conn, "select say_again(%s, %s, %s) as ids", (user, show, ids)) == []
