"""Signing in to Plex, in the welcome and in the settings: at Plex in a tab of its own, or with a token that is pasted."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, render_template, url_for
from htmx_flask import request
from werkzeug.wrappers import Response as BaseResponse

from app.plex.tv import sign_in_address
from app.security.access import current_identity, guard_pages
from app.security.limits import limiter
from app.services import services
from app.tracker.plex_config import disconnect
from app.tracker.plex_sign_in import begin_sign_in, finish_sign_in, keep_token
from app.upstream.errors import KeyRejected, NotThere, UpstreamError
from app.web import connect_parts as parts
from app.web.asked import secret_text
from app.web.connect_pages import Answer, answer
from app.web.notes import refusals_told, tell, tell_problem
from app.web.pin import forget_pin, has_pin, pending_pin, remember_pin

EXPIRED = "That sign-in has expired. Begin again."
NOT_YET = "Nobody has signed in at Plex yet. Press the button, sign in there, and come back."

blueprint = Blueprint("connect_plex", __name__, url_prefix="/connect/plex")
guard_pages(blueprint)


@blueprint.post("/sign-in")
@limiter.limit("20 per minute")
def sign_in() -> Response:
    """For a tab of its own: makes a PIN, and goes on to Plex with it.

    By the page itself: a redirect from a form to another site is against the Content-Security-Policy.
    """
    try:
        pin = begin_sign_in(services())
    except UpstreamError as error:
        return make_response(render_template("connect/to_plex.html", address=None, error=error), error.http_status)
    remember_pin(current_identity().user_id, pin)
    back = url_for("connect_plex.signed_in", at=parts.place(), _external=True)
    address = sign_in_address(services(), pin.code, forward_to=back)
    return make_response(render_template("connect/to_plex.html", address=address, error=None))


@blueprint.get("/signed-in")
def signed_in() -> str:
    """Where Plex sends that tab back to."""
    return render_template("connect/signed_in.html", onward=parts.address_of(parts.place(), "plex"))


@blueprint.post("/check")
def check() -> BaseResponse:
    """Asks plex.tv whether somebody has signed in: every few seconds by the page itself, or by a button."""
    at = parts.place()
    user_id = current_identity().user_id
    state, problem = "waiting", None
    pin_id = pending_pin(user_id)
    if pin_id is None:
        state = "expired" if has_pin() else "none"
    else:
        try:
            account = finish_sign_in(services(), user_id, pin_id, base_url=request.host_url)
        except (NotThere, KeyRejected):
            state = "expired"
        except UpstreamError as error:
            problem = parts.sentence(error.message)
        else:
            if account is not None:
                forget_pin()
                return _go_on(parts.address_after(at, "plex"))
    if state == "expired":
        forget_pin()
    return _still_waiting(at, state, problem)


def _still_waiting(at: str, state: str, problem: str | None) -> BaseResponse:
    if not request.htmx:
        if state == "expired" or problem:
            tell_problem(problem or EXPIRED)
        else:
            tell_problem(NOT_YET)
        return redirect(parts.address_of(at, "plex"), 303)
    shown = f"{state} {problem or ''}".strip()
    if request.form.get("shown", "none") == shown:
        return make_response("", 204)
    return make_response(
        render_template("connect/_waiting.html", at=at, state_of_pin=state, problem=problem, shown=shown)
    )


def _go_on(address: str) -> BaseResponse:
    if request.htmx:
        return make_response("", 204, {"HX-Redirect": address})
    return redirect(address, 303)


@blueprint.post("/token")
@limiter.limit("20 per minute")
def take_token() -> Answer:
    """A token that is pasted."""

    def act() -> None:
        token = secret_text(request.form, "plex_token")
        keep_token(services(), current_identity().user_id, token, base_url=request.host_url)
        forget_pin()

    return answer("plex", act)


@blueprint.post("/disconnect")
def leave() -> BaseResponse:
    """Forgets token, server and key, and ends the webhook's address."""
    with refusals_told():
        disconnect(services(), current_identity().user_id, base_url=request.host_url)
        forget_pin()
        tell("Disconnected. What was tracked stays; the old webhook URL does not work any more.")
    return redirect(parts.address_of(parts.SETTINGS, "plex"), 303)
