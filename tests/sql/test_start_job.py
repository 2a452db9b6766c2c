"""start_job: a job runs once, however many want to run it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conftest import Connection
from tests.watch_state import one, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def start(conn: Connection, kind: str = "refresh", user_id: int | None = None, lease: int = 60, apart: int = 0) -> Any:
    return value(conn, "select start_job(%s, %s, %s, %s) as id", (kind, user_id, lease, apart))


def test_a_second_one_does_not_start_while_the_first_runs(conn: Connection, make_user: MakeUser) -> None:
    first = start(conn)
    row = one(conn, "select * from job_runs where id = %s", (first,))
    assert (row["kind"], row["status"], row["user_id"]) == ("refresh", "running", None)
    assert start(conn) is None
    assert start(conn, "clean") is not None
    assert start(conn, user_id=make_user()) is not None


def test_a_run_whose_process_died_is_failed_and_the_job_runs_again(conn: Connection) -> None:
    first = start(conn, lease=-1)
    second = start(conn, apart=3600)
    assert second is not None
    row = one(conn, "select * from job_runs where id = %s", (first,))
    assert (row["status"], row["error_message"]) == ("failed", "the process ended before the job did")


def test_it_does_not_start_again_too_soon_after_the_last_run(conn: Connection) -> None:
    first = start(conn)
    conn.execute("select finish_job(%s, 'success')", (first,))
    assert start(conn, apart=60) is None
    conn.execute("update job_runs set started_at = now() - interval '61 seconds'")
    assert start(conn, apart=60) is not None


def test_a_cancelled_run_does_not_count_as_one(conn: Connection) -> None:
    conn.execute("select finish_job(%s, 'cancelled')", (start(conn),))
    assert start(conn, apart=60) is not None


def test_runs_of_a_clock_that_was_ahead_once_hold_no_other_up(conn: Connection) -> None:
    first = start(conn)
    conn.execute("update job_runs set started_at = '2038-01-19', claimed_until = '2038-01-19'")
    second = start(conn, apart=3600)
    assert second not in (None, first)
    conn.execute("select finish_job(%s, 'success')", (second,))
    conn.execute("update job_runs set started_at = '2038-01-19'")
    assert start(conn, apart=3600) is not None
