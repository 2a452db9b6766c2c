"""The daily retention over several batches and users, and what it reports."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from app.jobs.retention import purge
from app.services import Services
from tests import payloads
from tests.conftest import Connection
from tests.scrobbles import receive, scrobble
from tests.watch_state import plays, value


def days_ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


@pytest.fixture
def full(conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]) -> tuple[int, int]:
    """Two users: the first with twelve viewings of 100 to 112 days ago and one of today, the second with an old question."""
    first, second = make_user(), make_user()
    show = make_show(first, payloads.SHOW)
    for number in range(12):
        receive(conn, first, scrobble(episode=number + 1, at=days_ago(112 - number)))
    receive(conn, first, scrobble(season=2, episode=1, at=days_ago(0)))
    assert receive(conn, second, scrobble(at=days_ago(400)))["status"] == "conflict"
    receive(conn, second, scrobble(event="media.play"), at=days_ago(399))
    return first, show


def test_everything_old_that_nobody_waits_for_goes_in_small_batches(
    services: Services, conn: Connection, full: tuple[int, int]
) -> None:
    result = purge(services, batch=5)

    assert (result["deleted"], result["rows_before"], result["rows_after"]) == (13, 15, 2)
    assert result["bytes_before"] > 0
    assert result["bytes_after"] > 0
    left = conn.execute("select status from plex_webhook_logs order by id").fetchall()
    assert [row["status"] for row in left] == ["success", "conflict"]
    assert len(plays(conn, full[1])) == 13
    assert purge(services)["deleted"] == 0


def test_rows_that_another_session_works_on_are_left_for_tomorrow_without_waiting(
    services: Services, conn: Connection, full: tuple[int, int]
) -> None:
    with conn.transaction():
        held = value(conn, "select min(id) from plex_webhook_logs")
        conn.execute("select from plex_webhook_logs where id = %s for update", (held,))
        conn.execute("set local statement_timeout = '5s'")
        assert purge(services)["deleted"] == 12
    assert purge(services)["deleted"] == 1


def test_locks_of_a_batch_are_gone_when_the_next_begins(
    services: Services, conn: Connection, full: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.jobs import retention

    rows: list[int] = []
    real = retention.queries()

    class Counting:
        def __getattr__(self, name: str) -> object:
            if name == "purge_logs":
                rows.append(value(conn, "select count(*) from plex_webhook_logs"))
            return getattr(real, name)

    monkeypatch.setattr(retention, "queries", Counting)
    purge(services, batch=5)
    assert rows == [15, 10, 5, 3]


def test_runs_of_jobs_are_forgotten_after_a_month(services: Services, conn: Connection) -> None:
    for days in (40, 35, 5):
        conn.execute(
            """insert into job_runs (kind, status, started_at, finished_at)
               values ('catch_up', 'success', now() - make_interval(days => %s), now())""",
            (days,),
        )
    assert purge(services)["job_runs_deleted"] == 2
