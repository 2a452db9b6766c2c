"""reopen_conflicts: what the deletion of a show closed is asked again when the show is back, unless it was answered since."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.scrobbles import receive, scrobble
from tests.watch_state import conflict_row, live_plays, log_row, one, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


@pytest.fixture
def user(make_user: MakeUser) -> int:
    return make_user()


@pytest.fixture
def show(user: int, make_show: MakeShow) -> int:
    return make_show(user, "Harbour Lights", seasons={1: 1})


def delete(conn: Connection, user: int, show: int) -> None:
    conn.execute("select delete_show(%s, %s)", (user, show))


def restore(conn: Connection, user: int, show: int) -> None:
    conn.execute("select restore_show(%s, %s)", (user, show))


def steps(conn: Connection, log_id: int) -> list[str]:
    return [step["step"] for step in log_row(conn, log_id)["trace"]]


def test_the_question_is_open_again_and_its_answer_marks_what_waited(conn: Connection, user: int, show: int) -> None:
    held = [receive(conn, user, scrobble(episode=number)) for number in (2, 3)]
    question = conflict_row(conn, held[0]["conflict_id"])
    delete(conn, user, show)
    assert conflict_row(conn, question["id"])["resolved"]

    restore(conn, user, show)

    assert conflict_row(conn, question["id"]) | {"updated_at": None} == question | {"updated_at": None}
    for event in held:
        row = log_row(conn, event["log_id"])
        assert (row["status"], row["action_taken"]) == ("conflict", "needs_user_input")
        assert steps(conn, event["log_id"])[-2:] == ["show_deleted", "show_returned"]
    assert receive(conn, user, scrobble(episode=4))["conflict_id"] == question["id"]
    conn.execute("select resolve_conflict(%s, %s, 'select')", (user, question["id"]))
    assert [play["episode"] for play in live_plays(conn, show)] == [2, 3, 4]


def test_deleted_and_restored_again_it_is_asked_again(conn: Connection, user: int, show: int) -> None:
    held = receive(conn, user, scrobble(episode=2))
    for _ in range(2):
        delete(conn, user, show)
        assert conflict_row(conn, held["conflict_id"])["resolved"]
        restore(conn, user, show)
        assert not conflict_row(conn, held["conflict_id"])["resolved"]


def test_what_was_answered_before_the_deletion_stays_answered(conn: Connection, user: int, show: int) -> None:
    held = receive(conn, user, scrobble(episode=2))
    conn.execute("select resolve_conflict(%s, %s, 'ignore')", (user, held["conflict_id"]))
    delete(conn, user, show)
    restore(conn, user, show)
    assert conflict_row(conn, held["conflict_id"])["resolved"]
    assert log_row(conn, held["log_id"])["action_taken"] == "ignored_by_user"


@pytest.mark.parametrize("other_show", [True, False])
def test_another_show_or_none_named_meanwhile_is_the_answer(
    conn: Connection, user: int, show: int, make_show: MakeShow, other_show: bool
) -> None:
    held = receive(conn, user, scrobble(episode=2))
    delete(conn, user, show)
    changes = {"tvshow_id": make_show(user, "Fog") if other_show else None}
    mapping = value(conn, "select id from plex_show_mappings where user_id = %s", (user,))
    conn.execute("select update_mapping(%s, %s, %s)", (user, mapping, Jsonb(changes)))
    restore(conn, user, show)
    assert conflict_row(conn, held["conflict_id"])["resolved"]
    assert log_row(conn, held["log_id"])["status"] == "ignored"


def test_when_it_was_asked_again_meanwhile_all_waits_in_one_question(conn: Connection, user: int, show: int) -> None:
    held = receive(conn, user, scrobble(episode=2))
    delete(conn, user, show)
    conn.execute("select delete_mapping(%s, m.id) from plex_show_mappings m where m.user_id = %s", (user, user))
    again = receive(conn, user, scrobble(episode=3))
    assert again["status"] == "conflict"
    assert again["conflict_id"] != held["conflict_id"]

    restore(conn, user, show)

    row = conflict_row(conn, held["conflict_id"])
    assert (row["resolved"], row["joined_id"]) == (True, again["conflict_id"])
    waiting = one(
        conn,
        "select count(*) as events, count(distinct l.conflict_id) as questions, bool_and(not c.resolved) as open"
        " from plex_webhook_logs l join plex_conflicts c on c.id = l.conflict_id"
        " where l.user_id = %s and l.status = 'conflict'",
        (user,),
    )
    assert waiting == {"events": 2, "questions": 1, "open": True}


def test_an_episode_that_the_show_has_by_now_is_marked(conn: Connection, user: int, show: int) -> None:
    held = receive(conn, user, scrobble(episode=2))
    delete(conn, user, show)
    document = [{"seasonNumber": 1, "episodes": [{"episodeNumber": 1}, {"episodeNumber": 2}]}]
    conn.execute("update tvshows set seasons = %s where id = %s", (Jsonb(document), show))
    restore(conn, user, show)
    assert conflict_row(conn, held["conflict_id"])["resolution_action"] == "auto"
    assert log_row(conn, held["log_id"])["status"] == "success"
    assert [play["episode"] for play in live_plays(conn, show)] == [2]


def test_what_was_decided_again_meanwhile_is_left(conn: Connection, user: int, show: int) -> None:
    held = receive(conn, user, scrobble(episode=2))
    delete(conn, user, show)
    conn.execute(
        'update plex_webhook_logs set trace = trace::jsonb || \'{"step": "replayed"}\' where id = %s', (held["log_id"],)
    )
    restore(conn, user, show)
    assert conflict_row(conn, held["conflict_id"])["resolved"]
    assert log_row(conn, held["log_id"])["status"] == "ignored"


def test_a_question_whose_events_are_purged_is_not_asked(conn: Connection, user: int, show: int) -> None:
    held = receive(conn, user, scrobble(episode=2))
    delete(conn, user, show)
    conn.execute("delete from plex_webhook_logs where id = %s", (held["log_id"],))
    restore(conn, user, show)
    assert conflict_row(conn, held["conflict_id"])["resolved"]


def test_nothing_of_somebody_else_is_touched(conn: Connection, user: int, show: int, make_user: MakeUser) -> None:
    held = receive(conn, user, scrobble(episode=2))
    delete(conn, user, show)
    assert value(conn, "select reopen_conflicts(%s, %s)", (make_user(), show)) == 0
    assert conflict_row(conn, held["conflict_id"])["resolved"]
