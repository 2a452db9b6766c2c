"""The daily retention: deletes what is old and nobody waits for. Viewings are never touched."""

from __future__ import annotations

import time
from collections.abc import Callable

from app.db.queries import queries
from app.jobs.running import Result, Run
from app.services import Services

# Rows that one transaction looks at. Few, so that its locks are gone in a moment also on a NAS with one slow disk.
BATCH_ROWS = 1000
JOB_RUN_DAYS = 30


def delete_old(run: Run) -> Result:
    """The job.

    Args:
        run: of this job.
    """
    return purge(run.services, step=run.go_on)


def purge(services: Services, *, batch: int = BATCH_ROWS, step: Callable[[], None] = lambda: None) -> Result:
    """Deletes log rows older than LOG_RETENTION_DAYS (or the user's own setting), batch by batch, each committed on its own.

    Args:
        services: the application's parts.
        batch: how many rows of the log one transaction looks at.
        step: called between batches; what it raises ends the job, and what was deleted stays deleted.

    Returns:
        The result for `job_runs`: how many rows were deleted, the longest batch, and rows and bytes of the log before and
        after. PostgreSQL uses freed space again rather than giving it back, so the bytes seldom shrink.
    """
    with services.db.connection() as connection:
        before = queries().log_size(connection)
        users = [row["id"] for row in queries().users_with_logs(connection)]
    deleted, longest = 0, 0.0
    for user_id in users:
        after, done = 0, False
        while not done:
            step()
            began = time.perf_counter()
            # A connection for each batch: requests that wait for one come first.
            with services.db.connection() as connection:
                row = queries().purge_logs(
                    connection, user_id=user_id, days=services.settings.log_retention_days, after=after, batch=batch
                )
            longest = max(longest, time.perf_counter() - began)
            deleted += row["deleted"]
            after, done = row["last_id"], row["done"]
    with services.db.connection() as connection:
        job_runs = queries().purge_job_runs(connection, days=JOB_RUN_DAYS)
        size = queries().log_size(connection)
    return {
        "deleted": deleted,
        "longest_batch_ms": round(longest * 1000, 1),
        "rows_before": before["rows"],
        "rows_after": size["rows"],
        "bytes_before": before["bytes"],
        "bytes_after": size["bytes"],
        "job_runs_deleted": job_runs,
    }
