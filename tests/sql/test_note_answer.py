"""note_answer: what came of one question of a go of answers."""

from __future__ import annotations

from collections.abc import Callable

from tests.conftest import Connection
from tests.sql.test_begin_answers import ask, begin, items
from tests.watch_state import value

MakeUser = Callable[..., int]


def note(conn: Connection, user_id: int, batch_id: int, conflict_id: int, problem: str | None = None) -> bool:
    ended: bool = value(conn, "select note_answer(%s, %s, %s, %s)", (user_id, batch_id, conflict_id, problem))
    return ended


def test_the_go_is_over_with_its_last_question(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    first, second = ask(conn, user, "Nobody knows this"), ask(conn, user, "Nor that")
    batch = begin(conn, user, "ignore", {"conflict_id": first}, {"conflict_id": second})

    assert not note(conn, user, batch, first)
    assert value(conn, "select finished_at from answer_batches") is None
    assert note(conn, user, batch, second, "it was too late")

    assert [row[3] for row in items(conn, batch)] == ["done", "refused"]
    assert value(conn, "select problem from answer_batch_items where conflict_id = %s", (second,)) == "it was too late"
    assert value(conn, "select finished_at from answer_batches") is not None


def test_somebody_elses_go_is_left_alone(conn: Connection, make_user: MakeUser) -> None:
    user, other = make_user(), make_user()
    question = ask(conn, user, "Nobody knows this")
    batch = begin(conn, user, "ignore", {"conflict_id": question})
    assert not note(conn, other, batch, question)
    assert items(conn, batch) == [(question, None, None, "waiting")]
