"""Shows: the tracker as a grid of posters or a list, and one show with its seasons."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, render_template, url_for
from htmx_flask import request

from app.security.access import current_identity, guard_pages
from app.services import services
from app.tracker import show_list as tracker
from app.tracker.paging import Row
from app.tracker.shows import get_show
from app.web import asked
from app.web.notes import notes
from app.web.part import answer_part
from app.web.season_view import view_of

PAGE = 48
VIEWS = ("grid", "list")
NARROWED: dict[str, str] = {
    "all": "All",
    "unfinished": "In progress",
    "finished": "Finished",
    "new": "Not started",
    "plex": "From Plex",
}
SORTED: dict[str, str] = {
    "title": "Title",
    "watched": "Last watched",
    "progress": "Progress",
    "added": "Added",
    "year": "Year",
}

blueprint = Blueprint("shows", __name__, url_prefix="/shows")
guard_pages(blueprint)


@blueprint.get("")
def index() -> Response:
    """The list, searched, narrowed and ordered; htmx gets the list alone, or the next part of it."""
    user_id = current_identity().user_id
    wish = {
        "query": asked.query(request.args),
        "which": asked.choice(request.args, "show", tuple(NARROWED)),
        "sort": asked.choice(request.args, "sort", tuple(SORTED)),
    }
    view = asked.choice(request.args, "view", VIEWS)
    after = asked.whole_number(request.args, "after", at_least=1, at_most=asked.LARGEST_ID)
    page = tracker.browse_shows(services(), user_id, **wish, after=after, limit=PAGE)
    values: dict[str, Any] = {
        "rows": page.rows,
        "next_id": page.next_id,
        "after": after,
        "view": view,
        "here": lambda **changes: _address({**wish, "view": view, **changes}),
        **wish,
    }
    if request.htmx and after is not None:
        return answer_part("shows/_rows.html", values, str)
    values["counts"] = tracker.count_shows(services(), user_id, query=wish["query"])
    return answer_part(
        "shows/_list.html",
        values,
        lambda part: render_template("shows/index.html", part=part, narrowed=NARROWED, sorted_by=SORTED, **values),
    )


@blueprint.get("/<int:tvshow_id>")
def show(tvshow_id: int) -> Response:
    """One show; htmx gets the season that it asks for, with what has changed around it."""
    user_id = current_identity().user_id
    row = get(tvshow_id)
    season = asked.whole_number(request.args, "season", at_most=asked.LARGEST_FOREIGN_ID)
    first = asked.whole_number(request.args, "from", at_least=1) or 1
    view = view_of(row, open_season=season, first=first)
    told = notes()
    values: dict[str, Any] = {
        "show": row,
        "view": view,
        "season": next((s for s in view.seasons if s.is_open), None),
        "figures": tracker.show_figures(services(), user_id, row["id"]),
        # What can be taken back is told where the button was, which a browser without JavaScript goes to.
        "season_notes": [note for note in told if note.target or request.htmx],
        "page_notes": [note for note in told if not note.target],
    }
    if request.htmx and values["season"] is not None:
        return answer_part("shows/_season_swap.html", values, str)
    return answer_part(
        "shows/_show.html",
        values | {"mappings": tracker.mappings_of_show(services(), user_id, row["id"])},
        lambda part: render_template("shows/show.html", part=part, show=row),
    )


def get(tvshow_id: int) -> Row:
    """The show with its seasons.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    return get_show(services(), current_identity().user_id, min(tvshow_id, asked.LARGEST_ID))


def _address(wish: dict[str, Any]) -> str:
    """This list with another wish; what goes without saying is left out."""
    return url_for(
        "shows.index",
        q=wish["query"] or None,
        show=None if wish["which"] == "all" else wish["which"],
        sort=None if wish["sort"] == "title" else wish["sort"],
        view=None if wish["view"] == VIEWS[0] else wish["view"],
        after=wish.get("after"),
    )
