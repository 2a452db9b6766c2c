"""The clock: which job runs when. APScheduler in this process; `job_runs` sees to it that a job runs in one replica only."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import psycopg
import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from app.errors import DatabaseUnavailable
from app.jobs.answering import LOOK_EVERY as ANSWERS_EVERY
from app.jobs.answering import AnswerClock
from app.jobs.backup import back_up
from app.jobs.catch_up import LOOK_EVERY, HistoryClock
from app.jobs.cleaning import clean
from app.jobs.files import read_files
from app.jobs.refresh import refresh_shows
from app.jobs.retention import delete_old
from app.jobs.running import Job, run_job
from app.services import Services
from app.settings import Settings

log = structlog.get_logger("tellykeep.jobs")

# Not in the middle of a start, when everything else wants the disk as well.
FIRST_RUN = timedelta(minutes=2)
BETWEEN_FIRST_RUNS = timedelta(seconds=20)
# A job that is due less often is looked at so often: after a restart nobody knows when it ran last but the database.
_LOOK = timedelta(hours=1)
# The clocks of replicas differ, and jitter moves a run.
_SLACK = timedelta(minutes=5)
# Of two nights one hour less in spring; and a machine that was off at night catches up when it is on.
_NIGHTS_APART = timedelta(hours=20)
BEAT_SECONDS = 15
# Jobs may keep all threads of the clock busy for a while, but not for so long.
SILENT_SECONDS = 180.0


@dataclass(frozen=True)
class Scheduled:
    """A job and how often it runs; `at_night`: at half past three, in the time zone of the installation."""

    kind: str
    job: Job
    every: timedelta
    at_night: bool = False


def scheduled_jobs(settings: Settings) -> tuple[Scheduled, ...]:
    """What runs by the clock."""
    jobs = (
        Scheduled("refresh", refresh_shows, timedelta(hours=1)),
        Scheduled("retention", delete_old, timedelta(days=1)),
        Scheduled("clean", clean, timedelta(days=1)),
        Scheduled("files", read_files, timedelta(minutes=15)),
    )
    nightly = Scheduled("backup", back_up, timedelta(days=1), at_night=True)
    return (*jobs, nightly) if settings.nightly_backups else jobs


class Scheduler:
    """Runs the jobs of a process until it is stopped."""

    def __init__(self, services: Services, jobs: tuple[Scheduled, ...] | None = None) -> None:
        self._services = services
        self._jobs = scheduled_jobs(services.settings) if jobs is None else jobs
        self._leaving = threading.Event()
        self._beat_at: float | None = None
        self._clock = BackgroundScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        for number, scheduled in enumerate(self._jobs):
            self._clock.add_job(
                partial(self._run, scheduled),
                self._trigger(scheduled),
                id=scheduled.kind,
                next_run_time=datetime.now(UTC) + FIRST_RUN + BETWEEN_FIRST_RUNS * number,
            )
        self._clock.add_job(self._beat, IntervalTrigger(seconds=BEAT_SECONDS, timezone=UTC), id="beat")
        for name, look in HistoryClock(services, self._leaving).looks.items():
            self._clock.add_job(look, IntervalTrigger(seconds=int(LOOK_EVERY.total_seconds()), timezone=UTC), id=name)
        self._clock.add_job(
            AnswerClock(services, self._leaving).look,
            IntervalTrigger(seconds=int(ANSWERS_EVERY.total_seconds()), timezone=UTC),
            id="answers",
        )

    def start(self) -> None:
        """Begins."""
        self._beat()
        self._clock.start()

    def stop(self) -> None:
        """Ends; a job at work stops at its next step."""
        self._leaving.set()
        if self._clock.running:
            self._clock.shutdown(wait=False)

    @property
    def leaving(self) -> threading.Event:
        """Set when the process ends: whatever is at work stops at its next step."""
        return self._leaving

    @property
    def jobs(self) -> tuple[Scheduled, ...]:
        """What it runs."""
        return self._jobs

    def next_run(self, kind: str) -> datetime | None:
        """When a job is looked at next; it runs then unless it ran already, here or in another replica."""
        job = self._clock.get_job(kind)
        return None if job is None else job.next_run_time

    def problem(self) -> str | None:
        """Why nothing runs by the clock any more, in one sentence; None while it does, and before it begins."""
        if self._beat_at is None or self._leaving.is_set():
            return None
        silent = time.monotonic() - self._beat_at
        return None if silent < SILENT_SECONDS else f"the scheduler has not moved for {silent:.0f} seconds"

    def _beat(self) -> None:
        self._beat_at = time.monotonic()

    def _trigger(self, scheduled: Scheduled) -> CronTrigger | IntervalTrigger:
        if scheduled.at_night:
            return CronTrigger(hour=3, minute=30, jitter=60, timezone=self._services.settings.timezone)
        return IntervalTrigger(seconds=int(min(scheduled.every, _LOOK).total_seconds()), jitter=60, timezone=UTC)

    def _run(self, scheduled: Scheduled) -> None:
        if not self._services.readiness.started:
            return
        apart = _NIGHTS_APART if scheduled.at_night else max(scheduled.every - _SLACK, scheduled.every / 2)
        try:
            run_job(
                self._services,
                scheduled.kind,
                scheduled.job,
                apart_seconds=int(apart.total_seconds()),
                leaving=self._leaving,
            )
        except (DatabaseUnavailable, psycopg.Error) as error:
            log.warning("job could not run", job=scheduled.kind, reason=str(error).partition("\n")[0])
