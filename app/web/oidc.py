"""Sign-in by an OpenID provider: the button's way there, and the way back."""

from __future__ import annotations

import time
from typing import Any

import structlog
from flask import Blueprint, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from app.errors import Forbidden, StateConflict, TellykeepError
from app.security import access, oidc_links
from app.security.accounts import has_accounts
from app.security.oidc import Person, ProviderAway, come_back, provider_name, set_out
from app.services import services
from app.web.local_address import local_address
from app.web.notes import tell, tell_problem

log = structlog.get_logger("tellykeep.door")

LINKING = "oidc_linking"
_LINKING_SECONDS = 120

blueprint = Blueprint("oidc", __name__, url_prefix="/sign-in/oidc")
access.guard_forms(blueprint)

Answer = Response | tuple[str, int]


def will_link(user_id: int) -> None:
    """Has the next way to the provider link this account. Only a form with the CSRF token begins it."""
    session[LINKING] = {"user": user_id, "until": int(time.time()) + _LINKING_SECONDS}


@blueprint.get("")
def go() -> Answer:
    """There."""
    if provider_name(services().settings) is None:
        return redirect(url_for("door.sign_in"))
    target = request.args.get("next", "")
    identity = access.session_identity()
    linking: dict[str, Any] = session.pop(LINKING, None) or {"user": None, "until": 0}
    link_to = linking["user"] if linking["until"] >= time.time() else None
    if identity is not None and identity.user_id != link_to:
        return redirect(local_address(target))
    if not has_accounts(services()):
        return redirect(url_for("door.setup"))
    try:
        return set_out(local_address(target), link_to=link_to)
    except ProviderAway as error:
        return _refused(error, link_to)


@blueprint.get("/callback")
def callback() -> Answer:
    """And back."""
    if provider_name(services().settings) is None:
        return redirect(url_for("door.sign_in"))
    try:
        person = come_back()
        if person.link_to is not None:
            return _link(person, person.link_to)
        if not has_accounts(services()):
            return redirect(url_for("door.setup"))
        user_id = oidc_links.account_of(services(), person)
    except (ProviderAway, Forbidden) as error:
        identity = access.session_identity()
        return _refused(error, None if identity is None else identity.user_id)
    access.sign_in(user_id, came_by="oidc")
    return redirect(local_address(person.next))


def _link(person: Person, user_id: int) -> Response:
    """Only while the account that set out is the one that is signed in."""
    identity = access.session_identity()
    if identity is None or identity.user_id != user_id:
        raise Forbidden("you were signed out meanwhile: sign in, then link it again")
    try:
        oidc_links.link(services(), user_id, person)
    except StateConflict as error:
        tell_problem(f"{error.message[:1].upper()}{error.message[1:]}.")
    else:
        log.info("account linked with the OpenID provider", user_id=user_id)
        tell(f"You can sign in with {services().settings.oidc_name} from now on.")
    return redirect(url_for("settings_security.show"))


def _refused(error: TellykeepError, user_id: int | None) -> Answer:
    """Said where it was begun: in the settings of who is signed in, else at the sign-in."""
    if user_id is not None and access.session_identity() is not None:
        tell_problem(f"{error.message[:1].upper()}{error.message[1:]}.")
        return redirect(url_for("settings_security.show"))
    return render_template("door/sign_in.html", error=error, next="", named=None), int(error.http_status)
