"""The connection to Plex: the sign-in, the server, who counts, the webhook, and what the history is read for."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request

from app.errors import TellykeepError
from app.security.access import current_identity, guard_pages
from app.services import services
from app.tracker.connection import connection_steps
from app.web import connect_parts as parts

PARTS = ("plex", "server", "accounts", "webhook")

blueprint = Blueprint("settings_plex", __name__, url_prefix="/settings/plex")
guard_pages(blueprint)


@blueprint.get("")
def show() -> str:
    """The page; `?choose=server` asks plex.tv for the list of servers, which takes a moment."""
    return page("server" if request.args.get("choose") == "server" else None)


def page(part: str | None, error: TellykeepError | None = None) -> str:
    """The page with one of its parts opened, perhaps with what was wrong with what it was told."""
    connection = connection_steps(services(), current_identity().user_id)
    values: dict[str, Any] = {"is_choosing": part == "server"}
    for name in PARTS:
        if name != "server" or part == "server":
            values |= parts.values_of(name, connection)
    return render_template(
        "settings/plex.html",
        at=parts.SETTINGS,
        connection=connection,
        wrong=part if error else None,
        lacks_pass=parts.lacks_pass(connection, error),
        **(values | (parts.problem(error) if error else {})),
    )
