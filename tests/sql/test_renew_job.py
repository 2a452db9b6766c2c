"""renew_job: a run says that it is still at work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.watch_state import one, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def renew(conn: Connection, job: int, progress: dict[str, Any] | None = None) -> Any:
    given = None if progress is None else Jsonb(progress)
    return value(conn, "select renew_job(%s, 90, %s) as ours", (job, given))


def test_the_lease_and_the_progress_are_kept(conn: Connection) -> None:
    job = value(conn, "select start_job('refresh', null, 60) as id")
    assert renew(conn, job, {"done": 5}) is True
    assert renew(conn, job) is True
    row = one(conn, "select progress, extract(epoch from claimed_until - now())::int as left from job_runs")
    assert (row["progress"], row["left"]) == ({"done": 5}, 90)


def test_a_run_that_was_ended_is_not_ours_any_more(conn: Connection) -> None:
    job = value(conn, "select start_job('refresh', null, 60) as id")
    conn.execute("select finish_job(%s, 'cancelled')", (job,))
    assert renew(conn, job) is False
