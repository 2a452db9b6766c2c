"""Forms about the TMDB key, in the welcome and in the settings."""

from __future__ import annotations

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from app.security.access import current_identity, guard_pages
from app.security.limits import limiter
from app.services import services
from app.tracker.tmdb_key import check_tmdb_key, forget_tmdb_key, keep_tmdb_key
from app.web import connect_parts as parts
from app.web.asked import secret_text
from app.web.connect_pages import Answer, answer
from app.web.notes import refusals_told, tell

blueprint = Blueprint("connect_tmdb", __name__, url_prefix="/connect/tmdb")
guard_pages(blueprint)


@blueprint.post("")
@limiter.limit("20 per minute")
def take_key() -> Answer:
    """A key, which TMDB is asked about first."""

    def act() -> None:
        key = secret_text(request.form, "tmdb_api_key")
        keep_tmdb_key(services(), current_identity().user_id, key, base_url=request.host_url)
        tell("TMDB takes this key. It is kept, encrypted.")

    return answer("tmdb", act)


@blueprint.post("/remove")
def remove_key() -> Response:
    """Forgets the user's own key."""
    with refusals_told():
        forget_tmdb_key(services(), current_identity().user_id, base_url=request.host_url)
        tell("Your TMDB key is removed.")
    return redirect(parts.address_of(parts.SETTINGS, "tmdb"), 303)


@blueprint.post("/test")
@limiter.limit("20 per minute")
def test_key() -> Answer:
    """Asks TMDB with the key that counts."""

    def act() -> None:
        check_tmdb_key(services(), current_identity().user_id)
        tell("TMDB answers, and takes the key.")

    return answer("tmdb", act, stay=True)
