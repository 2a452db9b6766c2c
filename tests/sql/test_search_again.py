"""search_again: everything that waits is decided anew."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from psycopg.types.json import Jsonb

from tests import payloads
from tests.conftest import Connection
from tests.scrobbles import AT, decision, receive, scrobble
from tests.watch_state import (
    assert_totals_are_a_recount,
    conflict_row,
    live_times,
    log_row,
    plays,
    refused,
    value,
)

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]
HOUR = timedelta(hours=1)


def search(conn: Connection, user_id: int, conflict: int, *, has_tmdb: bool = False) -> dict[str, Any]:
    held = conn.execute(
        "select id, payload from plex_webhook_logs where conflict_id = %s and status = 'conflict' order by watched_at, id",
        (conflict,),
    ).fetchall()
    events = [{"log_id": row["id"], "event": decision(row["payload"])} for row in held]
    row = conn.execute(
        "select * from search_again(%s, %s, %s, %s)", (user_id, conflict, Jsonb(events), has_tmdb)
    ).fetchone()
    assert row is not None
    return row


def test_nothing_new_leaves_the_question_open(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    held = receive(conn, user, scrobble())
    assert search(conn, user, held["conflict_id"]) == {
        "resolved": False,
        "tvshow_id": None,
        "replayed": 1,
        "outcomes": {"needs_user_input": 1},
    }
    assert conflict_row(conn, held["conflict_id"])["undo"] is None


def test_a_show_that_is_there_now_is_taken_and_its_document_written_once(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    held = [receive(conn, user, scrobble(episode=n, at=AT + n * HOUR)) for n in (3, 1, 2)]
    show = make_show(user, payloads.SHOW)
    written = "select pg_stat_get_xact_tuples_updated('tracker.tvshows'::regclass) as n"
    before = value(conn, written)
    answer = search(conn, user, held[0]["conflict_id"])
    assert answer == {"resolved": True, "tvshow_id": show, "replayed": 3, "outcomes": {"marked_watched": 3}}
    assert value(conn, written) - before == 1
    assert live_times(conn, show) == [AT + n * HOUR for n in (1, 2, 3)]
    assert_totals_are_a_recount(conn, show)
    assert conflict_row(conn, held[0]["conflict_id"])["resolution_action"] == "search_again"


def test_it_can_be_taken_back_and_asked_for_again(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    held = receive(conn, user, scrobble())
    show = make_show(user, payloads.SHOW)
    search(conn, user, held["conflict_id"])
    conn.execute("select undo_conflict(%s, %s)", (user, held["conflict_id"]))
    assert log_row(conn, held["log_id"])["status"] == "conflict"
    assert value(conn, "select count(*) as n from plex_show_mappings") == 0
    assert search(conn, user, held["conflict_id"])["outcomes"] == {"marked_watched": 1}
    assert [p["void_reason"] for p in plays(conn, show)] == ["undone", None]


def test_an_event_that_somebody_can_be_asked_about_waits_for_the_look_up(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    held = receive(conn, user, scrobble())
    answer = search(conn, user, held["conflict_id"], has_tmdb=True)
    assert (answer["resolved"], answer["outcomes"]) == (False, {"needs_lookup": 1})
    assert log_row(conn, held["log_id"])["status"] == "pending"


def test_what_is_answered_or_not_there_is_refused(conn: Connection, make_user: MakeUser) -> None:
    user, stranger = make_user(), make_user()
    held = receive(conn, user, scrobble())["conflict_id"]
    with refused(conn, "TK404"):
        search(conn, stranger, held)
    conn.execute("select resolve_conflict(%s, %s, 'ignore')", (user, held))
    with refused(conn, "TK409"):
        search(conn, user, held)
