"""The job that applies answers given to several questions at once: what a request had no time for, and what a process left.

The request that takes the answers works at them for a moment, so that a few are done when its page is there. `job_runs`
sees to it that nobody else does at the same time, here or in another replica.
"""

from __future__ import annotations

import threading
from datetime import timedelta

import psycopg
import structlog

from app.errors import DatabaseUnavailable
from app.jobs.running import Result, Run, run_job
from app.services import Services
from app.tracker.answers import users_with_answers, work_off_answers

log = structlog.get_logger("tellykeep.answers")

ANSWERS = "answers"
LOOK_EVERY = timedelta(seconds=2)


def apply_answers(
    services: Services, user_id: int, *, seconds: float | None = None, leaving: threading.Event | None = None
) -> None:
    """Works at a user's answers, unless somebody does.

    Args:
        services: the application's parts.
        user_id: whose.
        seconds: for how long; None: until all are applied.
        leaving: set when the process ends.
    """

    def job(run: Run) -> Result:
        return {"answered": work_off_answers(services, user_id, seconds=seconds, go_on=run.go_on)}

    run_job(services, ANSWERS, job, user_id=user_id, leaving=leaving)


class AnswerClock:
    """Looks every few seconds whether answers wait."""

    def __init__(self, services: Services, leaving: threading.Event) -> None:
        self._services = services
        self._leaving = leaving

    def look(self) -> None:
        """Applies what waits, of everybody."""
        if not self._services.readiness.started or self._leaving.is_set():
            return
        try:
            for user_id in users_with_answers(self._services):
                apply_answers(self._services, user_id, leaving=self._leaving)
        except (DatabaseUnavailable, psycopg.Error) as error:
            log.debug("answers wait for the database", reason=str(error).partition("\n")[0])
