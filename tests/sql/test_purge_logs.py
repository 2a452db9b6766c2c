"""purge_logs: one batch of the retention. What somebody waits for stays, and so does every viewing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests import payloads
from tests.conftest import Connection
from tests.scrobbles import receive, scrobble
from tests.watch_state import one, plays, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]
NOW = datetime.now(UTC).replace(microsecond=0)


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def watched(conn: Connection, user: int, episode: int, days: float) -> int:
    """The log row of an episode that was watched that long ago."""
    outcome = receive(conn, user, scrobble(episode=episode, at=days_ago(days)))
    assert outcome["status"] == "success"
    return int(outcome["log_id"])


def ignored(conn: Connection, user: int, days: float) -> int:
    outcome = receive(conn, user, scrobble(event="media.play"), at=days_ago(days))
    assert outcome["status"] == "ignored"
    return int(outcome["log_id"])


def purge(conn: Connection, user: int, *, days: int = 90, after: int = 0, batch: int = 100) -> dict[str, Any]:
    return one(conn, "select * from purge_logs(%s, %s, %s, %s)", (user, days, after, batch))


def kept(conn: Connection) -> set[int]:
    return {row["id"] for row in conn.execute("select id from plex_webhook_logs")}


def test_rows_older_than_the_days_go_and_younger_ones_stay(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    ignored(conn, user, 91)
    ignored(conn, user, 90.01)
    young = ignored(conn, user, 89.9)
    assert purge(conn, user) == {"last_id": young, "deleted": 2, "done": True}
    assert kept(conn) == {young}


def test_the_users_own_days_win_over_the_settings(conn: Connection, make_user: MakeUser) -> None:
    user, other = make_user(), make_user()
    conn.execute("update settings set log_retention_days = 365 where user_id = %s", (user,))
    rows = {ignored(conn, user, 200)}
    ignored(conn, user, 400)
    ignored(conn, other, 200)
    assert purge(conn, user)["deleted"] == 1
    assert purge(conn, other)["deleted"] == 1
    assert kept(conn) == rows


def test_a_user_without_settings_has_the_common_days(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    conn.execute("delete from settings where user_id = %s", (user,))
    ignored(conn, user, 100)
    assert purge(conn, user, days=101)["deleted"] == 0
    assert purge(conn, user, days=99)["deleted"] == 1


def test_viewings_and_what_was_said_about_them_stay(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    log_id = watched(conn, user, 1, 100)
    (before,) = plays(conn, show)
    said = one(conn, "select * from watch_events")
    assert before["log_id"] == said["log_id"] == log_id

    assert purge(conn, user)["deleted"] == 1

    (after,) = plays(conn, show)
    assert after == before | {"log_id": None}
    assert one(conn, "select * from watch_events") == said


def test_a_viewing_whose_log_row_is_gone_can_be_unmarked_and_watched_again(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    watched(conn, user, 1, 100)
    purge(conn, user)
    conn.execute("select set_watched(%s, %s, 1, 1, false, %s)", (user, show, days_ago(1)))
    watched(conn, user, 1, 0)
    first, second = plays(conn, show)
    assert (first["void_reason"], first["log_id"], second["voided_at"]) == ("unmarked", None, None)


@pytest.mark.parametrize("status", ["pending", "failed", "conflict"])
def test_what_somebody_waits_for_stays_however_old(conn: Connection, make_user: MakeUser, status: str) -> None:
    user = make_user()
    outcome = receive(conn, user, scrobble(at=days_ago(5000)))
    assert outcome["status"] == "conflict"
    conn.execute(
        "update plex_webhook_logs set status = %s, next_attempt_at = now() where id = %s", (status, outcome["log_id"])
    )
    assert purge(conn, user)["deleted"] == 0
    assert kept(conn) == {outcome["log_id"]}


@pytest.mark.parametrize("status", ["success", "ignored", "duplicate"])
def test_what_is_settled_goes(conn: Connection, make_user: MakeUser, status: str) -> None:
    user = make_user()
    log_id = ignored(conn, user, 100)
    conn.execute("update plex_webhook_logs set status = %s where id = %s", (status, log_id))
    assert purge(conn, user)["deleted"] == 1


def test_a_question_stays_when_the_events_that_asked_it_go(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    held = receive(conn, user, scrobble(at=days_ago(100)))
    conn.execute("select resolve_conflict(%s, %s, 'ignore')", (user, held["conflict_id"]))
    conn.execute("update plex_webhook_logs set status = 'ignored'")
    assert purge(conn, user)["deleted"] == 1
    assert value(conn, "select resolved from plex_conflicts where id = %s", (held["conflict_id"],)) is True


def test_another_users_rows_are_not_looked_at(conn: Connection, make_user: MakeUser) -> None:
    user, other = make_user(), make_user()
    theirs = ignored(conn, other, 100)
    assert purge(conn, user) == {"last_id": None, "deleted": 0, "done": True}
    assert kept(conn) == {theirs}


def test_a_batch_looks_at_so_many_rows_and_says_where_to_go_on(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    rows = [ignored(conn, user, 100 - number) for number in range(5)]
    first = purge(conn, user, batch=2)
    assert first == {"last_id": rows[1], "deleted": 2, "done": False}
    second = purge(conn, user, batch=2, after=first["last_id"])
    assert second == {"last_id": rows[3], "deleted": 2, "done": False}
    third = purge(conn, user, batch=2, after=second["last_id"])
    assert third == {"last_id": rows[4], "deleted": 1, "done": True}


def test_it_ends_at_the_first_batch_that_holds_nothing_old(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    ignored(conn, user, 100)
    young = [ignored(conn, user, 3) for _ in range(5)]
    first = purge(conn, user, batch=2)
    assert first == {"last_id": young[0], "deleted": 1, "done": False}
    assert purge(conn, user, batch=2, after=first["last_id"])["done"] is True


def test_a_batch_of_old_rows_that_must_stay_is_not_the_end(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    failed = [ignored(conn, user, 100) for _ in range(2)]
    conn.execute("update plex_webhook_logs set status = 'failed'")
    ignored(conn, user, 99)
    first = purge(conn, user, batch=2)
    assert first == {"last_id": failed[1], "deleted": 0, "done": False}
    assert purge(conn, user, batch=2, after=first["last_id"])["deleted"] == 1
