"""Looking for anything by its name: shows of the tracker, and what Plex calls them."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request

from app.security.access import current_identity, guard_pages
from app.services import services
from app.tracker.mappings import list_mappings
from app.tracker.search import find_shows
from app.web import asked
from app.web.part import answer_part

_SHOWS = 12
_MAPPINGS = 6

blueprint = Blueprint("search", __name__)
guard_pages(blueprint)


@blueprint.get("/search")
def index() -> Response:
    """The page, or for htmx, as somebody types, what was found."""
    query = asked.query(request.args)
    user_id = current_identity().user_id
    found = list_mappings(services(), user_id, q=query, limit=_MAPPINGS) if query else None
    values = {
        "query": query,
        "shows": find_shows(services(), user_id, query, limit=_SHOWS),
        "mappings": found.rows if found else [],
        "more_mappings": bool(found and found.next_id),
    }
    return answer_part(
        "search/_found.html", values, lambda part: render_template("search/index.html", part=part, **values)
    )
