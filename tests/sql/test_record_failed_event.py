"""record_failed_event: an event that could not be processed is kept, and can be replayed."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from app.plex.events import parse_event
from tests import payloads
from tests.conftest import Connection
from tests.scrobbles import AT, scrobble
from tests.watch_state import live_times, log_row, one, refused, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def record(conn: Connection, user_id: int, message: dict[str, Any], receipt: uuid.UUID | None = None) -> int:
    event = parse_event(message)
    log_id = value(
        conn,
        "select record_failed_event(%s, %s, 'webhook', %s, %s, %s, 'XX000: something broke') as id",
        (user_id, receipt or uuid.uuid4(), Jsonb(event.decision()), Jsonb(event.kept()), AT),
    )
    assert isinstance(log_id, int)
    return log_id


def test_it_is_kept_with_what_was_known_and_the_reason(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    row = log_row(conn, record(conn, user, scrobble("Émile", 0, 4)))
    assert (row["status"], row["action_taken"]) == ("failed", "internal_error")
    assert row["error_message"] == "XX000: something broke"
    assert (row["plex_title"], row["plex_season"], row["plex_episode"]) == ("Émile", 0, 4)
    assert (row["plex_account"], row["watched_at"], row["created_at"]) == (payloads.ACCOUNT, AT, AT)
    assert row["attempts"] == 1


@pytest.mark.parametrize("message", [payloads.trailer(), payloads.live_tv(), scrobble(event="media.play")])
def test_anything_can_fail(conn: Connection, make_user: MakeUser, message: dict[str, Any]) -> None:
    user = make_user()
    assert log_row(conn, record(conn, user, message))["status"] == "failed"


def test_a_receipt_fails_once(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    receipt = uuid.uuid4()
    record(conn, user, scrobble(), receipt)
    with refused(conn, "23505", "plex_webhook_logs_receipt_key"):
        record(conn, user, scrobble(), receipt)


def test_a_replay_makes_good_what_was_missed(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    log_id = record(conn, user, scrobble())
    row = one(
        conn,
        "select * from replay_event(%s, %s, %s, false)",
        (user, log_id, Jsonb(parse_event(scrobble()).decision())),
    )
    assert (row["status"], row["action"], row["tvshow_id"]) == ("success", "marked_watched", show)
    log = log_row(conn, log_id)
    assert (log["status"], log["error_message"], log["attempts"]) == ("success", None, 2)
    assert log["account_id"] is not None
    assert log["event_key"] is not None
    assert live_times(conn, show) == [AT]
