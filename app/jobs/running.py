"""One run of a job: claimed in `job_runs`, renewed while it works, and its result kept."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import psycopg
import structlog
from psycopg.types.json import Jsonb

from app.db.queries import queries
from app.errors import TellykeepError
from app.services import Services

log = structlog.get_logger("tellykeep.jobs")

LEASE_SECONDS = 120

Result = dict[str, Any]


class Cancelled(Exception):
    """The run is not this process's any more, or the process ends: the job stops where it is."""


class Run:
    """What a job is given: its way to say that it is still at work."""

    def __init__(self, services: Services, job_id: int, leaving: threading.Event) -> None:
        self.services = services
        self._job_id = job_id
        self._leaving = leaving

    def keep(self, ended: threading.Event) -> None:
        """Renews the lease until the job has ended."""
        while not ended.wait(LEASE_SECONDS / 3):
            try:
                self._renew(None)
            except (TellykeepError, psycopg.Error) as error:
                log.warning("lease could not be renewed", reason=str(error).partition("\n")[0])

    def _renew(self, progress: dict[str, Any] | None) -> bool:
        with self.services.db.connection() as connection:
            is_ours: bool = queries().renew_job(
                connection,
                job_id=self._job_id,
                lease_seconds=LEASE_SECONDS,
                progress=None if progress is None else Jsonb(progress),
            )
        return is_ours

    def go_on(self, progress: dict[str, Any] | None = None) -> None:
        """To be called at every step, so that the job can be stopped there.

        Args:
            progress: how far it is, for whoever looks.

        Raises:
            Cancelled: stop.
        """
        if self._leaving.is_set():
            raise Cancelled("the process ends")
        if not self._renew(progress):
            raise Cancelled("the run was cancelled, or taken over")


Job = Callable[[Run], Result]


def run_job(
    services: Services,
    kind: str,
    job: Job,
    *,
    user_id: int | None = None,
    apart_seconds: int = 0,
    leaving: threading.Event | None = None,
) -> Result | None:
    """Runs a job unless it runs already, and keeps what came of it in `job_runs`.

    Args:
        services: the application's parts.
        kind: the job's name.
        job: is given its run, returns its result.
        user_id: whose job; None for the installation's.
        apart_seconds: not again when the last run began less than this ago, here or in another replica.
        leaving: set when the process ends.

    Returns:
        The result; None when it did not run to its end.
    """
    job_id = claim_job(services, kind, user_id=user_id, apart_seconds=apart_seconds)
    return None if job_id is None else carry_out(services, job_id, kind, job, leaving=leaving or threading.Event())


def claim_job(services: Services, kind: str, *, user_id: int | None, apart_seconds: int = 0) -> int | None:
    """The id of a new run, for `carry_out`; None where the job runs already, or ran too short a time ago."""
    with services.db.connection() as connection:
        job_id: int | None = queries().start_job(
            connection, kind=kind, user_id=user_id, lease_seconds=LEASE_SECONDS, apart_seconds=apart_seconds
        )
    return job_id


def carry_out(services: Services, job_id: int, kind: str, job: Job, *, leaving: threading.Event) -> Result | None:
    """Does what was claimed; as `run_job`."""
    result: Result | None = None
    status, reason = "failed", None
    run, ended = Run(services, job_id, leaving), threading.Event()
    # A step of a job may take longer than the lease.
    threading.Thread(target=run.keep, args=(ended,), name=f"lease-of-{kind}", daemon=True).start()
    try:
        result = job(run)
        status = "success"
    except Cancelled as error:
        status, reason = "cancelled", str(error)
    except Exception as error:
        # One job's fault is not the others': it is kept, and the clock goes on.
        log.error("job failed", job=kind, exc_info=error)
        reason = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
    finally:
        ended.set()
    with services.db.connection() as connection:
        queries().finish_job(
            connection, job_id=job_id, status=status, result=None if result is None else Jsonb(result), error=reason
        )
    log.info("job ended", job=kind, status=status, result=result)
    return result
