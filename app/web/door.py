"""The way in and out: first account, sign-in, sign-out."""

from __future__ import annotations

import structlog
from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.errors import Forbidden, Invalid, StateConflict, TellykeepError
from app.security import access
from app.security.accounts import authenticate, create_first_account, has_accounts
from app.security.limits import limiter
from app.services import services
from app.web.local_address import local_address

log = structlog.get_logger("tellykeep.door")

blueprint = Blueprint("door", __name__)
access.guard_forms(blueprint)


@blueprint.get("/setup")
def setup() -> str | Response:
    """The form for the first account; there is none any more when it was made."""
    if has_accounts(services()):
        return redirect(url_for("door.sign_in"))
    return render_template("door/setup.html", error=None)


@blueprint.post("/setup")
@limiter.limit("10 per minute")
def make_first_account() -> Response | tuple[str, int]:
    """Makes the first account for the one who can read the setup code, and signs in."""
    parts = services()
    form = request.form
    try:
        password = form.get("password", "")
        if password != form.get("password_again", ""):
            raise Invalid("the account cannot be made like this", fields={"password_again": "the same password again"})
        user_id = create_first_account(
            parts,
            form.get("code", ""),
            form.get("username", "").strip(),
            password,
            timezone=form.get("timezone") or parts.settings.timezone,
        )
    except StateConflict:
        return redirect(url_for("door.sign_in"))
    except (Invalid, Forbidden) as error:
        log.warning("first account refused", reason=error.message, client=request.remote_addr)
        return render_template("door/setup.html", error=error), error.http_status
    access.sign_in(user_id)
    log.info("first account made", user_id=user_id)
    return redirect(url_for("home.front_page"))


@blueprint.get("/sign-in")
def sign_in() -> str | Response:
    """The sign-in form; who is signed in already goes on."""
    if access.session_identity() is not None:
        return redirect(local_address(request.args.get("next")))
    if not has_accounts(services()):
        return redirect(url_for("door.setup"))
    return render_template("door/sign_in.html", error=None, next=request.args.get("next", ""))


@blueprint.post("/sign-in")
@limiter.limit("10 per minute")
def check_password() -> Response | tuple[str, int]:
    """Signs in, or says that name or password is wrong, without saying which."""
    target = request.form.get("next", "")
    user_id = authenticate(services(), request.form.get("username", ""), request.form.get("password", ""))
    if user_id is None:
        log.warning("sign-in refused", client=request.remote_addr)
        error = TellykeepError("Username or password is wrong.")
        return render_template("door/sign_in.html", error=error, next=target), 401
    access.sign_in(user_id)
    return redirect(local_address(target))


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """Ends the session."""
    access.sign_out()
    return redirect(url_for("door.sign_in"))
