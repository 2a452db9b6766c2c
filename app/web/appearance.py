"""Light or dark: as the system has it, or as chosen here and kept in a cookie that the server reads."""

from __future__ import annotations

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from app.security.access import guard_forms
from app.security.sessions import came_by_https
from app.services import services
from app.web.local_address import local_address

COOKIE = "tellykeep_theme"
THEMES = ("auto", "light", "dark")
_YEAR_SECONDS = 31_536_000

blueprint = Blueprint("appearance", __name__)
guard_forms(blueprint)


def chosen_theme() -> str:
    """`light` or `dark` where it was chosen, else `auto`."""
    theme = request.cookies.get(COOKIE)
    return theme if theme in THEMES else "auto"


@blueprint.post("/appearance")
def choose() -> Response:
    """Keeps the choice and goes back to the page it was made on."""
    theme = request.form.get("theme", "")
    response = redirect(local_address(request.form.get("next")))
    if theme in ("light", "dark"):
        response.set_cookie(
            COOKIE,
            theme,
            max_age=_YEAR_SECONDS,
            samesite="Lax",
            httponly=True,
            secure=came_by_https(request, services().settings.public_url),
        )
    else:
        response.delete_cookie(COOKIE)
    return response
