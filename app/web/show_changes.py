"""Shows that come and go: added from TMDB or by hand, read anew, deleted, and brought back."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, render_template, url_for
from htmx_flask import request
from werkzeug.wrappers import Response as BaseResponse

from app.errors import Invalid, NotFound
from app.security.access import current_identity, guard_pages
from app.services import services
from app.tmdb.client import tmdb_key
from app.tracker import shows as tracker
from app.tracker.paging import Row
from app.tracker.refresh import refresh_show
from app.tracker.search import search_shows
from app.tracker.show_list import bring_back, deleted_shows
from app.upstream.errors import UpstreamError
from app.web import asked, shows
from app.web.notes import refusals_told, tell, tell_with_undo
from app.web.part import answer_part

MOST_SEASONS = 100
MOST_EPISODES = 200

blueprint = Blueprint("show_changes", __name__, url_prefix="/shows")
guard_pages(blueprint)


@blueprint.get("/add")
def new() -> Response:
    """What TMDB finds, with what is in the tracker already marked so; and a form to add a show by hand."""
    user_id, query = current_identity().user_id, asked.query(request.args)
    has_key = tmdb_key(services(), user_id) is not None
    found, problem = None, ""
    if query and has_key:
        try:
            found = search_shows(services(), user_id, query)[:20]
        except UpstreamError as error:
            problem = error.message
    values: dict[str, Any] = {"query": query, "has_key": has_key, "found": found, "problem": problem}
    return answer_part("shows/_found.html", values, lambda part: render_template("shows/add.html", part=part, **values))


@blueprint.post("/add")
def add() -> BaseResponse:
    """Adds a show: by its id at TMDB, or by what the form says of it."""
    form, user_id = request.form, current_identity().user_id
    with refusals_told():
        tmdb_id = asked.whole_number(form, "tmdb_id", at_least=1, at_most=asked.LARGEST_FOREIGN_ID)
        if tmdb_id is not None:
            added = tracker.add_show_from_tmdb(services(), user_id, tmdb_id, {})
        else:
            added = tracker.add_show(services(), user_id, _by_hand())
        tell("The show was added.")
        return redirect(url_for("shows.show", tvshow_id=added["id"]), 303)
    return redirect(url_for("show_changes.new", q=asked.query(form) or None), 303)


@blueprint.post("/<int:tvshow_id>/refresh")
def refresh(tvshow_id: int) -> BaseResponse:
    """Reads a show anew from TMDB or the Plex server."""
    show = shows.get(tvshow_id)
    with refusals_told():
        came = refresh_show(services(), current_identity().user_id, show["id"])
        added = f"{came['added']} new {'episode' if came['added'] == 1 else 'episodes'}"
        tell(f"Read anew: {added if came['added'] else 'no new episodes'}.")
    return redirect(url_for("shows.show", tvshow_id=show["id"]), 303)


@blueprint.post("/<int:tvshow_id>/delete")
def delete(tvshow_id: int) -> BaseResponse:
    """Takes a show out of the tracker."""
    show = shows.get(tvshow_id)
    with refusals_told():
        tracker.delete_show(services(), current_identity().user_id, show["id"])
        tell_with_undo("The show was deleted.", url_for("show_changes.restore", tvshow_id=show["id"]), {})
    return redirect(url_for("shows.index"), 303)


@blueprint.get("/deleted")
def deleted() -> str:
    """What was deleted, the latest first."""
    return render_template("shows/deleted.html", rows=deleted_shows(services(), current_identity().user_id))


@blueprint.post("/<int:tvshow_id>/restore")
def restore(tvshow_id: int) -> BaseResponse:
    """Brings a deleted show back."""
    user_id = current_identity().user_id
    if not _was_deleted(user_id, tvshow_id):
        raise NotFound("no such show was deleted")
    with refusals_told():
        bring_back(services(), user_id, tvshow_id)
        tell("The show is back, with everything that was watched.")
        return redirect(url_for("shows.show", tvshow_id=tvshow_id), 303)
    return redirect(url_for("show_changes.deleted"), 303)


def _was_deleted(user_id: int, tvshow_id: int) -> bool:
    rows: list[Row] = deleted_shows(services(), user_id, limit=10_000)
    return any(row["id"] == tvshow_id for row in rows)


def _by_hand() -> dict[str, Any]:
    """The show that the form describes.

    Raises:
        Invalid: it has no title, or a number that cannot be.
    """
    title = " ".join(request.form.get("title", "").replace("\x00", "").split())
    if not 1 <= len(title) <= 1000:
        raise Invalid("a show needs a title", fields={"title": "at most 1000 letters"})
    year = asked.whole_number(request.form, "year", at_least=1800, at_most=2200)
    seasons = asked.whole_number(request.form, "seasons", at_most=MOST_SEASONS) or 0
    episodes = asked.whole_number(request.form, "episodes", at_most=MOST_EPISODES) or 0
    document = [
        {"seasonNumber": season, "episodes": [{"episodeNumber": number} for number in range(1, episodes + 1)]}
        for season in range(1, seasons + 1)
    ]
    return {"title": title, "seasons": document} | ({"year": year} if year is not None else {})
