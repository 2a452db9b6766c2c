"""replay_event: decides a stored event again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests import payloads
from tests.conftest import Connection
from tests.scrobbles import AT, decision, receive, scrobble
from tests.watch_state import conflict_row, live_times, log_row, one, plays, refused

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]
HOUR = timedelta(hours=1)


def replay(
    conn: Connection, user_id: int, log_id: int, message: dict[str, Any], *, has_tmdb: bool = False
) -> dict[str, Any]:
    return one(
        conn,
        "select * from replay_event(%s, %s, %s, %s)",
        (user_id, log_id, Jsonb(decision(message)), has_tmdb),
    )


def test_a_held_event_is_marked_once_the_show_is_there_and_the_question_is_closed(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    held = receive(conn, user, scrobble())
    show = make_show(user, payloads.SHOW)
    row = replay(conn, user, held["log_id"], scrobble())
    assert row == {
        "status": "success",
        "action": "marked_watched",
        "log_id": held["log_id"],
        "tvshow_id": show,
        "conflict_id": None,
    }
    assert live_times(conn, show) == [AT]
    log = log_row(conn, held["log_id"])
    assert (log["status"], log["tvshow_id"]) == ("success", show)
    assert [step["step"] for step in log["trace"]] == ["replayed", "title", "mark"]
    assert log["trace"][0]["was"] == "conflict"
    conflict = conflict_row(conn, held["conflict_id"])
    assert (conflict["resolved"], conflict["resolution_action"]) == (True, "search_again")
    assert conflict["resolved_tvshow_id"] == show


def test_what_else_the_question_holds_is_marked_with_the_event_that_maps_the_show(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    first = receive(conn, user, scrobble())
    second = receive(conn, user, scrobble(episode=2, at=AT + HOUR))
    show = make_show(user, payloads.SHOW)
    replay(conn, user, first["log_id"], scrobble())
    assert live_times(conn, show) == [AT, AT + HOUR]
    assert log_row(conn, second["log_id"])["status"] == "success"
    conflict = conflict_row(conn, first["conflict_id"])
    assert (conflict["resolved"], conflict["resolved_tvshow_id"]) == (True, show)


def test_the_question_stays_open_while_an_episode_waits_that_the_show_lacks(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    first = receive(conn, user, scrobble())
    missing = receive(conn, user, scrobble(episode=77, at=AT + HOUR))
    make_show(user, payloads.SHOW)
    replay(conn, user, first["log_id"], scrobble())
    (waits,) = conn.execute("select * from plex_conflicts where user_id = %s and not resolved", (user,)).fetchall()
    assert waits["conflict_type"] == "episode_missing"
    assert log_row(conn, missing["log_id"])["conflict_id"] == waits["id"]


def test_what_still_cannot_be_decided_goes_on_waiting(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    held = receive(conn, user, scrobble())
    row = replay(conn, user, held["log_id"], scrobble())
    assert (row["status"], row["conflict_id"]) == ("conflict", held["conflict_id"])
    assert not conflict_row(conn, held["conflict_id"])["resolved"]


def test_what_was_applied_is_not_applied_again(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    first = receive(conn, user, scrobble())
    conn.execute("select set_watched(%s, %s, 1, 1, false, %s)", (user, show, AT + timedelta(hours=1)))
    row = replay(conn, user, first["log_id"], scrobble())
    assert (row["status"], row["action"], row["tvshow_id"]) == ("success", "marked_watched", show)
    assert live_times(conn, show) == []
    assert log_row(conn, first["log_id"])["attempts"] == 0


def test_a_repeat_stays_a_repeat(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    receive(conn, user, scrobble())
    again = receive(conn, user, scrobble())
    assert replay(conn, user, again["log_id"], scrobble())["status"] == "duplicate"
    assert len(plays(conn, show)) == 1


def test_an_ignored_event_counts_once_its_account_is_chosen_at_its_own_time(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    message = scrobble(user=False, Account={"id": 5, "title": "guest"})
    ignored = receive(conn, user, message, at=AT + timedelta(minutes=2))
    assert ignored["action"] == "account_not_tracked"
    conn.execute("update plex_accounts set counts = true where user_id = %s", (user,))
    assert replay(conn, user, ignored["log_id"], message)["status"] == "success"
    assert live_times(conn, show) == [AT]
    log = log_row(conn, ignored["log_id"])
    assert (log["watched_at"], log["event_key"]) == (AT, decision(message)["event_key"])


@pytest.mark.parametrize("message", [scrobble(user=False), scrobble(event="media.play"), payloads.trailer()])
def test_what_is_still_not_for_the_tracker_stays_ignored(
    conn: Connection, make_user: MakeUser, message: dict[str, Any]
) -> None:
    user = make_user()
    ignored = receive(conn, user, message)
    row = replay(conn, user, ignored["log_id"], message)
    assert (row["status"], row["action"]) == ("ignored", ignored["action"])
    log = log_row(conn, ignored["log_id"])
    assert (log["status"], log["attempts"]) == ("ignored", 1)
    assert [step["step"] for step in log["trace"]] == ["replayed"]


def test_a_held_event_of_an_account_that_was_refused_since_is_ignored_and_closes_the_question(
    conn: Connection, make_user: MakeUser
) -> None:
    user = make_user()
    held = receive(conn, user, scrobble())
    conn.execute("update plex_accounts set counts = false where user_id = %s", (user,))
    assert replay(conn, user, held["log_id"], scrobble())["action"] == "account_not_tracked"
    assert conflict_row(conn, held["conflict_id"])["resolved"]


def test_a_pending_event_waits_again_or_is_decided_when_nobody_can_be_asked_any_more(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    pending = receive(conn, user, scrobble(), has_tmdb=True)
    assert pending["status"] == "pending"
    conn.execute(
        "update plex_webhook_logs set claimed_until = now() + interval '1 minute' where id = %s", (pending["log_id"],)
    )
    assert replay(conn, user, pending["log_id"], scrobble(), has_tmdb=True)["status"] == "pending"
    log = log_row(conn, pending["log_id"])
    # Its attempts count from here.
    assert (log["claimed_until"], log["attempts"], log["lookup"]) == (None, 0, None)
    assert log["next_attempt_at"] is not None
    assert replay(conn, user, pending["log_id"], scrobble())["status"] == "success"
    assert log_row(conn, pending["log_id"])["next_attempt_at"] is None
    assert live_times(conn, show) == [AT]


def test_a_log_row_that_is_not_the_users_is_not_there(conn: Connection, make_user: MakeUser) -> None:
    user, other = make_user(), make_user()
    held = receive(conn, user, scrobble())
    with refused(conn, "TK404"):
        replay(conn, other, held["log_id"], scrobble())
    with refused(conn, "TK404"):
        replay(conn, user, 2**40, scrobble())
    assert log_row(conn, held["log_id"])["attempts"] == 0
