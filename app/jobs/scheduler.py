"""The clock: which job runs when. APScheduler in this process; `job_runs` sees to it that a job runs in one replica only."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import psycopg
import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from app.errors import DatabaseUnavailable
from app.jobs.cleaning import clean
from app.jobs.refresh import refresh_shows
from app.jobs.retention import purge
from app.jobs.running import Job, run_job
from app.services import Services

log = structlog.get_logger("tellykeep.jobs")

# Not in the middle of a start, when everything else wants the disk as well.
FIRST_RUN = timedelta(minutes=2)
# The clocks of replicas differ, and jitter moves a run.
_SLACK = timedelta(minutes=5)


@dataclass(frozen=True)
class Scheduled:
    """A job and how often it runs."""

    kind: str
    job: Job
    every: timedelta


JOBS = (
    Scheduled("refresh", refresh_shows, timedelta(hours=1)),
    Scheduled("retention", lambda run: purge(run.services), timedelta(days=1)),
    Scheduled("clean", clean, timedelta(days=1)),
)


class Scheduler:
    """Runs the jobs of a process until it is stopped."""

    def __init__(self, services: Services, jobs: tuple[Scheduled, ...] = JOBS) -> None:
        self._services = services
        self._leaving = threading.Event()
        self._clock = BackgroundScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        for number, scheduled in enumerate(jobs):
            self._clock.add_job(
                partial(self._run, scheduled),
                IntervalTrigger(seconds=int(scheduled.every.total_seconds()), jitter=60, timezone=UTC),
                id=scheduled.kind,
                next_run_time=datetime.now(UTC) + FIRST_RUN + timedelta(seconds=20 * number),
            )

    def start(self) -> None:
        """Begins."""
        self._clock.start()

    def stop(self) -> None:
        """Ends; a job at work stops at its next step."""
        self._leaving.set()
        if self._clock.running:
            self._clock.shutdown(wait=False)

    def _run(self, scheduled: Scheduled) -> None:
        if not self._services.readiness.started:
            return
        apart = max(scheduled.every - _SLACK, scheduled.every / 2)
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
