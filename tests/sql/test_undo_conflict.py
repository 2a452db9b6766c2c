"""undo_conflict: an answer is taken back, with everything that came of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests import payloads
from tests.conftest import Connection
from tests.scrobbles import AT, receive, scrobble
from tests.watch_state import (
    assert_totals_are_a_recount,
    conflict_row,
    live_times,
    log_row,
    one,
    plays,
    refused,
    show_row,
    value,
)

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]
HOUR = timedelta(hours=1)


def resolve(conn: Connection, user: int, conflict: int, action: str, show: int | None = None, **show_told: Any) -> Any:
    return one(
        conn,
        "select * from resolve_conflict(%s, %s, %s, %s, p_show => %s)",
        (user, conflict, action, show, Jsonb(show_told) if show_told else None),
    )


def undo(conn: Connection, user: int, conflict: int) -> dict[str, Any]:
    return one(conn, "select * from undo_conflict(%s, %s)", (user, conflict))


def mappings(conn: Connection, user: int) -> list[dict[str, Any]]:
    return conn.execute("select * from plex_show_mappings where user_id = %s order by id", (user,)).fetchall()


def names(conn: Connection, show: int) -> list[tuple[str, str]]:
    rows = conn.execute("select title, kind from show_titles where tvshow_id = %s order by 1", (show,)).fetchall()
    return [(row["title"], row["kind"]) for row in rows]


def test_mapping_name_and_marks_are_as_before_and_the_events_wait_again(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    held = [receive(conn, user, scrobble(episode=n, at=AT + n * HOUR)) for n in (1, 2)]
    conflict = held[0]["conflict_id"]
    show = make_show(user, "The wrong one")
    before = show_row(conn, show)
    resolve(conn, user, conflict, "select", show)
    later = receive(conn, user, scrobble(episode=3, at=AT + 3 * HOUR))
    assert later["tvshow_id"] == show

    assert undo(conn, user, conflict) == {
        "withdrawn": 3,
        "held": 3,
        "removed_tvshow_id": None,
        "kept_tvshow_id": None,
    }
    assert mappings(conn, user) == []
    assert names(conn, show) == [("The wrong one", "main")]
    assert live_times(conn, show) == []
    assert {p["void_reason"] for p in plays(conn, show)} == {"undone"}
    row = show_row(conn, show)
    assert [row[k] for k in ("seasons", "watched_episodes", "total_minutes")] == [
        before[k] for k in ("seasons", "watched_episodes", "total_minutes")
    ]
    for event in (*held, later):
        log = log_row(conn, event["log_id"])
        assert (log["status"], log["action_taken"]) == ("conflict", "needs_user_input")
        assert (log["conflict_id"], log["tvshow_id"], log["mapping_id"]) == (conflict, None, None)
        assert log["trace"][-1]["step"] == "undone"
    asked = conflict_row(conn, conflict)
    assert (asked["resolved"], asked["resolution_action"], asked["resolved_tvshow_id"]) == (False, None, None)
    assert asked["undone_at"] is not None

    right = make_show(user, "The right one")
    assert resolve(conn, user, conflict, "select", right)["outcomes"] == {"marked_watched": 3}
    assert live_times(conn, right) == [AT + n * HOUR for n in (1, 2, 3)]
    assert undo(conn, user, conflict)["withdrawn"] == 3


def test_marks_that_were_there_before_stay(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    held = receive(conn, user, scrobble(episode=1, at=AT))
    show = make_show(user, "Another name")
    conn.execute("select set_watched(%s, %s, 1, 1, true, %s)", (user, show, AT + HOUR))
    conn.execute("select set_watched(%s, %s, 1, 2, true, %s)", (user, show, AT + HOUR))
    before = show_row(conn, show)
    resolve(conn, user, held["conflict_id"], "select", show)
    assert live_times(conn, show) == [AT, AT + HOUR]
    undo(conn, user, held["conflict_id"])
    assert live_times(conn, show) == [AT + HOUR, AT + HOUR]
    assert show_row(conn, show)["seasons"] == before["seasons"]
    assert_totals_are_a_recount(conn, show)


def test_the_mapping_that_was_there_before_is_there_again(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    first = make_show(user, payloads.SHOW, seasons={1: 1})
    earlier = receive(conn, user, scrobble(episode=1))
    held = receive(conn, user, scrobble(episode=9, at=AT + HOUR))
    (before,) = mappings(conn, user)
    second = make_show(user, "Another name", seasons={1: 9})
    resolve(conn, user, held["conflict_id"], "select", second)
    assert mappings(conn, user)[0]["tvshow_id"] == second
    assert undo(conn, user, held["conflict_id"])["withdrawn"] == 1
    (after,) = mappings(conn, user)
    changing = ("updated_at", "last_synced_at")
    assert {k: v for k, v in after.items() if k not in changing} == {
        k: v for k, v in before.items() if k not in changing
    }
    assert after["tvshow_id"] == first
    # What came through it before the answer is not touched.
    assert live_times(conn, first) == [AT]
    assert log_row(conn, earlier["log_id"])["status"] == "success"
    assert conflict_row(conn, held["conflict_id"])["tvshow_id"] == first


def test_an_answer_whose_mapping_was_forgotten_since_is_taken_back_without_it(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, seasons={1: 1})
    receive(conn, user, scrobble())
    held = receive(conn, user, scrobble(episode=2, at=AT + HOUR))
    resolve(conn, user, held["conflict_id"], "select")
    (mapping,) = mappings(conn, user)
    conn.execute("select delete_mapping(%s, %s)", (user, mapping["id"]))

    assert undo(conn, user, held["conflict_id"])["withdrawn"] == 1

    assert mappings(conn, user) == []
    assert not conflict_row(conn, held["conflict_id"])["resolved"]
    assert live_times(conn, show) == [AT]


def test_a_name_that_the_answer_took_from_a_show_is_given_back(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    first = make_show(user, "First", seasons={1: 1})
    asked = receive(conn, user, scrobble(episode=1))
    resolve(conn, user, asked["conflict_id"], "select", first)
    assert (payloads.SHOW, "learnt") in names(conn, first)
    held = receive(conn, user, scrobble(episode=9, at=AT + HOUR))
    resolve(conn, user, held["conflict_id"], "select", make_show(user, "Second", seasons={1: 9}))
    assert names(conn, first) == [("First", "main")]
    undo(conn, user, held["conflict_id"])
    assert (payloads.SHOW, "learnt") in names(conn, first)
    assert mappings(conn, user)[0]["tvshow_id"] == first


def test_episodes_that_the_answer_took_from_plex_go(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, seasons={1: 2})
    before = show_row(conn, show)["seasons"]
    held = receive(conn, user, scrobble(season=3, episode=1))
    resolve(conn, user, held["conflict_id"], "select")
    assert show_row(conn, show)["total_episodes"] == 3
    undo(conn, user, held["conflict_id"])
    assert show_row(conn, show)["seasons"] == before
    assert show_row(conn, show)["total_episodes"] == 2
    asked = conflict_row(conn, held["conflict_id"])
    assert (asked["conflict_type"], asked["tvshow_id"], asked["resolved"]) == ("episode_missing", show, False)


def test_a_show_that_the_answer_added_is_removed(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    held = receive(conn, user, scrobble())
    show = resolve(conn, user, held["conflict_id"], "create_new", title="New", tmdb_id=7)["tvshow_id"]
    answer = undo(conn, user, held["conflict_id"])
    assert (answer["removed_tvshow_id"], answer["kept_tvshow_id"]) == (show, None)
    assert show_row(conn, show)["deleted_at"] is not None
    assert mappings(conn, user) == []
    again = resolve(conn, user, held["conflict_id"], "create_new", title="New", tmdb_id=7)
    assert again["tvshow_id"] != show
    assert again["outcomes"] == {"marked_watched": 1}


def test_a_show_that_the_answer_added_stays_when_something_else_was_done_with_it(
    conn: Connection, make_user: MakeUser
) -> None:
    user = make_user()
    held = receive(conn, user, scrobble())
    show = resolve(conn, user, held["conflict_id"], "create_new")["tvshow_id"]
    conn.execute("select set_watched(%s, %s, 1, 1, true)", (user, show))
    answer = undo(conn, user, held["conflict_id"])
    assert (answer["removed_tvshow_id"], answer["kept_tvshow_id"]) == (None, show)
    row = show_row(conn, show)
    assert (row["deleted_at"], row["watched_episodes"], row["total_episodes"]) == (None, 1, 1)


def test_a_show_that_was_deleted_since_stays_deleted(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    held = receive(conn, user, scrobble())
    show = resolve(conn, user, held["conflict_id"], "create_new")["tvshow_id"]
    conn.execute("select delete_show(%s, %s)", (user, show))
    assert undo(conn, user, held["conflict_id"])["held"] == 1
    assert mappings(conn, user) == []
    assert plays(conn, show)[0]["void_reason"] == "undone"


def test_mappings_that_came_back_with_the_show_go_with_it(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    deleted = make_show(user, "Beacon", tmdb_id=7)
    receive(conn, user, scrobble("Beacon"))
    conn.execute("select delete_show(%s, %s)", (user, deleted))
    held = receive(conn, user, scrobble("Lantern"))
    show = resolve(conn, user, held["conflict_id"], "create_new", title="Beacon", tmdb_id=7)["tvshow_id"]
    assert {m["tvshow_id"] for m in mappings(conn, user)} == {show}
    assert undo(conn, user, held["conflict_id"])["removed_tvshow_id"] == show
    assert [(m["tvshow_id"], m["emptied_tvshow_id"]) for m in mappings(conn, user)] == [(None, deleted)]


def test_what_was_ignored_waits_again(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    held = receive(conn, user, scrobble())
    resolve(conn, user, held["conflict_id"], "ignore")
    newer = receive(conn, user, scrobble(episode=2))
    assert newer["conflict_id"] != held["conflict_id"]
    # The question that was asked again is the same one.
    assert undo(conn, user, held["conflict_id"]) == {
        "withdrawn": 0,
        "held": 2,
        "removed_tvshow_id": None,
        "kept_tvshow_id": None,
    }
    assert log_row(conn, newer["log_id"])["conflict_id"] == held["conflict_id"]
    row = conflict_row(conn, newer["conflict_id"])
    assert (row["resolution_action"], row["joined_id"]) == ("auto", held["conflict_id"])


def test_what_was_ignored_for_good_waits_again_with_what_came_since(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    held = receive(conn, user, scrobble())
    resolve(conn, user, held["conflict_id"], "ignore_forever")
    later = receive(conn, user, scrobble(episode=2))
    assert later["action"] == "sync_disabled"
    assert undo(conn, user, held["conflict_id"])["held"] == 2
    assert mappings(conn, user) == []
    assert log_row(conn, later["log_id"])["conflict_id"] == held["conflict_id"]


def test_a_question_that_the_answer_raised_is_closed_with_it(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    held = receive(conn, user, scrobble(episode=9))
    resolve(conn, user, held["conflict_id"], "select", make_show(user, "Another", seasons={1: 1}))
    raised = log_row(conn, held["log_id"])["conflict_id"]
    assert raised != held["conflict_id"]
    later = receive(conn, user, scrobble(episode=8))
    assert later["conflict_id"] == raised
    assert undo(conn, user, held["conflict_id"])["held"] == 2
    assert conflict_row(conn, raised)["resolved"]
    assert value(conn, "select count(*) as n from plex_conflicts where not resolved") == 1


def test_a_key_that_the_answer_took_from_another_mapping_is_given_back(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    other = make_show(user, "Beacon")
    receive(conn, user, scrobble("Beacon", grandparentRatingKey="12"))
    held = receive(conn, user, scrobble("Lantern", grandparentRatingKey="12"))
    resolve(conn, user, held["conflict_id"], "ignore_forever")
    assert [m["plex_rating_key"] for m in mappings(conn, user)] == [None, "12"]
    undo(conn, user, held["conflict_id"])
    assert [(m["tvshow_id"], m["plex_rating_key"]) for m in mappings(conn, user)] == [(other, "12")]


def test_a_key_that_another_mapping_has_by_now_stays_with_it(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    make_show(user, "Lantern", seasons={1: 1})
    receive(conn, user, scrobble("Lantern", grandparentRatingKey="12"))
    held = receive(conn, user, scrobble("Lantern", grandparentRatingKey="12", episode=9))
    resolve(conn, user, held["conflict_id"], "ignore_forever")
    other = make_show(user, "Beacon")
    receive(conn, user, scrobble("Beacon", grandparentRatingKey="12"))
    undo(conn, user, held["conflict_id"])
    keys = {m["tvshow_id"]: m["plex_rating_key"] for m in mappings(conn, user)}
    assert keys[other] == "12"
    assert list(keys.values()).count("12") == 1


@pytest.mark.parametrize("days", [6, 8])
def test_an_answer_can_be_taken_back_for_seven_days(conn: Connection, make_user: MakeUser, days: int) -> None:
    user = make_user()
    held = receive(conn, user, scrobble())["conflict_id"]
    resolve(conn, user, held, "ignore")
    conn.execute("update plex_conflicts set resolved_at = now() - make_interval(days => %s)", (days,))
    if days < 7:
        assert undo(conn, user, held)["held"] == 1
    else:
        with refused(conn, "TK409"):
            undo(conn, user, held)


def test_what_cannot_be_taken_back_is_refused(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user, stranger = make_user(), make_user()
    held = receive(conn, user, scrobble())["conflict_id"]
    with refused(conn, "TK404"):
        undo(conn, stranger, held)
    with refused(conn, "TK404"):
        undo(conn, user, 2**40)
    with refused(conn, "TK409"):
        undo(conn, user, held)
    resolve(conn, user, held, "select", make_show(user, "Another"))
    undo(conn, user, held)
    with refused(conn, "TK409"):
        undo(conn, user, held)


def test_an_answer_whose_mapping_was_changed_since_is_not_taken_back(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    held = receive(conn, user, scrobble())["conflict_id"]
    resolve(conn, user, held, "select", make_show(user, "Another"))
    right = make_show(user, "Right")
    mapping = mappings(conn, user)[0]["id"]
    conn.execute("select update_mapping(%s, %s, %s)", (user, mapping, Jsonb({"tvshow_id": right})))
    with refused(conn, "TK409"):
        undo(conn, user, held)
    assert mappings(conn, user)[0]["tvshow_id"] == right


def test_an_answer_is_taken_back_after_the_one_that_made_its_mapping(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    first = receive(conn, user, scrobble(episode=1))["conflict_id"]
    show = make_show(user, "Another", seasons={1: 1})
    resolve(conn, user, first, "select", show)
    second = receive(conn, user, scrobble(episode=9, at=AT + HOUR))["conflict_id"]
    assert second != first
    resolve(conn, user, second, "select", show)

    undo(conn, user, first)
    assert mappings(conn, user) == []
    undo(conn, user, second)
    assert live_times(conn, show) == []
    assert value(conn, "select count(*) as n from plex_webhook_logs where status = 'conflict'") == 2


def test_an_event_that_went_to_a_look_up_since_waits_for_the_answer_again(
    conn: Connection, make_user: MakeUser
) -> None:
    user = make_user()
    held = receive(conn, user, scrobble())
    resolve(conn, user, held["conflict_id"], "ignore_forever")
    conn.execute(
        """update plex_webhook_logs set status = 'pending', next_attempt_at = now(), show_key = 'x', lookup = '{}'
           where id = %s""",
        (held["log_id"],),
    )
    undo(conn, user, held["conflict_id"])
    log = log_row(conn, held["log_id"])
    assert (log["status"], log["next_attempt_at"], log["show_key"], log["lookup"]) == ("conflict", None, None, None)


def test_a_question_whose_events_were_purged_is_not_asked_again(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    held = receive(conn, user, scrobble())
    show = make_show(user, "Another")
    resolve(conn, user, held["conflict_id"], "select", show)
    conn.execute("delete from plex_webhook_logs where id = %s", (held["log_id"],))
    assert undo(conn, user, held["conflict_id"]) == {
        "withdrawn": 1,
        "held": 0,
        "removed_tvshow_id": None,
        "kept_tvshow_id": None,
    }
    assert live_times(conn, show) == []
    row = conflict_row(conn, held["conflict_id"])
    assert (row["resolved"], row["undone_at"] is None) == (True, False)
