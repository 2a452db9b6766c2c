"""Administrators who go at the same time: one is always left. A test's name is its interleaving."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from tests.concurrency.conftest import Session
from tests.conftest import Connection
from tests.scrobbles import receive, scrobble
from tests.watch_state import value

TwoSessions = tuple[Session, Session]
PATIENCE = 60


@pytest.fixture
def both(conn: Connection, make_user: Callable[..., int]) -> tuple[int, int]:
    """Two administrators, and nobody else who is one."""
    olga, mira = make_user("olga"), make_user("mira")
    make_user("otto")
    conn.execute("update users set is_admin = true where id in (%s, %s)", (olga, mira))
    return olga, mira


def go(connection: Connection, way: str, user_id: int) -> None:
    if way == "deleted":
        connection.execute("select delete_user(%s)", (user_id,))
    else:
        connection.execute("select set_administrator(%s, false)", (user_id,))


@pytest.mark.parametrize("first_way", ["deleted", "unmade"])
@pytest.mark.parametrize("second_way", ["deleted", "unmade"])
def test_one_goes_then_the_other_who_is_the_last_then(
    conn: Connection, two_sessions: TwoSessions, both: tuple[int, int], first_way: str, second_way: str
) -> None:
    first, second = two_sessions
    olga, mira = both
    first.begin()
    first.does(go, first_way, olga).result(PATIENCE)
    waiting = second.does(go, second_way, mira)
    second.waits_for(first)
    first.commit()

    with pytest.raises(psycopg.Error) as refused:
        waiting.result(PATIENCE)
    assert refused.value.sqlstate == "TK409"
    assert value(conn, "select array_agg(id) as ids from users where is_admin") == [mira]


def test_while_one_goes_what_another_watches_is_marked(
    conn: Connection, two_sessions: TwoSessions, both: tuple[int, int], make_show: Callable[..., int]
) -> None:
    """The rows of administrators are locked, but not against what points to them."""
    first, second = two_sessions
    olga, mira = both
    make_show(mira, "Harbour Lights")
    first.begin()
    first.does(go, "unmade", olga).result(PATIENCE)

    def watch(connection: Connection) -> Any:
        return receive(connection, mira, scrobble())

    assert second.does(watch).result(PATIENCE)["status"] == "success"
    first.commit()
