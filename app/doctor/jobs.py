"""What runs by the clock: did it go well the last time?"""

from __future__ import annotations

from app.db.queries import queries
from app.doctor.finding import Finding
from app.services import Services


def check_jobs(services: Services, user_id: int, *, shared: bool) -> Finding:
    """The last runs of the installation's jobs, or of an account's."""
    name = "Jobs"
    with services.db.connection() as connection:
        ran = [
            row
            for row in queries().job_overview(connection, user_id=user_id, is_admin=False)
            if row["is_shared"] is shared
        ]
    failed = [
        f"{row['kind']} ({row['error_message'] or 'no reason given'})" for row in ran if row["status"] == "failed"
    ]
    if failed:
        return Finding(
            name,
            "warn",
            f"The last run failed: {'; '.join(failed)}.",
            "It is tried again by itself; when it goes on, the process log says more.",
        )
    return Finding(name, "ok", "No job failed the last time." if ran else "No job has run yet.")
