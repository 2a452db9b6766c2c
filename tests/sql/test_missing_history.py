"""missing_history: which rows of a server's history nobody has told."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests import payloads
from tests.conftest import Connection
from tests.scrobbles import AT, receive, scrobble
from tests.watch_state import log_row, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


class Told:
    """A user to whom one webhook told S01E01 at `AT`."""

    def __init__(self, conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
        self.conn = conn
        self.user = make_user()
        self.show = make_show(self.user, payloads.SHOW)
        self.log = log_row(conn, receive(conn, self.user, scrobble())["log_id"])

    def missing(self, *rows: dict[str, Any]) -> list[int]:
        return list(
            value(
                self.conn,
                "select missing_history(%s, %s, %s)",
                (self.user, payloads.SERVER_UUID, Jsonb([self.row(n, **row) for n, row in enumerate(rows)])),
            )
        )

    def row(self, n: int, *, at: datetime = AT, **more: Any) -> dict[str, Any]:
        plain = {
            "n": n,
            "receipt": str(uuid.uuid4()),
            "history_key": f"/history/{uuid.uuid4()}",
            "show_rating_key": payloads.rating_key("show", payloads.SHOW),
            "show_title": payloads.SHOW,
            "season": 1,
            "episode": 1,
            "at": at.isoformat(),
            "account_id": self.log["account_id"],
        }
        return plain | more


@pytest.fixture
def told(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> Told:
    return Told(conn, make_user, make_show)


def test_what_a_webhook_told_is_not_missing(told: Told) -> None:
    assert told.missing({}, {"at": AT + timedelta(seconds=100)}, {"at": AT + timedelta(minutes=3)}) == [2]


def test_another_episode_account_or_show_is_missing(told: Told) -> None:
    rows: list[dict[str, Any]] = [
        {"episode": 2},
        {"season": 2},
        {"account_id": told.log["account_id"] + 1},
        {"show_rating_key": "1"},
        {"show_title": "A rebuilt library gave the key to this show"},
    ]
    assert told.missing(*rows) == [0, 1, 2, 3, 4]


def test_what_was_taken_from_the_history_is_known_without_the_log(told: Told) -> None:
    told.conn.execute(
        "update watch_events set history_key = '/history/7', occurred_at = occurred_at - interval '1 day' where tvshow_id = %s",
        (told.show,),
    )
    told.conn.execute("update plays set log_id = null")
    told.conn.execute("delete from plex_webhook_logs where user_id = %s", (told.user,))
    assert told.missing({"history_key": "/history/7"}, {}) == [1]


def test_what_is_still_asked_about_is_known_by_its_receipt(told: Told) -> None:
    assert told.missing({"receipt": str(told.log["receipt"]), "episode": 9}) == []


def test_a_late_webhook_does_not_stand_for_a_viewing_at_its_receipt(told: Told) -> None:
    late = AT + timedelta(days=1)
    told.conn.execute("update watch_events set occurred_at = %s where tvshow_id = %s", (late, told.show))
    assert told.missing({"at": late}) == [0]


def test_nothing_is_nothing(told: Told) -> None:
    assert told.missing() == []


def test_another_user_does_not_count(told: Told, make_user: MakeUser) -> None:
    other = make_user()
    rows = Jsonb([told.row(0)])
    assert value(told.conn, "select missing_history(%s, %s, %s)", (other, payloads.SERVER_UUID, rows)) == [0]


def test_what_waits_for_an_answer_is_not_missing_and_another_viewing_of_it_is(told: Told) -> None:
    log = log_row(told.conn, receive(told.conn, told.user, scrobble("Nobody Knows It"))["log_id"])
    assert log["status"] == "conflict"
    show = {"show_title": "Nobody Knows It", "show_rating_key": payloads.rating_key("show", "Nobody Knows It")}
    rows: list[dict[str, Any]] = [
        show,
        show | {"at": AT + timedelta(seconds=100)},
        show | {"at": AT + timedelta(minutes=3)},
        show | {"episode": 2},
        show | {"account_id": told.log["account_id"] + 1},
        show | {"show_title": "Another show"},
    ]
    assert told.missing(*rows) == [2, 3, 4, 5]
