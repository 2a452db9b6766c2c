"""The accounts of this installation, for administrators: made, given a way in, and ended. What is in them stays private."""

from __future__ import annotations

import structlog
from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.errors import Forbidden, Invalid, StateConflict, TellykeepError, TooManyRequests
from app.security import accounts, passwords, people, sessions, totp
from app.security.access import current_identity, guard_admin, session_token
from app.security.api_tokens import list_tokens
from app.services import services
from app.tracker.paging import Row
from app.web import asked
from app.web.browser_names import named
from app.web.confirmation import confirmed_first, is_confirmed
from app.web.notes import refusals_told, tell

log = structlog.get_logger("tellykeep.door")

blueprint = Blueprint("settings_users", __name__, url_prefix="/settings/users")
guard_admin(blueprint)

Answer = Response | tuple[str, int] | tuple[str, int, dict[str, str]]


@blueprint.get("")
def show() -> str:
    """Who has an account."""
    return render_template("settings/users.html", people=people.list_people(services()))


@blueprint.get("/new")
@confirmed_first(back="settings_users.new")
def new() -> str:
    """The form for another account. The password of who sits here is asked for before it is filled in, not after."""
    return render_template("settings/new_user.html", error=None)


@blueprint.post("")
@confirmed_first(back="settings_users.new")
def create() -> Answer:
    """Makes an account."""
    username = request.form.get("username", "").strip()
    try:
        user_id = accounts.create_user(
            services(),
            username,
            _new_password("the account is not made"),
            is_admin=request.form.get("is_admin") == "yes",
            timezone=services().settings.timezone,
        )
    except (Invalid, StateConflict, TooManyRequests) as error:
        return _refused(render_template("settings/new_user.html", error=error), error)
    log.warning("account made", user_id=user_id, by=current_identity().user_id)
    tell(f"{username} can sign in now. Tell them the password; they can change it under Settings → Account.")
    return redirect(url_for("settings_users.show"), 303)


@blueprint.get("/<int:user_id>")
def person(user_id: int) -> str:
    """An account, and what can be done about it."""
    return _page(people.get_person(services(), _id(user_id)), None)


@blueprint.post("/<int:user_id>/password")
@confirmed_first(back="settings_users.person")
def set_password(user_id: int) -> Answer:
    """Gives somebody another password, and signs their browsers out."""
    other = somebody_else(user_id)
    try:
        ended = passwords.set_password(services(), other["id"], _new_password("the password is not changed"))
    except (Invalid, TooManyRequests) as error:
        return _refused(_page(other, error), error)
    log.warning("password set", user_id=other["id"], by=current_identity().user_id)
    tell(f"{other['username']} has another password now.{_signed_out(ended)}")
    return back_to(other)


@blueprint.post("/<int:user_id>/second-step/off")
@confirmed_first(back="settings_users.person")
def reset_second_step(user_id: int) -> Answer:
    """Takes the second step off an account whose app and recovery codes are lost."""
    other = somebody_else(user_id)
    if totp.switch_off(services(), other["id"]):
        log.warning("second step switched off", user_id=other["id"], by=current_identity().user_id)
        tell(f"{other['username']} signs in with the password alone now.")
    return back_to(other)


@blueprint.post("/<int:user_id>/sessions/end")
def end_sessions(user_id: int) -> Answer:
    """Signs somebody's browsers out."""
    other = somebody_else(user_id)
    ended = sessions.end_all(services(), other["id"])
    log.warning("sessions ended", user_id=other["id"], by=current_identity().user_id, sessions=ended)
    tell(_signed_out(ended).strip() or f"No browser of {other['username']} was signed in.")
    return back_to(other)


@blueprint.post("/<int:user_id>/administrator")
@confirmed_first(back="settings_users.person")
def set_administrator(user_id: int) -> Answer:
    """Makes somebody an administrator, or takes that from them."""
    other = somebody_else(user_id)
    is_admin = asked.choice(request.form, "is_admin", ("no", "yes")) == "yes"
    with refusals_told():
        if people.set_administrator(services(), other["id"], is_admin):
            log.warning("administrator changed", user_id=other["id"], is_admin=is_admin, by=current_identity().user_id)
            tell(f"{other['username']} is {'an' if is_admin else 'no'} administrator{'' if is_admin else ' any more'}.")
    return back_to(other)


@blueprint.post("/<int:user_id>/delete")
@confirmed_first(back="settings_users.person")
def delete(user_id: int) -> Answer:
    """Deletes an account, if its name was typed."""
    other = somebody_else(user_id)
    with refusals_told():
        if request.form.get("typed_name", "").strip().lower() != other["username"].lower():
            raise Invalid(f"to delete the account, type its name: {other['username']}")
        name = people.delete_account(services(), other["id"])
        log.warning("account deleted", user_id=other["id"], by=current_identity().user_id)
        tell(f"{name} is deleted, with everything that was theirs.")
        return redirect(url_for("settings_users.show"), 303)
    return back_to(other)


def _id(user_id: int) -> int:
    return min(user_id, asked.LARGEST_ID)


def somebody_else(user_id: int) -> Row:
    """The account that something is done to, unless it is one's own: nobody shuts himself out here.

    Raises:
        NotFound: there is no such account.
        Forbidden: it is one's own.
    """
    found = people.get_person(services(), _id(user_id))
    if found["id"] == current_identity().user_id:
        raise Forbidden("this is your own account: change it under Settings, Account")
    return found


def _new_password(refusal: str) -> str:
    new = request.form.get("password", "")
    if new != request.form.get("password_again", ""):
        raise Invalid(refusal, fields={"password_again": "the same password again"})
    return new


def _signed_out(ended: int) -> str:
    return "" if ended == 0 else f" {ended} browser{' was' if ended == 1 else 's were'} signed out."


def _refused(page: str, error: TellykeepError) -> Answer:
    if isinstance(error, TooManyRequests):
        return page, 429, {"Retry-After": str(error.retry_after)}
    return page, error.http_status


def back_to(other: Row) -> Response:
    """To the page of an account."""
    return redirect(url_for("settings_users.person", user_id=other["id"]), 303)


def _page(found: Row, error: TellykeepError | None) -> str:
    return render_template(
        "settings/user.html",
        person=found,
        sessions=named(sessions.of_account(services(), found["id"], session_token())),
        tokens=list_tokens(services(), found["id"]),
        error=error,
        is_own=found["id"] == current_identity().user_id,
        is_confirmed=is_confirmed(),
    )
