"""take_back: the user has the last word on what counts, whoever tells it again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest

from tests.conftest import Connection
from tests.scrobbles import AT, receive, scrobble
from tests.watch_state import assert_totals_are_a_recount, episode_entry, live_plays, live_times, plays, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]
HOUR = timedelta(hours=1)


def said(conn: Connection, show: int) -> list[int]:
    return [row["id"] for row in conn.execute("select id from watch_events where tvshow_id = %s order by id", (show,))]


def take_back(conn: Connection, user: int, show: int, ids: list[int]) -> list[int]:
    taken: list[int] = value(conn, "select take_back(%s, %s, %s) as ids", (user, show, ids))
    return taken


def test_what_plex_told_counts_no_more_also_when_it_is_told_again(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, "Harbour Lights", runtime=20)
    receive(conn, user, scrobble())
    assert take_back(conn, user, show, said(conn, show)) == said(conn, show)
    assert live_plays(conn, show) == []
    assert episode_entry(conn, show, 1, 1)["watched"] is False
    assert [play["void_reason"] for play in plays(conn, show)] == ["removed"]
    # The same viewing, told by another message a few minutes later: still the one that was removed.
    receive(conn, user, scrobble(at=AT + timedelta(minutes=5), viewCount=2))
    assert live_plays(conn, show) == []
    # A viewing of another evening is one.
    receive(conn, user, scrobble(at=AT + 30 * HOUR, viewCount=3))
    assert live_times(conn, show) == [AT + 30 * HOUR]
    assert_totals_are_a_recount(conn, show)


def test_twice_taken_back_is_once(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user, "Harbour Lights")
    receive(conn, user, scrobble())
    take_back(conn, user, show, said(conn, show))
    assert take_back(conn, user, show, said(conn, show)) == []


def test_nobody_takes_back_the_words_of_another_show_or_user(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user, other = make_user(), make_user()
    show, theirs = make_show(user, "Harbour Lights"), make_show(other, "Harbour Lights")
    receive(conn, user, scrobble())
    assert take_back(conn, other, theirs, said(conn, show)) == []
    ids = said(conn, show)
    with pytest.raises(psycopg.DatabaseError) as caught, conn.transaction():
        take_back(conn, other, show, ids)
    assert caught.value.sqlstate == "TK404"
    assert live_times(conn, show) == [AT]
