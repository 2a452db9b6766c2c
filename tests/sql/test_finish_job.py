"""finish_job: the end of a run, and what came of it."""

from __future__ import annotations

from collections.abc import Callable

from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.watch_state import one, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def test_the_result_is_kept_and_an_end_is_final(conn: Connection) -> None:
    job = value(conn, "select start_job('refresh', null, 60) as id")
    conn.execute("select finish_job(%s, 'success', %s)", (job, Jsonb({"refreshed": 3})))
    conn.execute("select finish_job(%s, 'failed', null, 'late')", (job,))
    row = one(conn, "select * from job_runs where id = %s", (job,))
    assert (row["status"], row["result"], row["error_message"]) == ("success", {"refreshed": 3}, None)
    assert row["finished_at"] is not None
    assert row["claimed_until"] is None
