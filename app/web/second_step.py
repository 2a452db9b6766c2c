"""The second step at the sign-in: whoever has given the right password is asked for a code."""

from __future__ import annotations

import hashlib
import time
from typing import Any

import structlog
from flask import Blueprint, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from app.db.queries import queries
from app.errors import Forbidden, TooManyRequests
from app.security import access
from app.security.known_browser import known_browser
from app.security.totp import check_code
from app.services import services
from app.web.local_address import local_address

log = structlog.get_logger("tellykeep.door")

LASTS_SECONDS = 300
_KEY = "second_step"

blueprint = Blueprint("second_step", __name__, url_prefix="/sign-in/code")
access.guard_forms(blueprint)


def ask_for_code(user_id: int, target: str) -> Response:
    """On to the question. Nothing of what the browser had before survives, as at a sign-in."""
    access.sign_out()
    session[_KEY] = {
        "user": user_id,
        "password": _mark_of_password(user_id),
        "until": int(time.time()) + LASTS_SECONDS,
        "next": target,
    }
    return redirect(url_for("second_step.show"), 303)


@blueprint.get("")
def show() -> str | Response:
    """The question."""
    if _begun() is None:
        return redirect(url_for("door.sign_in"))
    return render_template("door/second_step.html", error=None)


@blueprint.post("")
def check() -> Response | tuple[str, int] | tuple[str, int, dict[str, str]]:
    """Signs in with a code of the app, or with a recovery code."""
    begun = _begun()
    if begun is None:
        return redirect(url_for("door.sign_in"), 303)
    user_id: int = begun["user"]
    try:
        is_right = check_code(
            services(),
            user_id,
            request.form.get("code", ""),
            address=request.remote_addr,
            browser=known_browser(user_id),
        )
    except TooManyRequests as error:
        log.warning("second step delayed", client=request.remote_addr, seconds=error.retry_after)
        page = render_template("door/second_step.html", error=error)
        return page, 429, {"Retry-After": str(error.retry_after)}
    if not is_right:
        log.warning("second step refused", client=request.remote_addr)
        wrong = Forbidden("this is not the code", fields={"code": "a new one: each opens once"})
        return render_template("door/second_step.html", error=wrong), 401
    access.sign_in(user_id)
    return redirect(local_address(begun["next"]), 303)


def _begun() -> dict[str, Any] | None:
    """Who has given the right password, a short while ago, and it is still the account's."""
    begun: dict[str, Any] | None = session.get(_KEY)
    if begun is None or begun["until"] < time.time() or begun["password"] != _mark_of_password(begun["user"]):
        return None
    return begun


def _mark_of_password(user_id: int) -> str:
    with services().db.connection() as connection:
        row = queries().password_hash_of(connection, user_id=user_id)
    return "" if row is None else hashlib.sha256(row["password_hash"].encode()).hexdigest()[:16]
