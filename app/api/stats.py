"""`/api/plex/stats`: the dashboard's figures."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from app.api import answers
from app.api.contract import api_blueprint, described
from app.api.fields import Query
from app.security.access import current_identity
from app.services import services
from app.tracker.stats import plex_stats

blueprint = api_blueprint("stats", __name__, "/api/plex")


class StatsQuery(Query):
    """How far back."""

    days: Annotated[int, Field(ge=1, le=3650)] = 30


@blueprint.get("/stats")
@described("Figures of the last days", query=StatsQuery, answer=answers.Stats)
def get_stats(query: StatsQuery) -> dict[str, Any]:
    """Back from now."""
    return plex_stats(services(), current_identity().user_id, days=query.days)
