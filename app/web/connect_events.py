"""Forms about how Tellykeep hears of viewings: the webhook at Plex, and reading the server's history often."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request

from app.errors import Invalid
from app.security.access import current_identity, guard_pages
from app.security.limits import limiter
from app.services import services
from app.tracker.connection import connection_steps
from app.tracker.plex_config import change_config
from app.tracker.plex_webhook import register_webhook
from app.web.connect_pages import Answer, answer
from app.web.notes import tell

blueprint = Blueprint("connect_events", __name__, url_prefix="/connect/events")
guard_pages(blueprint)


@blueprint.get("/first")
def first_event() -> Response:
    """The line that waits for the first event, once there is one; htmx asks for it every few seconds."""
    connection = connection_steps(services(), current_identity().user_id)
    if connection["last_webhook_at"] is None:
        return make_response("", 204)
    return make_response(render_template("connect/_arrived.html", connection=connection))


@blueprint.post("/webhook")
@limiter.limit("20 per minute")
def set_up() -> Answer:
    """Enters the webhook's address into the Plex account."""

    def act() -> None:
        is_new = register_webhook(services(), current_identity().user_id, base_url=request.host_url)
        tell("Your Plex account has the webhook now." if is_new else "Your Plex account had the webhook already.")

    return answer("webhook", act, stay=True)


@blueprint.post("/history")
def read_history() -> Answer:
    """How often the server's history is read: every minute instead of webhooks, hourly beside them, or as given."""

    def act() -> None:
        minutes = _minutes()
        changes = {"history_poll_minutes": minutes}
        change_config(services(), current_identity().user_id, changes, base_url=request.host_url)
        tell(f"The server's history is read every {_of(minutes)} now.")

    return answer("webhook", act, stay=True)


def _minutes() -> int | None:
    """From the field; None for what is usual.

    Raises:
        Invalid: it holds something else.
    """
    text = request.form.get("minutes", "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= 1440:
        return int(text)
    raise Invalid("the history cannot be read like this", fields={"minutes": "a number from 1 to 1440"})


def _of(minutes: int | None) -> str:
    return "hour" if minutes in (None, 60) else "minute" if minutes == 1 else f"{minutes} minutes"
