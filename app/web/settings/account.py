"""Somebody's own account: its name, its password, and its end."""

from __future__ import annotations

import structlog
from flask import Blueprint, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from app.errors import Forbidden, Invalid, StateConflict, TellykeepError, TooManyRequests
from app.security import access, own_account, passwords
from app.security.access import current_identity, guard_pages
from app.security.people import delete_account
from app.services import services
from app.web.confirmation import confirmed_first, is_confirmed
from app.web.notes import refusals_told, tell

log = structlog.get_logger("tellykeep.door")

blueprint = Blueprint("settings_account", __name__, url_prefix="/settings/account")
guard_pages(blueprint)

Answer = Response | tuple[str, int] | tuple[str, int, dict[str, str]]


@blueprint.get("")
def show() -> str:
    """The page."""
    return _page(None)


@blueprint.post("/name")
def rename() -> Answer:
    """Gives the account another name to sign in with."""
    try:
        own_account.rename(services(), current_identity(), request.form.get("username", "").strip())
    except (Invalid, Forbidden, StateConflict) as error:
        return _page(error), error.http_status
    tell("That is your name now, also for the sign-in.")
    return redirect(url_for("settings_account.show"), 303)


@blueprint.post("/password")
def change_password() -> Answer:
    """Another password. Whoever else is signed in to the account is not any more."""
    user_id = current_identity().user_id
    try:
        ended = _change_password(user_id)
    except TooManyRequests as error:
        return _page(error), 429, {"Retry-After": str(error.retry_after)}
    except (Invalid, Forbidden) as error:
        return _page(error), error.http_status
    log.info("password changed", user_id=user_id)
    # This browser's session was ended with the others: a copy of its cookie opens nothing any more.
    access.sign_in(user_id)
    others = ended - 1
    tell(
        "Your password is changed."
        + (f" {others} other browser{' was' if others == 1 else 's were'} signed out." if others > 0 else "")
    )
    return redirect(url_for("settings_account.show"), 303)


def _change_password(user_id: int) -> int:
    parts = services()
    new = request.form.get("password", "")
    if new != request.form.get("password_again", ""):
        raise Invalid("the password is not changed", fields={"password_again": "the same password again"})
    if passwords.has_password(parts, user_id):
        if not passwords.is_password(parts, user_id, request.form.get("current_password", "")):
            raise Forbidden(
                "the password is not changed", fields={"current_password": "the password that you have now"}
            )
    elif not is_confirmed():
        raise Forbidden("it is a while since you have signed in: sign in again, then give your account a password")
    return passwords.set_password(parts, user_id, new)


@blueprint.post("/delete")
@confirmed_first(back="settings_account.show")
def delete() -> Response:
    """Deletes the account, if its name was typed."""
    identity = current_identity()
    with refusals_told():
        if request.form.get("typed_name", "").strip().lower() != identity.username.lower():
            raise Invalid("to delete your account, type its name")
        delete_account(services(), identity.user_id)
        log.warning("account deleted by its owner", user_id=identity.user_id)
        session.clear()
        return redirect(url_for("door.sign_in"), 303)
    return redirect(url_for("settings_account.show"), 303)


def _page(error: TellykeepError | None) -> str:
    return render_template(
        "settings/account.html",
        error=error,
        has_password=passwords.has_password(services(), current_identity().user_id),
    )
