"""Linking an account with somebody of the OpenID provider, and ending that."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from app.errors import NotFound
from app.security import oidc_links
from app.security.access import current_identity, guard_pages
from app.security.oidc import provider_name
from app.services import services
from app.web.confirmation import confirmed_first
from app.web.notes import refusals_told, tell
from app.web.oidc import will_link

blueprint = Blueprint("settings_single_sign_on", __name__, url_prefix="/settings/security/single-sign-on")
guard_pages(blueprint)


@blueprint.post("/link")
@confirmed_first(back="settings_security.show")
def link() -> str:
    """On to the provider, by a page: the policy of a form lets it lead to no other host, not even by a redirect."""
    if provider_name(services().settings) is None:
        raise NotFound("there is no single sign-on here")
    will_link(current_identity().user_id)
    return render_template("settings/to_provider.html")


@blueprint.post("/unlink")
@confirmed_first(back="settings_security.show")
def unlink() -> Response:
    """Ends the link."""
    with refusals_told():
        oidc_links.unlink(services(), current_identity().user_id)
        tell("The link is gone. You sign in with your password.")
    return redirect(url_for("settings_security.show"), 303)
