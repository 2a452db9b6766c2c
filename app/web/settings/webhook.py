"""The webhook: its address, another secret for it, and a test through the door that Plex uses."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, redirect, render_template, url_for
from htmx_flask import request
from werkzeug.wrappers import Response as BaseResponse

from app.errors import NotFound, TellykeepError, TooManyRequests
from app.security.access import current_identity, guard_pages
from app.security.limits import limiter
from app.services import services
from app.sync.trial import send_trial
from app.tracker.activity import get_activity
from app.tracker.paging import Row
from app.tracker.plex_config import get_config, rotate_secret
from app.upstream.waiting_room import BUSY_SECONDS
from app.web import asked
from app.web.notes import refusals_told, tell
from app.web.part import answer_part
from app.web.trial_words import advice_of

# Hours that the old address works on -> how the choice is called.
OVERLAPS = {"24": "for a day", "1": "for an hour", "168": "for a week", "0": "not at all"}

blueprint = Blueprint("settings_webhook", __name__, url_prefix="/settings/webhook")
guard_pages(blueprint)


@blueprint.get("")
def show() -> str:
    """The page."""
    return _page({})


@blueprint.post("/rotate")
def rotate() -> BaseResponse:
    """Makes another secret."""
    hours = int(asked.choice(request.form, "overlap", tuple(OVERLAPS)))
    with refusals_told():
        rotate_secret(services(), current_identity().user_id, base_url=request.host_url, overlap_hours=hours)
        tell("There is a new address now. Copy it and put it into Plex in place of the old one.")
    return redirect(url_for("settings_webhook.show"), 303)


@blueprint.post("/test")
@limiter.limit("10 per minute")
def test() -> Response:
    """Sends a test, and shows what came of it. No redirect: the result is of this request alone."""
    try:
        with services().room.place() as is_free:
            if not is_free:
                raise TooManyRequests(
                    "too many wait for answers already: try again in a moment", retry_after=BUSY_SECONDS
                )
            trials = send_trial(services(), current_identity().user_id)
    except TellykeepError as error:
        values: dict[str, Any] = {"problem": error.message}
    else:
        values = {
            "trials": trials,
            "row": _log_row(trials[-1].outcome.get("log_id")),
            "advice": advice_of(trials, services().settings.public_url),
        }
    return answer_part("settings/_trial.html", values, lambda _: _page(values))


def _log_row(log_id: object) -> Row | None:
    """The row that a test made; None where it waits in the spool, or something else answered in our place."""
    if not isinstance(log_id, int) or not 0 < log_id <= asked.LARGEST_ID:
        return None
    with suppress(NotFound):
        return get_activity(services(), current_identity().user_id, log_id)
    return None


def _page(values: dict[str, Any]) -> str:
    config = get_config(services(), current_identity().user_id, base_url=request.host_url)
    until = config["previous_secret_until"]
    return render_template(
        "settings/webhook.html",
        config=config,
        overlap_until=until if until is not None and until > datetime.now(UTC) else None,
        webhook=config["webhook_url"],
        overlaps=OVERLAPS,
        public_url=services().settings.public_url,
        **values,
    )
