"""The daily retention: deletes what is old and nobody waits for. Viewings are never touched."""

from __future__ import annotations

from typing import Any

from app.db.queries import queries
from app.services import Services

# Rows that one transaction looks at. Few, so that its locks are gone in a moment also on a NAS with one slow disk.
BATCH_ROWS = 1000
JOB_RUN_DAYS = 30


def purge(services: Services, *, batch: int = BATCH_ROWS) -> dict[str, Any]:
    """Deletes log rows older than LOG_RETENTION_DAYS (or the user's own setting), batch by batch, each committed on its own.

    Args:
        services: the application's parts.
        batch: how many rows of the log one transaction looks at.

    Returns:
        The result for `job_runs`: how many rows were deleted, and rows and bytes of the log before and after. PostgreSQL uses
        freed space again rather than giving it back, so the bytes seldom shrink.
    """
    with services.db.connection() as connection:
        before = queries().log_size(connection)
        users = [row["id"] for row in queries().users_with_logs(connection)]
    deleted = sum(_purge_logs(services, user_id, batch) for user_id in users)
    with services.db.connection() as connection:
        job_runs = queries().purge_job_runs(connection, days=JOB_RUN_DAYS)
        after = queries().log_size(connection)
    return {
        "deleted": deleted,
        "rows_before": before["rows"],
        "rows_after": after["rows"],
        "bytes_before": before["bytes"],
        "bytes_after": after["bytes"],
        "job_runs_deleted": job_runs,
    }


def _purge_logs(services: Services, user_id: int, batch: int) -> int:
    deleted, after, done = 0, 0, False
    while not done:
        # A connection for each batch: requests that wait for one come first.
        with services.db.connection() as connection:
            row = queries().purge_logs(
                connection, user_id=user_id, days=services.settings.log_retention_days, after=after, batch=batch
            )
        deleted += row["deleted"]
        after, done = row["last_id"], row["done"]
    return deleted
