"""remove_viewing: a viewing that was none of the user's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest

from tests.conftest import Connection
from tests.scrobbles import AT, receive, scrobble
from tests.watch_state import (
    live_plays,
    live_times,
    one,
    plays,
)

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]
HOUR = timedelta(hours=1)


def test_one_viewing_of_several_is_removed(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user, "Harbour Lights", runtime=20)
    receive(conn, user, scrobble())
    receive(conn, user, scrobble(at=AT + 9 * HOUR, viewCount=2))
    first, _ = live_plays(conn, show)
    removed = one(conn, "select * from remove_viewing(%s, %s)", (user, first["id"]))
    assert (removed["tvshow_id"], removed["season"], removed["episode"]) == (show, 1, 1)
    assert live_times(conn, show) == [AT + 9 * HOUR]
    assert [p["void_reason"] for p in plays(conn, show)] == ["removed", None]
    with pytest.raises(psycopg.DatabaseError) as caught:
        one(conn, "select * from remove_viewing(%s, %s)", (user, first["id"]))
    assert caught.value.sqlstate == "TK409"
