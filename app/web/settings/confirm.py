"""The question for the password, before a way in is changed."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from app.errors import Forbidden, TooManyRequests
from app.security import sessions
from app.security.access import current_identity, guard_pages, session_token
from app.security.passwords import has_password, is_password
from app.services import services
from app.web.local_address import local_address
from app.web.notes import tell

blueprint = Blueprint("settings_confirm", __name__, url_prefix="/settings/confirm")
guard_pages(blueprint)


@blueprint.get("")
def show() -> str:
    """The question."""
    return _page(None)


@blueprint.post("")
def check() -> Response | tuple[str, int] | tuple[str, int, dict[str, str]]:
    """Goes on where the question was met."""
    parts = services()
    try:
        if not is_password(parts, current_identity().user_id, request.form.get("current_password", "")):
            raise Forbidden("that is not your password", fields={"current_password": "the one that you sign in with"})
    except TooManyRequests as error:
        return _page(error), 429, {"Retry-After": str(error.retry_after)}
    except Forbidden as error:
        return _page(error), error.http_status
    sessions.confirm(parts, session_token())
    tell("Thank you. For the next ten minutes you are not asked again.")
    return redirect(local_address(request.form.get("next")), 303)


def _page(error: Forbidden | TooManyRequests | None) -> str:
    return render_template(
        "settings/confirm.html",
        error=error,
        next=local_address(request.values.get("next")),
        has_password=has_password(services(), current_identity().user_id),
    )
