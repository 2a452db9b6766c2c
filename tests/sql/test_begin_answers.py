"""begin_answers: several questions to be answered in one go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.scrobbles import receive, scrobble
from tests.watch_state import refused, value

MakeUser = Callable[..., int]


def begin(conn: Connection, user_id: int, action: str, *items: dict[str, Any]) -> int:
    batch_id: int = value(conn, "select begin_answers(%s, %s, %s)", (user_id, action, Jsonb(list(items))))
    return batch_id


def ask(conn: Connection, user_id: int, title: str) -> int:
    """A question about a show that nobody knows."""
    conflict_id: int = receive(conn, user_id, scrobble(title, grandparentGuid=None, guid="local://1"))["conflict_id"]
    return conflict_id


def items(conn: Connection, batch_id: int) -> list[tuple[Any, ...]]:
    rows = conn.execute(
        "select conflict_id, tvshow_id, tmdb_id, status from answer_batch_items where batch_id = %s order by 1",
        (batch_id,),
    ).fetchall()
    return [tuple(row.values()) for row in rows]


def test_each_question_is_noted_once_with_the_show_that_was_put_forward(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    first, second = ask(conn, user, "Nobody knows this"), ask(conn, user, "Nor that")
    batch = begin(
        conn,
        user,
        "confirm",
        {"conflict_id": second, "tmdb_id": 7},
        {"conflict_id": first, "tvshow_id": 5},
        {"conflict_id": first, "tvshow_id": 5},
    )
    assert items(conn, batch) == [(first, 5, None, "waiting"), (second, None, 7, "waiting")]


def test_while_one_go_is_under_way_no_other_begins_but_somebody_elses(conn: Connection, make_user: MakeUser) -> None:
    user, other = make_user(), make_user()
    question = {"conflict_id": ask(conn, user, "Nobody knows this")}
    batch = begin(conn, user, "ignore", question)
    with refused(conn, "TK409"):
        begin(conn, user, "ignore", question)
    assert begin(conn, other, "ignore", {"conflict_id": ask(conn, other, "Nobody knows this")}) != batch


def test_a_question_of_somebody_else_is_not_there(conn: Connection, make_user: MakeUser) -> None:
    user, other = make_user(), make_user()
    mine, theirs = ask(conn, user, "Nobody knows this"), ask(conn, other, "Nobody knows this")
    with refused(conn, "TK404"):
        begin(conn, user, "ignore", {"conflict_id": mine}, {"conflict_id": theirs})
    assert value(conn, "select count(*) from answer_batches") == 0


def test_nothing_chosen_is_refused(conn: Connection, make_user: MakeUser) -> None:
    with refused(conn, "TK422"):
        begin(conn, make_user(), "ignore")


def test_a_go_that_can_be_taken_back_no_more_is_forgotten(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    question = {"conflict_id": ask(conn, user, "Nobody knows this")}
    for days in (31, 29):
        batch = begin(conn, user, "ignore", question)
        conn.execute(
            "update answer_batches set finished_at = now() - make_interval(days => %s) where id = %s", (days, batch)
        )
    last = begin(conn, user, "ignore", question)
    kept = conn.execute("select id from answer_batches order by id").fetchall()
    assert [row["id"] for row in kept] == [batch, last]
