"""The Plex server's own history: what was missed, an import of everything ever watched, and how far it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, redirect, render_template, url_for
from htmx_flask import request
from werkzeug.wrappers import Response as BaseResponse

from app.security.access import current_identity, guard_pages
from app.services import services
from app.tracker import history as tracker
from app.tracker.paging import Row
from app.tracker.plex_config import get_config
from app.web.notes import refusals_told
from app.web.part import answer_part
from app.web.wording import REASONS

UNDER_WAY = frozenset({"waiting", "running"})

blueprint = Blueprint("history", __name__, url_prefix="/history")
guard_pages(blueprint)


@blueprint.get("")
def index() -> Response:
    """The page; or, while something is read, the part of it that asks for itself again."""
    values = _state()
    return answer_part(
        "history/_history.html",
        values,
        lambda part: render_template("history/index.html", part=part),
    )


@blueprint.post("/import")
def start_import() -> BaseResponse:
    """Begins an import, or goes on with one."""
    with refusals_told():
        tracker.start_import(
            services(), current_identity().user_id, from_start=request.form.get("from_start", "") == "yes"
        )
    return _back("import")


@blueprint.post("/cancel")
def cancel_import() -> BaseResponse:
    """Ends it."""
    with refusals_told():
        tracker.cancel_import(services(), current_identity().user_id)
    return _back("import")


@blueprint.post("/read")
def read_now() -> BaseResponse:
    """Reads what came since the last time."""
    with refusals_told():
        tracker.start_catch_up(services(), current_identity().user_id)
    return _back("read")


def _back(pressed: str) -> BaseResponse:
    """To the page as it is now. What is swapped in takes the focus, whose button is gone."""
    return redirect(url_for("history.index", pressed=pressed if request.htmx else None), 303)


def _state() -> dict[str, Any]:
    user_id = current_identity().user_id
    history = tracker.get_history(services(), user_id)
    config = get_config(services(), user_id, base_url=request.host_url, show_secret=False)
    catch_up = history["catch_up"]
    hindered = _hindered(config)
    is_asked = user_id in services().history and hindered is None
    is_reading = catch_up is not None and catch_up["status"] == "running"
    run = history["import"]
    return {
        "history": history,
        "run": run | {"error": _reason(run["error"]), "skipped": _skipped(run["result"])},
        "catch_up": None
        if catch_up is None
        else catch_up
        | {
            "error": _reason(catch_up["error"]),
            "skipped": _skipped(catch_up["result"]),
            "gap": _gap(catch_up["result"]) if catch_up["result"] else None,
        },
        # The last catch-up's own is told above them.
        "gaps": [gap | _gap(gap) for gap in history["gaps"] if catch_up is None or gap["id"] != catch_up["id"]],
        "hindered": hindered,
        "is_asked": is_asked,
        "is_reading": is_reading,
        "is_live": history["connected"] and (run["status"] in UNDER_WAY or is_asked or is_reading),
        "pressed": request.args.get("pressed"),
    }


def _hindered(config: Row) -> str | None:
    """Why nothing is read although there is a token."""
    if not config["enabled"]:
        return REASONS["integration_disabled"]
    if not config["auto_mark_watched"]:
        return REASONS["auto_mark_disabled"]
    if config["plex_token_rejected_at"] is not None:
        return "The Plex server refused the token. Enter another one, or the same one again."
    return None


def _gap(found: Row) -> Row:
    """The gap's own times as moments."""
    return {
        "missed": found.get("missed") or 0,
        "recovered": found.get("recovered") or 0,
        "waiting": found.get("waiting") or 0,
        "failed": found.get("failed") or 0,
        "since": _moment(found.get("from")),
        "until": _moment(found.get("until")),
    }


def _moment(stored: str | None) -> datetime | None:
    return None if stored is None else datetime.fromisoformat(stored.replace("Z", "+00:00"))


def _skipped(result: Row | None) -> str | None:
    reason = (result or {}).get("skipped")
    return None if reason is None else REASONS.get(reason, reason)


def _reason(error: str | None) -> str | None:
    """Why a run ended, without the name of the fault that stands before it."""
    if error is None or error == tracker.CANCELLED:
        return None
    name, colon, text = error.partition(": ")
    said = text if colon and name.isidentifier() else error
    return f"{said[:1].upper()}{said[1:]}{'' if said.endswith(('.', '?')) else '.'}"
