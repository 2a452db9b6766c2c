"""`/api/jobs`: what runs by itself."""

from __future__ import annotations

from typing import Any

from app.api import answers
from app.api.contract import api_blueprint, described
from app.jobs.overview import list_jobs
from app.security.access import current_identity
from app.services import services

blueprint = api_blueprint("jobs", __name__, "/api/jobs")


@blueprint.get("")
@described(
    "What runs by itself: when it ran, when it runs next, what came of it",
    description="The jobs of the installation and your own. What a job of the installation did, only admins see.",
    answer=answers.Jobs,
)
def get_jobs() -> dict[str, Any]:
    """All of them: there are few."""
    who = current_identity()
    return {"jobs": list_jobs(services(), who.user_id, is_admin=who.is_admin), "next": None}
