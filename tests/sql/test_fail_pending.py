"""fail_pending: a pending event that could not be decided is kept, and not tried for ever."""

from __future__ import annotations

from collections.abc import Callable

from psycopg.types.json import Jsonb

from tests import payloads
from tests.conftest import Connection
from tests.scrobbles import receive, scrobble
from tests.watch_state import log_row

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def test_it_is_failed_with_its_reason_and_trace(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    log_id = receive(conn, user, scrobble(), has_tmdb=True)["log_id"]
    conn.execute("select fail_pending(%s, %s, %s, 'a fault')", (user, log_id, Jsonb([{"step": "asked"}])))
    row = log_row(conn, log_id)
    assert (row["status"], row["action_taken"], row["error_message"]) == ("failed", "internal_error", "a fault")
    assert (row["attempts"], row["next_attempt_at"], row["trace"][-1]) == (1, None, {"step": "asked"})


def test_what_was_decided_meanwhile_stays(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    make_show(user, payloads.SHOW)
    log_id = receive(conn, user, scrobble())["log_id"]
    conn.execute("select fail_pending(%s, %s, '[]', 'a fault')", (user, log_id))
    assert log_row(conn, log_id)["status"] == "success"
