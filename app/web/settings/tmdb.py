"""The key for TMDB."""

from __future__ import annotations

from flask import Blueprint, render_template

from app.errors import TellykeepError
from app.security.access import current_identity, guard_pages
from app.services import services
from app.tracker.connection import connection_steps
from app.web import connect_parts as parts

blueprint = Blueprint("settings_tmdb", __name__, url_prefix="/settings/tmdb")
guard_pages(blueprint)


@blueprint.get("")
def show() -> str:
    """The page."""
    return page()


def page(error: TellykeepError | None = None) -> str:
    """The page, perhaps with what was wrong with what it was told."""
    connection = connection_steps(services(), current_identity().user_id)
    return render_template(
        "settings/tmdb.html", at=parts.SETTINGS, connection=connection, **parts.values_of("tmdb", connection, error)
    )
