"""The doctor: looks at everything when it is told to, and says what to do."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, render_template

from app.doctor import Finding, examine_account, examine_installation
from app.security.access import current_identity, guard_pages
from app.security.limits import limiter
from app.services import services
from app.web.part import answer_part

# State -> colour, icon and word.
STATES = {
    "ok": ("watched", "check", "In order"),
    "warn": ("waiting", "help", "To look at"),
    "fail": ("failed", "alert-triangle", "Does not work"),
}

blueprint = Blueprint("settings_doctor", __name__, url_prefix="/settings/doctor")
guard_pages(blueprint)


@blueprint.get("")
def show() -> str:
    """The page; nothing is looked at yet."""
    return _page({})


@blueprint.post("")
@limiter.limit("10 per minute")
def examine() -> Response:
    """Looks, and shows what was found. No redirect: the result is of this request alone."""
    who = current_identity()
    groups: list[tuple[str, list[Finding]]] = [("Your account", list(examine_account(services(), who.user_id)))]
    if who.is_admin:
        groups.append(("The installation", list(examine_installation(services()))))
    values = {"groups": groups, "states": STATES}
    return answer_part("settings/_findings.html", values, lambda _: _page(values))


def _page(values: dict[str, Any]) -> str:
    return render_template("settings/doctor.html", **values)
