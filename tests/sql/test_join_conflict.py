"""join_conflict: two questions about one show become one."""

from __future__ import annotations

from collections.abc import Callable

from tests.conftest import Connection
from tests.scrobbles import receive, scrobble
from tests.watch_state import conflict_row, log_row, refused


def test_what_waited_for_the_one_waits_for_the_other(conn: Connection, make_user: Callable[..., int]) -> None:
    user = make_user()
    one = receive(conn, user, scrobble("Lantern"))
    other = receive(conn, user, scrobble("Beacon"))
    conn.execute("select join_conflict(%s, %s, %s)", (user, one["conflict_id"], other["conflict_id"]))
    assert log_row(conn, one["log_id"])["conflict_id"] == other["conflict_id"]
    row = conflict_row(conn, one["conflict_id"])
    assert (row["resolved"], row["resolution_action"]) == (True, "auto")
    assert (row["joined_id"], row["undo"]) == (other["conflict_id"], None)
    assert not conflict_row(conn, other["conflict_id"])["resolved"]


def test_nothing_is_moved_into_the_question_of_another_user(conn: Connection, make_user: Callable[..., int]) -> None:
    user, stranger = make_user(), make_user()
    mine = receive(conn, user, scrobble("Lantern"))["conflict_id"]
    theirs = receive(conn, stranger, scrobble("Lantern"))["conflict_id"]
    with refused(conn, "23503"):
        conn.execute("select join_conflict(%s, %s, %s)", (user, mine, theirs))
    assert not conflict_row(conn, mine)["resolved"]
