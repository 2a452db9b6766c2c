"""close_conflict: a question that nothing waits for is not asked any more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conftest import Connection
from tests.scrobbles import receive, scrobble
from tests.watch_state import conflict_row, value


def close(conn: Connection, user_id: int, conflict: int) -> Any:
    return value(conn, "select close_conflict(%s, %s, 'auto', null, null) as closed", (user_id, conflict))


def test_it_is_closed_when_its_last_event_has_gone(conn: Connection, make_user: Callable[..., int]) -> None:
    user, stranger = make_user(), make_user()
    held = receive(conn, user, scrobble())
    assert close(conn, user, held["conflict_id"]) is False
    conn.execute("update plex_webhook_logs set status = 'pending', next_attempt_at = now()")
    assert close(conn, user, held["conflict_id"]) is False
    conn.execute("update plex_webhook_logs set status = 'success'")
    assert close(conn, stranger, held["conflict_id"]) is False
    assert close(conn, user, held["conflict_id"]) is True
    row = conflict_row(conn, held["conflict_id"])
    assert (row["resolved"], row["resolution_action"], row["undo"]) == (True, "auto", None)
    assert close(conn, user, held["conflict_id"]) is False
