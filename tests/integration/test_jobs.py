"""The clock, its jobs, and who sees what they did."""

from __future__ import annotations

import re
import stat
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from app.backup.archive import ArchiveReader
from app.jobs import backup, scheduler
from app.jobs.backup import back_up, remove_left
from app.jobs.running import Cancelled, Result, Run, run_job
from app.jobs.scheduler import Scheduled, Scheduler, scheduled_jobs
from app.services import Services
from app.sync.spool import Spool
from tests.conftest import Connection
from tests.integration.api_client import ApiClient
from tests.integration.conftest import ClientFor
from tests.watch_state import one, value


@pytest.fixture
def clock(services: Services, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Scheduler]]:
    """Starts a scheduler whose jobs begin at once."""
    monkeypatch.setattr(scheduler, "FIRST_RUN", timedelta())
    made: list[Scheduler] = []

    def start(*jobs: Scheduled) -> Scheduler:
        made.append(Scheduler(services, jobs))
        services.scheduler = made[-1]
        made[-1].start()
        return made[-1]

    yield start
    for one_of_them in made:
        one_of_them.stop()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 40
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


# The clock.


def test_a_job_that_fails_stops_no_other_and_is_seen(clock: Callable[..., Scheduler], conn: Connection) -> None:
    def broken(_run: Run) -> Result:
        raise ZeroDivisionError("of mine")

    clock(
        Scheduled("broken", broken, timedelta(days=1)),
        Scheduled("good", lambda _run: {"answer": 42}, timedelta(days=1)),
    )
    # The second one begins 20 seconds after the first.
    wait_for(lambda: value(conn, "select count(*) from job_runs where status <> 'running'") == 2)
    failed = one(conn, "select * from job_runs where kind = 'broken'")
    assert (failed["status"], failed["error_message"]) == ("failed", "ZeroDivisionError: of mine")
    assert one(conn, "select * from job_runs where kind = 'good'")["result"] == {"answer": 42}


def test_two_replicas_run_a_job_once(clock: Callable[..., Scheduler], conn: Connection) -> None:
    ran: list[int] = []

    def slow(_run: Run) -> Result:
        ran.append(1)
        time.sleep(0.5)
        return {}

    for _ in range(2):
        clock(Scheduled("slow", slow, timedelta(days=1)))
    wait_for(lambda: value(conn, "select count(*) from job_runs where status = 'success'") == 1)
    time.sleep(1)
    assert len(ran) == 1


def test_what_runs_by_the_clock_is_what_the_settings_turn_on(services: Services) -> None:
    kinds = [job.kind for job in scheduled_jobs(services.settings)]
    assert kinds == ["refresh", "retention", "clean", "files"]
    with_backups = services.settings.model_copy(update={"nightly_backups": 7})
    assert [job.kind for job in scheduled_jobs(with_backups)] == [*kinds, "backup"]


def test_the_nightly_job_is_due_at_half_past_three_of_the_own_time_zone(services: Services) -> None:
    services.settings = services.settings.model_copy(update={"nightly_backups": 1, "timezone": "Asia/Tokyo"})
    trigger = Scheduler(services)._trigger(scheduled_jobs(services.settings)[-1])
    noon = datetime(2026, 11, 25, 12, tzinfo=UTC)
    due = trigger.get_next_fire_time(None, noon)
    assert abs(due - datetime(2026, 11, 25, 18, 30, tzinfo=UTC)) <= timedelta(minutes=2)


def test_a_daily_job_is_looked_at_every_hour_so_that_a_restart_does_not_put_it_off(services: Services) -> None:
    retention = next(job for job in scheduled_jobs(services.settings) if job.kind == "retention")
    assert Scheduler(services)._trigger(retention).interval == timedelta(hours=1)


def test_a_clock_that_stands_still_is_noticed(
    services: Services, clock: Callable[..., Scheduler], client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.spool = Spool(services.settings.data_dir / "spool")
    services.spool.open()
    running = clock()
    assert running.problem() is None
    assert client.get("/readyz").get_json() == {"status": "ok"}
    monkeypatch.setattr(scheduler, "SILENT_SECONDS", 0.0)
    response = client.get("/readyz")
    body = response.get_json()
    assert (response.status_code, body["status"]) == (200, "degraded")
    assert re.fullmatch(r"the scheduler has not moved for \d+ seconds", body["reason"])
    running.stop()
    assert running.problem() is None, "a process that ends says nothing more"


def test_a_clock_that_was_not_started_yet_is_not_dead(services: Services) -> None:
    assert Scheduler(services).problem() is None


# Nightly backups.


@pytest.fixture
def nightly(services: Services) -> Callable[[], Result | None]:
    services.settings = services.settings.model_copy(update={"nightly_backups": 3})
    services.settings.data_dir.mkdir(exist_ok=True)
    return lambda: run_job(services, "backup", back_up)


def test_the_nightly_backup_is_a_private_file_in_the_data_directory(
    services: Services, nightly: Callable[[], Result | None], make_user: Callable[..., int]
) -> None:
    make_user()
    result = nightly()
    assert result is not None
    path = services.settings.data_dir / result["file"]
    assert re.fullmatch(r"backups/tellykeep-\d{4}-\d\d-\d\dT\d{6}Z\.zip", result["file"])
    assert (result["bytes"], result["kept"]) == (path.stat().st_size, 1)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with ArchiveReader(path) as archive:
        archive.check()
        assert result["rows"] == archive.manifest.rows


def test_only_the_newest_are_kept_and_nothing_of_somebody_elses_is_touched(
    services: Services, nightly: Callable[[], Result | None]
) -> None:
    directory = services.settings.data_dir / "backups"
    directory.mkdir()
    old = [f"tellykeep-2026-01-0{day}T033000Z.zip" for day in range(1, 6)]
    for name in (*old, "mine.zip", "tellykeep-before-upgrade.zip"):
        (directory / name).write_text("x")
    result = nightly()
    assert result is not None
    assert result["kept"] == 3
    assert {path.name for path in directory.iterdir()} == {
        *old[-2:],
        "mine.zip",
        "tellykeep-before-upgrade.zip",
        Path(result["file"]).name,
    }


def test_a_backup_that_fails_keeps_the_old_ones(
    services: Services, conn: Connection, nightly: Callable[[], Result | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = services.settings.data_dir / "backups"
    directory.mkdir()
    for day in range(1, 6):
        (directory / f"tellykeep-2026-01-0{day}T033000Z.zip").write_text("x")

    def no_room(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup, "write_backup", no_room)
    assert nightly() is None
    assert len(list(directory.iterdir())) == 5
    row = one(conn, "select * from job_runs")
    assert (row["status"], "No space left" in row["error_message"]) == ("failed", True)


def test_what_a_killed_process_left_goes_after_a_day(tmp_path: Path) -> None:
    import os

    left, fresh = tmp_path / ".tellykeep-a.zip.7.partial", tmp_path / ".tellykeep-b.zip.8.partial"
    for path in (left, fresh):
        path.write_text("x")
    yesterday = time.time() - 90_000
    os.utime(left, (yesterday, yesterday))
    remove_left(tmp_path)
    assert list(tmp_path.iterdir()) == [fresh]


def test_a_backup_stops_when_the_process_ends(
    services: Services, nightly: Callable[[], Result | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "_STEP_SECONDS", 0.0)

    def cancelled(_self: Run, _progress: Any = None) -> None:
        raise Cancelled("the process ends")

    monkeypatch.setattr(Run, "go_on", cancelled)
    assert nightly() is None
    assert list((services.settings.data_dir / "backups").iterdir()) == []


# Who sees what.


@pytest.fixture
def runs(conn: Connection, ann: ApiClient, bob: ApiClient) -> None:
    """A job of the installation that failed after it went well, and one of bob's."""
    insert = """insert into job_runs (kind, user_id, status, result, error_message, started_at, finished_at)
                values (%s, %s, %s, %s, %s, now() - make_interval(hours => %s), now() - make_interval(hours => %s))"""
    changed = Jsonb({"changed": [{"tvshow_id": 7}]})
    conn.execute(insert, ("refresh", None, "success", changed, None, 5, 5))
    conn.execute(insert, ("refresh", None, "failed", None, "OSError: no", 1, 1))
    conn.execute(insert, ("import", bob.user_id, "success", Jsonb({"added": 3}), None, 2, 2))


def jobs_of(client: ApiClient) -> dict[str, Any]:
    return {job["kind"]: job for job in client.call("GET", "/api/jobs")["jobs"]}


@pytest.mark.usefixtures("runs")
def test_every_job_is_listed_with_its_last_and_next_run(services: Services, ann: ApiClient) -> None:
    services.scheduler = Scheduler(services)
    services.scheduler._clock.start(paused=True)
    found = jobs_of(ann)
    services.scheduler.stop()
    assert set(found) == {"refresh", "retention", "clean", "files"}
    refresh = found["refresh"]
    assert (refresh["last_run"]["status"], refresh["last_run"]["error_message"]) == ("failed", "OSError: no")
    assert refresh["last_success_at"] < refresh["last_run"]["started_at"] < refresh["next_run_at"]
    assert (refresh["every_seconds"], refresh["is_shared"]) == (3600, True)
    assert found["retention"]["last_run"] is None
    assert found["retention"]["next_run_at"] is not None


@pytest.mark.usefixtures("runs")
def test_what_a_shared_job_did_is_for_admins_and_ones_own_jobs_are_ones_own(
    conn: Connection, ann: ApiClient, bob: ApiClient
) -> None:
    conn.execute(
        "insert into job_runs (kind, status, result, finished_at) values ('clean', 'success', %s, now())",
        (Jsonb({"expired_answers": 7}),),
    )
    assert jobs_of(ann)["clean"]["last_run"]["result"] is None
    assert "import" not in jobs_of(ann)
    own = jobs_of(bob)["import"]
    assert (own["is_shared"], own["last_run"]["result"], own["next_run_at"]) == (False, {"added": 3}, None)
    conn.execute("update users set is_admin = true where id = %s", (ann.user_id,))
    assert jobs_of(ann)["clean"]["last_run"]["result"] == {"expired_answers": 7}


def test_a_reading_token_is_enough_and_none_is_not(client_for: ClientFor) -> None:
    reader = client_for("reader", scope="read")
    assert "retention" in jobs_of(reader)
    reader.token = None
    reader.call("GET", "/api/jobs", status=401)
