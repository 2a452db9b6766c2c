"""What is done by itself with an event, and how sure a match by name must be."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.security.access import current_identity, guard_pages
from app.services import services
from app.tracker.plex_config import change_config, get_config
from app.web import asked
from app.web.notes import refusals_told, tell

_SWITCHES = ("auto_mark_watched", "auto_add_shows")
# Field -> the least and the most of it, in percent.
_THRESHOLDS = {"map_confidence": (60, 100), "propose_similarity": (10, 90)}

blueprint = Blueprint("settings_sync", __name__, url_prefix="/settings/sync")
guard_pages(blueprint)


@blueprint.get("")
def show() -> str:
    """The page."""
    config = get_config(services(), current_identity().user_id, base_url=request.host_url, show_secret=False)
    return render_template("settings/sync.html", config=config, percent=_percent(config), limits=_THRESHOLDS)


@blueprint.post("/switches")
def save_switches() -> Response:
    """Whether shows are added and episodes marked without asking."""
    return _save({name: request.form.get(name) == "yes" for name in _SWITCHES})


@blueprint.post("/thresholds")
def save_thresholds() -> Response:
    """How sure a name must be to be taken, and how alike to be proposed."""
    with refusals_told():
        given = {
            name: asked.whole_number(request.form, name, at_least=least, at_most=most)
            for name, (least, most) in _THRESHOLDS.items()
        }
        config = get_config(services(), current_identity().user_id, base_url=request.host_url, show_secret=False)
        shown = _percent(config)
        # One that the API has set finer than a percent stays as it is until another one is entered.
        return _save({name: n / 100 for name, n in given.items() if n is not None and n != shown[name]})
    return _back()


def _save(changes: dict[str, Any]) -> Response:
    with refusals_told():
        change_config(services(), current_identity().user_id, changes, base_url=request.host_url)
        tell("Saved. It counts from the next event.")
    return _back()


def _back() -> Response:
    return redirect(url_for("settings_sync.show"), 303)


def _percent(config: dict[str, Any]) -> dict[str, int]:
    return {name: round(config[name] * 100) for name in _THRESHOLDS}
