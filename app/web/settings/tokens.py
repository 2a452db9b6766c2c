"""API tokens: what scripts act with."""

from __future__ import annotations

from typing import Literal, cast

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.errors import Invalid
from app.security.access import current_identity, guard_pages
from app.security.api_tokens import list_tokens, make_token, revoke_token
from app.services import services
from app.web import asked
from app.web.confirmation import confirmed_first
from app.web.notes import tell

# Value of the field -> days, and how the choice is called.
EXPIRIES: dict[str, tuple[int | None, str]] = {
    "90": (90, "in 90 days"),
    "30": (30, "in 30 days"),
    "365": (365, "in a year"),
    "never": (None, "never"),
}

blueprint = Blueprint("settings_tokens", __name__, url_prefix="/settings/tokens")
guard_pages(blueprint)


@blueprint.get("")
def show() -> str:
    """The page."""
    return _page()


@blueprint.post("")
@confirmed_first(back="settings_tokens.show")
def create() -> Response | tuple[str, int]:
    """Makes one. It is on the answer to this very request and nowhere else: in no address, and in no cookie."""
    scope = cast(Literal["read", "write"], asked.choice(request.form, "scope", ("read", "write")))
    days, _ = EXPIRIES[asked.choice(request.form, "expires", tuple(EXPIRIES))]
    try:
        token, until = make_token(
            services(), current_identity().username, request.form.get("name", "").strip(), scope, days
        )
    except Invalid as error:
        return _page(error=error), 400
    return _page(made={"token": token, "until": until, "scope": scope}), 201


@blueprint.post("/<int:token_id>/revoke")
def revoke(token_id: int) -> Response:
    """Ends one."""
    name = revoke_token(services(), current_identity().user_id, min(token_id, asked.LARGEST_ID))
    tell(f"The token{f' “{name}”' if name else ''} opens nothing any more.")
    return redirect(url_for("settings_tokens.show"), 303)


def _page(*, made: dict[str, object] | None = None, error: Invalid | None = None) -> str:
    tokens = list_tokens(services(), current_identity().user_id)
    return render_template("settings/tokens.html", tokens=tokens, made=made, error=error, expiries=EXPIRIES)
