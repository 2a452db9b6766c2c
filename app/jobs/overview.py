"""What runs by itself, when it ran last and what came of it: for people who look."""

from __future__ import annotations

from typing import Any

from app.db.queries import queries
from app.jobs.scheduler import scheduled_jobs
from app.services import Services


def list_jobs(services: Services, user_id: int, *, is_admin: bool) -> list[dict[str, Any]]:
    """The jobs of the installation and of a user, by name.

    Args:
        services: the application's parts.
        user_id: whose jobs besides those of the installation.
        is_admin: whether what a job of the installation did may be seen, which may name other people's shows.
    """
    with services.db.connection() as connection:
        ran = list(queries().job_overview(connection, user_id=user_id, is_admin=is_admin))
    clock = services.scheduler
    planned = {job.kind: job for job in (clock.jobs if clock is not None else scheduled_jobs(services.settings))}
    never = {kind: {"kind": kind, "is_shared": True} for kind in planned}
    found = {(row["kind"], row["is_shared"]): row for row in ran}
    for kind, row in never.items():
        found.setdefault((kind, True), row)
    jobs = []
    for (kind, is_shared), row in sorted(found.items(), key=lambda item: (item[0][0], not item[0][1])):
        job = planned.get(kind) if is_shared else None
        jobs.append(
            {
                "kind": kind,
                "is_shared": is_shared,
                "every_seconds": None if job is None else int(job.every.total_seconds()),
                "next_run_at": None if job is None or clock is None else clock.next_run(kind),
                "last_success_at": row.get("last_success_at"),
                "last_run": None if "status" not in row else {name: row[name] for name in _RUN},
            }
        )
    return jobs


_RUN = ("status", "started_at", "finished_at", "progress", "result", "error_message")
