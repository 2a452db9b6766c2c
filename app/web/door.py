"""The way in and out: first account, sign-in, sign-out."""

from __future__ import annotations

import structlog
from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.errors import Forbidden, Invalid, StateConflict, TellykeepError, TooManyRequests
from app.security import access
from app.security.accounts import create_first_account, find_account, has_accounts, verify_password
from app.security.known_browser import known_browser
from app.security.limits import limiter
from app.security.sign_in_tries import of_sign_in, one_try
from app.security.totp import second_step
from app.security.trusted_header import account_of_header, named_account
from app.services import services
from app.web.local_address import local_address
from app.web.second_step import ask_for_code

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
    return redirect(url_for("welcome.start"))


@blueprint.get("/sign-in")
def sign_in() -> str | Response:
    """The sign-in form; who is signed in already goes on, and so does who comes through a proxy that knows them."""
    target = request.args.get("next", "")
    if access.session_identity() is not None:
        return redirect(local_address(target))
    if not has_accounts(services()):
        return redirect(url_for("door.setup"))
    named = named_account()
    if named is None:
        return _page(None, target)
    # Who has just signed out is not signed in again unasked.
    if "out" in request.args:
        return _page(None, target, named=named)
    user_id = account_of_header(services(), named)
    if user_id is None:
        log.warning("the proxy names nobody that is known", client=request.remote_addr)
        return _page(TellykeepError(f"Your proxy says that you are {named}. There is no account of this name."), target)
    access.sign_in(user_id, came_by="header")
    return redirect(local_address(target))


@blueprint.post("/sign-in")
def check_password() -> Response | tuple[str, int] | tuple[str, int, dict[str, str]]:
    """Signs in, or says that name or password is wrong, without saying which."""
    target = request.form.get("next", "")
    parts = services()
    username = request.form.get("username", "")
    account = find_account(parts, username)
    name = f"id {account.user_id}" if account.user_id is not None else f"name {username.strip().lower()[:100]}"
    tries = of_sign_in(parts, name, request.remote_addr, known_browser(account.user_id))
    try:
        with one_try(parts, tries) as admitted:
            admitted.right = verify_password(parts, account, request.form.get("password", ""))
    except TooManyRequests as error:
        log.warning("sign-in delayed", client=request.remote_addr, seconds=error.retry_after)
        return _page(error, target), 429, {"Retry-After": str(error.retry_after)}
    if not admitted.right or account.user_id is None:
        log.warning("sign-in refused", client=request.remote_addr)
        return _page(TellykeepError("Username or password is wrong."), target), 401
    if second_step(parts, account.user_id).is_on:
        return ask_for_code(account.user_id, local_address(target))
    access.sign_in(account.user_id)
    return redirect(local_address(target))


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """Ends the session."""
    access.sign_out()
    return redirect(url_for("door.sign_in", out="yes" if named_account() is not None else None))


def _page(error: TellykeepError | None, target: str, named: str | None = None) -> str:
    return render_template("door/sign_in.html", error=error, next=target, named=named)
