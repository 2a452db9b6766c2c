"""Who can get in to somebody's account: the second step, single sign-on, and the browsers that are signed in."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from app.security import sessions
from app.security.access import current_identity, guard_pages, session_token
from app.security.oidc_links import is_linked
from app.security.passwords import has_password
from app.security.totp import second_step
from app.services import services
from app.web import asked
from app.web.browser_names import named
from app.web.notes import tell

blueprint = Blueprint("settings_security", __name__, url_prefix="/settings/security")
guard_pages(blueprint)


@blueprint.get("")
def show() -> str:
    """The page."""
    parts = services()
    user_id = current_identity().user_id
    return render_template(
        "settings/security.html",
        second_step=second_step(parts, user_id),
        has_password=has_password(parts, user_id),
        is_linked=is_linked(parts, user_id),
        sessions=named(sessions.of_account(parts, user_id, session_token())),
    )


@blueprint.post("/sessions/<int:session_id>/end")
def end_session(session_id: int) -> Response:
    """Signs one browser out."""
    sessions.end_one(services(), current_identity().user_id, min(session_id, asked.LARGEST_ID))
    tell("That browser is signed out.")
    return _back()


@blueprint.post("/sessions/end-others")
def end_other_sessions() -> Response:
    """Signs all browsers out but this one."""
    ended = sessions.end_others(services(), current_identity().user_id, session_token())
    tell(
        "No other browser was signed in."
        if ended == 0
        else f"{ended} other browser{' is' if ended == 1 else 's are'} signed out."
    )
    return _back()


def _back() -> Response:
    return redirect(url_for("settings_security.show"), 303)
