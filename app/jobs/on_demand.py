"""Jobs that somebody has asked for: begun at once, in a thread of this process, and kept in `job_runs` like all others."""

from __future__ import annotations

import threading

import psycopg
import structlog

from app.db.queries import queries
from app.errors import TellykeepError
from app.jobs.running import Job, carry_out, claim_job
from app.services import Services
from app.tracker.paging import Row

log = structlog.get_logger("tellykeep.jobs")


def begin(services: Services, kind: str, job: Job, *, user_id: int | None = None) -> bool:
    """Begins a job and returns while it works. Claimed before that, so that whoever looks next sees it run.

    Args:
        services: the application's parts.
        kind: the job's name.
        job: see `app.jobs.running.run_job`.
        user_id: whose job; None for the installation's.

    Returns:
        False where it runs already.
    """
    job_id = claim_job(services, kind, user_id=user_id)
    if job_id is None:
        return False
    leaving = services.scheduler.leaving if services.scheduler is not None else threading.Event()

    def work() -> None:
        try:
            carry_out(services, job_id, kind, job, leaving=leaving)
        except (TellykeepError, psycopg.Error) as error:
            log.warning("the end of a job could not be noted", job=kind, reason=str(error).partition("\n")[0])

    threading.Thread(target=work, name=f"job-{kind}", daemon=True).start()
    return True


def last_run(services: Services, kind: str, user_id: int | None = None) -> Row | None:
    """The last run of a job; None before the first. `is_left`: it says that it runs, but its process has died."""
    with services.db.connection() as connection:
        row: Row | None = queries().last_run(connection, kind=kind, user_id=user_id)
    return row


def cancel(services: Services, kind: str, user_id: int | None = None) -> None:
    """Ends a job that runs, at its next step. What it has done stays."""
    with services.db.connection() as connection:
        queries().cancel_job(connection, kind=kind, user_id=user_id)
