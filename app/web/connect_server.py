"""Forms about the Plex server, in the welcome and in the settings: which one, who counts on it, and whether it is on at all."""

from __future__ import annotations

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from app.plex.addresses import server_address
from app.security.access import current_identity, guard_pages
from app.security.limits import limiter
from app.services import services
from app.tracker.plex_config import change_config
from app.tracker.plex_servers import Found, choose_address, choose_server
from app.web import connect_parts as parts
from app.web.asked import secret_text, several_ids
from app.web.connect_pages import Answer, answer
from app.web.notes import refusals_told, tell
from app.web.wording import foreign

blueprint = Blueprint("connect_server", __name__, url_prefix="/connect/server")
guard_pages(blueprint)


@blueprint.post("")
@limiter.limit("20 per minute")
def use_server() -> Answer:
    """One of the servers that plex.tv knows of."""

    def act() -> None:
        uuid = request.form.get("uuid", "").replace("\x00", "")[:100]
        _tell(choose_server(services(), current_identity().user_id, uuid, base_url=request.host_url))

    return answer("server", act)


@blueprint.post("/address")
@limiter.limit("20 per minute")
def use_address() -> Answer:
    """A server at an address that the user knows."""

    def act() -> None:
        form = request.form
        url = server_address(form.get("plex_server_url", ""))
        token = secret_text(form, "plex_token") if form.get("plex_token", "").strip() else None
        _tell(choose_address(services(), current_identity().user_id, url, token, base_url=request.host_url))

    return answer("server", act)


@blueprint.post("/accounts")
def choose_accounts() -> Answer:
    """Whose viewings count, and, in the settings, from which servers."""

    def act() -> None:
        changes = {"tracked_accounts": several_ids(request.form, "account")}
        if "has_servers" in request.form:
            changes["tracked_servers"] = several_ids(request.form, "server")
        change_config(services(), current_identity().user_id, changes, base_url=request.host_url)
        if parts.place() == parts.SETTINGS:
            tell("Saved. It counts from the next event on.")

    return answer("accounts", act)


@blueprint.post("/switch")
def switch() -> Response:
    """Turns the whole connection on or off."""
    is_on = request.form.get("enabled") == "yes"
    with refusals_told():
        change_config(services(), current_identity().user_id, {"enabled": is_on}, base_url=request.host_url)
        tell("The connection is on." if is_on else "The connection is off: events are logged, and nothing is marked.")
    return redirect(parts.address_of(parts.place(), "webhook"), 303)


def _tell(found: Found) -> None:
    tell(f"{foreign(found.name) if found.name else 'The server'} answers at {found.url}.")
