"""`/api/search`: shows that TMDB knows."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from app.api import answers
from app.api.contract import api_blueprint, described
from app.api.fields import Query, Search
from app.security.access import current_identity
from app.services import services
from app.tracker.search import search_shows

blueprint = api_blueprint("search", __name__)


class SearchQuery(Query):
    """What to search for."""

    q: Annotated[Search, Field(min_length=1, description="A title, or a part of one.")]
    year: Annotated[int | None, Field(ge=1800, le=2200, description="In which the show started.")] = None


@blueprint.get("/search")
@described(
    "Search for shows at TMDB",
    description="The likeliest first. tvshow_id is there for shows that the tracker has; the others are added with"
    " POST /api/shows and their tmdb_id.",
    query=SearchQuery,
    answer=answers.FoundShows,
    errors={
        422: "There is no TMDB key (code tmdb_key_missing), or TMDB does not accept it (tmdb_key_rejected).",
        503: "TMDB does not answer (code tmdb_unavailable); Retry-After says when to try again.",
    },
)
def search(query: SearchQuery) -> dict[str, Any]:
    """With the key of whoever asks."""
    return {"shows": search_shows(services(), current_identity().user_id, query.q, query.year), "next": None}
