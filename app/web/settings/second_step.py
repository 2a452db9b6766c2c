"""The second step of a sign-in, switched on and off: an authenticator app and recovery codes."""

from __future__ import annotations

import structlog
from flask import Blueprint, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from app.errors import Forbidden, StateConflict, TooManyRequests
from app.security import totp
from app.security.access import current_identity, guard_pages
from app.services import services
from app.web.confirmation import confirmed_first
from app.web.notes import refusals_told, tell, tell_problem

log = structlog.get_logger("tellykeep.door")

blueprint = Blueprint("settings_second_step", __name__, url_prefix="/settings/security/second-step")
guard_pages(blueprint)

Answer = str | Response | tuple[str, int] | tuple[str, int, dict[str, str]]


@blueprint.post("/begin")
@confirmed_first(back="settings_security.show")
def begin() -> Response:
    """Makes a secret for the app."""
    with refusals_told():
        totp.begin(services(), current_identity().user_id)
        return redirect(url_for("settings_second_step.show"), 303)
    return _back()


@blueprint.get("")
@confirmed_first(back="settings_security.show")
def show() -> Answer:
    """The picture for the app, and the question for a first code."""
    return _page(None)


@blueprint.post("")
@confirmed_first(back="settings_security.show")
def switch_on() -> Answer:
    """Switches it on, if the app has it right, and shows the recovery codes, this once."""
    user_id = current_identity().user_id
    try:
        codes = totp.switch_on(services(), user_id, request.form.get("code", ""), address=request.remote_addr)
    except TooManyRequests as error:
        return _page(error), 429, {"Retry-After": str(error.retry_after)}  # type: ignore[return-value]
    except Forbidden as error:
        return _page(error), error.http_status  # type: ignore[return-value]
    except StateConflict:
        return _back()
    log.info("second step switched on", user_id=user_id)
    return render_template("settings/recovery_codes.html", codes=codes, is_new=True)


@blueprint.post("/recovery-codes")
@confirmed_first(back="settings_security.show")
def renew_recovery_codes() -> Answer:
    """New recovery codes, shown this once."""
    with refusals_told():
        codes = totp.renew_recovery_codes(services(), current_identity().user_id)
        return render_template("settings/recovery_codes.html", codes=codes, is_new=False)
    return _back()


@blueprint.post("/off")
@confirmed_first(back="settings_security.show")
def switch_off() -> Response:
    """Switches it off: the password was asked for, and a code is too."""
    user_id = current_identity().user_id
    with refusals_told():
        if totp.check_code(
            services(), user_id, request.form.get("code", ""), address=request.remote_addr, browser="switched off"
        ):
            totp.switch_off(services(), user_id)
            log.warning("second step switched off", user_id=user_id)
            tell("The second step is off: the password alone lets you in.")
        else:
            tell_problem("That was no code of your app, and none of your recovery codes. The second step stays on.")
    return _back()


def _page(error: Forbidden | TooManyRequests | None) -> Response | str:
    secret = totp.pending_secret(services(), current_identity().user_id)
    if secret is None:
        return _back()
    address = totp.app_address(secret, current_identity().username)
    return render_template(
        "settings/second_step.html",
        error=error,
        picture=Markup(totp.picture(address)),  # noqa: S704 - drawn here, from numbers
        secret=" ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
        address=address,
    )


def _back() -> Response:
    return redirect(url_for("settings_security.show"), 303)
