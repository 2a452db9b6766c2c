"""The front page: is it connected, does anything need me, what happened last."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request

from app.security.access import current_identity, guard_pages
from app.services import services
from app.tracker.activity import connection_state, list_activity
from app.tracker.plex_config import webhook_url
from app.web.live import answer_live
from app.web.timeline import by_day

LATEST = 50

blueprint = Blueprint("home", __name__)
guard_pages(blueprint)


@blueprint.get("/")
def front_page() -> Response:
    """The page, or, for its own polling, the part of it that changes."""
    user_id = current_identity().user_id
    connection = connection_state(services(), user_id)
    latest = list_activity(services(), user_id, limit=LATEST)
    live = {
        "connection": connection,
        "days": by_day(latest.rows),
        "next_id": latest.next_id,
        "webhook": webhook_url(services(), user_id, request.host_url, connection["webhook_secret"]),
    }
    return answer_live("home/_live.html", live, lambda part: render_template("home/index.html", live=part))
