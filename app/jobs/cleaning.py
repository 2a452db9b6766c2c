"""The job that throws away what nobody needs any more."""

from __future__ import annotations

from app.db.queries import queries
from app.jobs.running import Result, Run


def clean(run: Run) -> Result:
    """Drops what TMDB's cache holds beyond its age.

    Args:
        run: of this job.
    """
    with run.services.db.connection() as connection:
        dropped: int = queries().drop_expired_cache(connection)
    return {"expired_answers": dropped}
