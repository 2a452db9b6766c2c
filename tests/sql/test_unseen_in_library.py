"""unseen_in_library: what a Plex library has as watched and the tracker was never told."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests import payloads
from tests.conftest import Connection
from tests.scrobbles import receive, scrobble
from tests.watch_state import log_row, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


class Library:
    """A user who has a show and has watched nothing."""

    def __init__(self, conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
        self.conn = conn
        self.user = make_user()
        self.show = make_show(self.user, payloads.SHOW)

    def unseen(self, *rows: dict[str, Any]) -> list[int]:
        given = []
        for n, row in enumerate(rows):
            plain = {"n": n, "receipt": str(uuid.uuid4()), "history_key": f"library/{n}", "season": 1, "episode": 1}
            given.append(plain | {"server_uuid": payloads.SERVER_UUID} | row)
        found = self.conn.execute(
            "select n from unseen_in_library(%s, %s, %s) as n", (self.user, self.show, Jsonb(given))
        ).fetchall()
        return [row["n"] for row in found]


@pytest.fixture
def library(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> Library:
    return Library(conn, make_user, make_show)


def test_what_was_viewed_or_marked_is_no_news(library: Library) -> None:
    receive(library.conn, library.user, scrobble(episode=1))
    library.conn.execute("select set_watched(%s, %s, 1, 2, true)", (library.user, library.show))
    assert library.unseen({"episode": 1}, {"episode": 2}, {"episode": 3}, {"season": 2}) == [2, 3]


def test_what_was_unmarked_is_news_only_when_plex_was_never_heard_about_it(library: Library) -> None:
    library.conn.execute("select set_watched(%s, %s, 1, 1, true)", (library.user, library.show))
    library.conn.execute("select set_watched(%s, %s, 1, 1, false)", (library.user, library.show))
    assert library.unseen({}) == [0]
    library.conn.execute(
        "update watch_events set history_key = 'library/0', server_uuid = %s where tvshow_id = %s and kind = 'mark'",
        (payloads.SERVER_UUID, library.show),
    )
    assert library.unseen({}) == []


def test_what_waits_for_an_answer_is_no_news(library: Library) -> None:
    log = log_row(library.conn, receive(library.conn, library.user, scrobble("Nobody Knows It"))["log_id"])
    assert value(library.conn, "select status from plex_webhook_logs where id = %s", (log["id"],)) == "conflict"
    assert library.unseen({"receipt": str(log["receipt"])}) == []
