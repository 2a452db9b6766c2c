"""`/api/plex/logs`: what was received, what was done about it, and why."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from app.api import answers
from app.api.contract import api_blueprint, described
from app.api.cursors import NewestFirstQuery, page_answer
from app.api.fields import Search, Storable
from app.security.access import current_identity
from app.services import services
from app.tracker import logs as tracker

blueprint = api_blueprint("logs", __name__, "/api/plex")


class LogsQuery(NewestFirstQuery):
    """Which log rows."""

    status: answers.Status | None = None
    event: Annotated[str, Storable, Field(max_length=100)] | None = None
    q: Search | None = None


@blueprint.get("/logs")
@described(
    "List the log",
    description="event: the type, such as media.scrobble. q: a part of the title that Plex gave.",
    query=LogsQuery,
    answer=answers.Logs,
)
def list_logs(query: LogsQuery) -> dict[str, Any]:
    """The newest first, without the payloads."""
    page = tracker.list_logs(
        services(),
        current_identity().user_id,
        status=query.status,
        event=query.event or None,
        q=query.q,
        before=query.older_than,
        limit=query.at_most,
    )
    return page_answer("logs", page)


@blueprint.get("/logs/<id:log_id>")
@described("Look at a log row", answer=answers.LogAlone)
def get_log(log_id: int) -> dict[str, Any]:
    """With its payload."""
    return tracker.get_log(services(), current_identity().user_id, log_id)


@blueprint.post("/logs/<id:log_id>/replay")
@described(
    "Decide a stored event again",
    description="What was applied (success, duplicate) stays as it is. Answers with the log row as it is then.",
    answer=answers.LogAlone,
    errors={422: "What is stored cannot be read as an event."},
    scope="write",
)
def replay_log(log_id: int) -> dict[str, Any]:
    """For failed, ignored, pending and held events."""
    return tracker.replay_log(services(), current_identity().user_id, log_id)
