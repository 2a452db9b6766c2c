"""purge_job_runs: old runs go, but what the last one of each job was stays known."""

from __future__ import annotations

from collections.abc import Callable

from tests.conftest import Connection
from tests.watch_state import value


def run(conn: Connection, kind: str, days: int, status: str = "success", user: int | None = None) -> int:
    """A run that began that many days ago; its id."""
    return int(
        value(
            conn,
            """insert into job_runs (kind, user_id, status, started_at, finished_at)
               values (%(kind)s, %(user)s, %(status)s, now() - make_interval(days => %(days)s),
                       case when %(status)s <> 'running' then now() end)
               returning id""",
            {"kind": kind, "user": user, "status": status, "days": days},
        )
    )


def kept(conn: Connection) -> set[int]:
    return {row["id"] for row in conn.execute("select id from job_runs")}


def purge(conn: Connection, days: int = 30) -> int:
    return int(value(conn, "select purge_job_runs(%s)", (days,)))


def test_old_runs_go_and_young_ones_stay(conn: Connection) -> None:
    run(conn, "retention", 32)
    run(conn, "retention", 31)
    young = {run(conn, "retention", 29), run(conn, "retention", 0)}
    assert purge(conn) == 2
    assert kept(conn) == young


def test_the_last_run_of_each_job_of_each_user_stays_however_old(
    conn: Connection, make_user: Callable[..., int]
) -> None:
    user = make_user()
    run(conn, "history", 300)
    last = {run(conn, "history", 200), run(conn, "history", 250, user=user), run(conn, "backup", 400)}
    assert purge(conn) == 1
    assert kept(conn) == last


def test_the_last_run_that_went_well_stays_behind_failures(conn: Connection) -> None:
    run(conn, "backup", 103)
    good = run(conn, "backup", 102)
    run(conn, "backup", 101, "failed")
    failed = run(conn, "backup", 100, "failed")
    assert purge(conn) == 2
    assert kept(conn) == {good, failed}


def test_a_run_that_goes_on_stays(conn: Connection) -> None:
    running = run(conn, "import", 100, "running")
    run(conn, "import", 99, "cancelled")
    last = run(conn, "import", 98)
    assert purge(conn) == 1
    assert kept(conn) == {running, last}
