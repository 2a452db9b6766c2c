"""`/api/plex/history`: what is read from the Plex server's own history, and what was missed."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from app.api import answers
from app.api.contract import api_blueprint, described
from app.api.fields import Body
from app.security.access import current_identity
from app.services import services
from app.tracker import history as tracker

blueprint = api_blueprint("history", __name__, "/api/plex")

_NOT_CONNECTED: dict[int, str] = {HTTPStatus.UNPROCESSABLE_ENTITY: "There is no Plex token, or no address of a server."}


class Import(Body):
    """Where to begin."""

    from_start: bool = False


@blueprint.get("/history")
@described(
    "Look at the history",
    description="How far the server's history was read, how an import comes along, and the gaps that were found.",
    answer=answers.History,
)
def get_history() -> dict[str, Any]:
    """Progress and gap report."""
    return tracker.get_history(services(), current_identity().user_id)


@blueprint.post("/history/import")
@described(
    "Import everything ever watched",
    description="Begins within seconds; one that is under way goes on. One that was interrupted is gone on with,"
    " unless from_start is true.",
    body=Import,
    answer=answers.History,
    status=HTTPStatus.ACCEPTED,
    errors=_NOT_CONNECTED,
    scope="write",
)
def start_import(body: Import) -> dict[str, Any]:
    """Answers with the state, before anything was read."""
    return tracker.start_import(services(), current_identity().user_id, from_start=body.from_start)


@blueprint.delete("/history/import")
@described(
    "Cancel the import",
    description="What it has found stays; the next one goes on where it was.",
    answer=answers.History,
    scope="write",
)
def cancel_import() -> dict[str, Any]:
    """Also where none is under way."""
    return tracker.cancel_import(services(), current_identity().user_id)


@blueprint.post("/history/catch-up")
@described(
    "Read the history now",
    description="What came since the last time, rather than by the clock; begins within seconds.",
    answer=answers.History,
    status=HTTPStatus.ACCEPTED,
    errors=_NOT_CONNECTED,
    scope="write",
)
def start_catch_up() -> dict[str, Any]:
    """Answers with the state, before anything was read."""
    return tracker.start_catch_up(services(), current_identity().user_id)
