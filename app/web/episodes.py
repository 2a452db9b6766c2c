"""One episode: its viewings, another date for one, one more, one less."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, render_template
from htmx_flask import request
from werkzeug.wrappers import Response as BaseResponse

from app.errors import NotFound
from app.security.access import current_identity, guard_pages
from app.services import services
from app.tracker import viewings
from app.tracker.paging import Row
from app.web import asked, shows
from app.web.marks import back, tell_change
from app.web.moments import user_zone
from app.web.notes import refusals_told, tell
from app.web.part import answer_part
from app.web.season_view import episode_of, season_name

blueprint = Blueprint("episodes", __name__, url_prefix="/shows/<int:tvshow_id>/episodes/<int:season>/<int:number>")
guard_pages(blueprint)


@blueprint.get("")
def episode(tvshow_id: int, season: int, number: int) -> Response:
    """The episode with every viewing of it that counts."""
    show, place = _get(tvshow_id, season, number)
    before, this, after = place
    values: dict[str, Any] = {
        "show": show,
        "episode": this,
        "season_name": season_name(season),
        "plays": _plays(show, season, number),
        "now": datetime.now(UTC).astimezone(user_zone()),
        "zone": user_zone(),
    }
    return answer_part(
        "shows/_episode.html",
        values,
        lambda part: render_template("shows/episode.html", part=part, before=before, after=after, **values),
    )


@blueprint.post("/viewings")
def add(tvshow_id: int, season: int, number: int) -> BaseResponse:
    """One more viewing, at a given time."""
    show, _ = _get(tvshow_id, season, number)
    with refusals_told():
        at = asked.local_moment(request.form, "at", user_zone())
        said = viewings.add_viewing(services(), current_identity().user_id, show["id"], season, number, at)
        if said.count:
            tell_change("The viewing was added.", show["id"], season, said, "episode", number)
        else:
            tell("It belongs to a viewing that was known already.")
    return back(show["id"], season, number, place="episode")


@blueprint.post("/viewings/<int:play_id>/move")
def move(tvshow_id: int, season: int, number: int, play_id: int) -> BaseResponse:
    """Another time for a viewing."""
    show = _get_play(tvshow_id, season, number, play_id)
    with refusals_told():
        at = asked.local_moment(request.form, "at", user_zone())
        said = viewings.move_viewing(services(), current_identity().user_id, play_id, at)
        tell_change("The date was changed.", show["id"], season, said, "episode", number)
    return back(show["id"], season, number, place="episode")


@blueprint.post("/viewings/<int:play_id>/remove")
def remove(tvshow_id: int, season: int, number: int, play_id: int) -> BaseResponse:
    """One viewing less."""
    show = _get_play(tvshow_id, season, number, play_id)
    with refusals_told():
        said = viewings.remove_viewing(services(), current_identity().user_id, play_id)
        tell_change("The viewing was removed.", show["id"], season, said, "episode", number)
    return back(show["id"], season, number, place="episode")


def _get(tvshow_id: int, season: int, number: int) -> tuple[Row, tuple[Any, Any, Any]]:
    show = shows.get(tvshow_id)
    place = episode_of(show, season, number)
    if place[1] is None:
        raise NotFound("the show has no such episode")
    return show, place


def _plays(show: Row, season: int, number: int) -> list[Row]:
    return viewings.episode_plays(services(), current_identity().user_id, show["id"], season, number)


def _get_play(tvshow_id: int, season: int, number: int, play_id: int) -> Row:
    """The show whose viewing it is.

    Raises:
        NotFound: there is none that counts, or it is somebody else's.
    """
    show, _ = _get(tvshow_id, season, number)
    if all(play["id"] != play_id for play in _plays(show, season, number)):
        raise NotFound("there is no such viewing, or it does not count any more")
    return show
