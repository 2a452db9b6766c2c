"""rule_answer: what can be taken back of an answer that no user gave."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg.types.json import Jsonb

from tests import payloads
from tests.conftest import Connection
from tests.scrobbles import decision, receive, scrobble
from tests.watch_state import conflict_row, log_row, one, plays, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def rule_answer(conn: Connection, user_id: int, conflict: int) -> Any:
    mapping = one(conn, "select id from plex_show_mappings where user_id = %s", (user_id,))["id"]
    return value(conn, "select rule_answer(%s, %s, %s) as undo", (user_id, conflict, mapping))


def test_a_replay_that_answers_the_question_can_be_taken_back(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    held = receive(conn, user, scrobble())
    show = make_show(user, payloads.SHOW)
    conn.execute("select replay_event(%s, %s, %s, false)", (user, held["log_id"], Jsonb(decision(scrobble()))))
    later = receive(conn, user, scrobble(episode=2))
    assert conflict_row(conn, held["conflict_id"])["resolution_action"] == "search_again"
    undone = one(conn, "select * from undo_conflict(%s, %s)", (user, held["conflict_id"]))
    assert (undone["withdrawn"], undone["held"]) == (2, 2)
    assert value(conn, "select count(*) as n from plex_show_mappings") == 0
    assert {play["void_reason"] for play in plays(conn, show)} == {"undone"}
    assert log_row(conn, later["log_id"])["conflict_id"] == held["conflict_id"]


def test_a_mapping_of_the_users_own_or_of_before_is_not_taken_back(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    make_show(user, payloads.SHOW, seasons={1: 1})
    receive(conn, user, scrobble())
    held = receive(conn, user, scrobble(episode=9))["conflict_id"]
    # In this test everything happens at one time.
    conn.execute("update plex_show_mappings set created_at = now() - interval '1 hour'")
    assert rule_answer(conn, user, held) is None
    conn.execute("update plex_show_mappings set created_at = now(), manually_confirmed = true")
    assert rule_answer(conn, user, held) is None
    conn.execute("update plex_show_mappings set manually_confirmed = false")
    assert rule_answer(conn, user, held)["after_event"] == 0
