"""Conflicts: the questions, what waits for each, the answers, and taking them back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from flask import Blueprint, Response, redirect, render_template, url_for
from htmx_flask import request
from werkzeug.wrappers import Response as BaseResponse

from app.errors import Invalid, StateConflict, from_database
from app.security.access import current_identity, guard_pages
from app.services import services
from app.tracker import conflicts as tracker
from app.tracker.answers import open_batch
from app.tracker.paging import Row
from app.tracker.search import name_shows
from app.web import asked, conflict_words
from app.web.notes import refusals_told, tell
from app.web.part import answer_part
from app.web.show_search import search_in_both

PAGE = 20
ANSWERS = ("select", "create_new", "ignore", "ignore_forever", "search_again")

blueprint = Blueprint("conflicts", __name__, url_prefix="/conflicts")
guard_pages(blueprint)


@blueprint.get("")
def index() -> str:
    """Open questions, or the answered ones, the newest first."""
    show = asked.choice(request.args, "show", ("open", "answered"))
    before = asked.place_in_list(request.args)
    page = tracker.list_conflicts(
        services(), current_identity().user_id, resolved=show == "answered", before=before, limit=PAGE
    )
    return render_template(
        "conflicts/index.html",
        cards=cards_of(page.rows),
        next_id=page.next_id,
        show=show,
        before=before,
        chosen=bool(request.args.get("choose")),
        batch=open_batch(services(), current_identity().user_id),
    )


@blueprint.get("/<int:conflict_id>")
def conflict(conflict_id: int) -> Response:
    """One question with every way to answer it; or its card in the list; or what a search for another show found."""
    row = _get(conflict_id)
    search = search_in_both(services(), current_identity().user_id, request.args)
    values: dict[str, Any] = {"card": cards_of([row])[0], "search": search, "place": "page"}
    if request.htmx and "q" in request.args:
        return answer_part("conflicts/_found.html", values, str)
    if request.htmx and request.args.get("place") == "list":
        values["place"] = "list"
    return answer_part(
        "conflicts/_conflict.html",
        values,
        lambda part: render_template("conflicts/conflict.html", part=part, **values),
    )


@blueprint.post("/<int:conflict_id>/answer")
def answer(conflict_id: int) -> BaseResponse:
    """Answers it."""
    form = request.form
    action = form.get("action", "")
    if action not in ANSWERS:
        raise Invalid("there is no such answer", fields={"action": ", ".join(ANSWERS)})
    given = {
        "tvshow_id": asked.show_id(form, "tvshow_id"),
        "tmdb_id": asked.whole_number(form, "tmdb_id", at_least=1, at_most=asked.LARGEST_FOREIGN_ID),
        "season": asked.whole_number(form, "season"),
        "episode": asked.whole_number(form, "episode"),
    }
    _get(conflict_id)
    with refusals_told(), _known_told(conflict_id, undone=False):
        if (given["season"] is None) != (given["episode"] is None):
            raise Invalid("season and episode go together")
        result = tracker.resolve_conflict(services(), current_identity().user_id, conflict_id, action, **given)
        if action == "search_again":
            tell(conflict_words.searched(result))
    return _back(conflict_id)


@blueprint.post("/<int:conflict_id>/undo")
def undo(conflict_id: int) -> BaseResponse:
    """Takes the answer back."""
    _get(conflict_id)
    with refusals_told(), _known_told(conflict_id, undone=True):
        tell(conflict_words.undone(tracker.undo_conflict(services(), current_identity().user_id, conflict_id)))
    batch_id = asked.whole_number(request.form, "batch", at_least=1, at_most=asked.LARGEST_ID)
    if batch_id is not None:
        return redirect(url_for("answers.batch", batch_id=batch_id), 303)
    return _back(conflict_id)


@contextmanager
def _known_told(conflict_id: int, *, undone: bool) -> Iterator[None]:
    """Another tab, or a second press of the button, was first: that is no fault, and how it stands now is said."""
    try:
        yield
    except (StateConflict, psycopg.Error) as error:
        refused = from_database(error) if isinstance(error, psycopg.Error) else error
        card = cards_of([_get(conflict_id)])[0]
        known = conflict_words.known_of(card, undone=undone) if isinstance(refused, StateConflict) else None
        if known is None:
            raise
        tell(known)


def _back(conflict_id: int) -> BaseResponse:
    """To the question as it is now. htmx goes there too, and gets the part that it came from; so does the front page."""
    if request.form.get("place") == "home":
        return redirect(url_for("home.front_page", swapped=1 if request.htmx else None), 303)
    place = "list" if request.htmx and request.form.get("place") == "list" else None
    return redirect(url_for("conflicts.conflict", conflict_id=conflict_id, place=place), 303)


def _get(conflict_id: int) -> Row:
    return tracker.get_conflict(services(), current_identity().user_id, min(conflict_id, asked.LARGEST_ID))


def cards_of(rows: list[Row]) -> list[dict[str, Any]]:
    """Conflicts with what the templates say of them."""
    user_id = current_identity().user_id
    outcomes = tracker.answered_events(services(), user_id, [row["id"] for row in rows if row["resolved"]])
    ids = {row["resolved_tvshow_id"] for row in rows} | {row["tvshow_id"] for row in rows}
    ids |= {candidate["tvshow_id"] for row in rows for candidate in row["potential_matches"]}
    shows = name_shows(services(), user_id, ids - {None})
    return [_card(row, shows, outcomes.get(row["id"], [])) for row in rows]


def _card(row: Row, shows: dict[int, Row], outcomes: list[Row]) -> dict[str, Any]:
    candidates = [
        # Of one that the tracker does not have, TMDB has said it.
        {"poster_path": None} | candidate | _poster_of(shows.get(candidate["tvshow_id"]))
        for candidate in row["potential_matches"]
    ]
    card = row | {
        "potential_matches": candidates,
        "question": conflict_words.question_of(row),
        "waiting": conflict_words.waiting_of(row),
        "has_favourite": conflict_words.has_favourite(row["potential_matches"]),
        "lacking": shows.get(row["tvshow_id"]) if row["conflict_type"] == "episode_missing" else None,
        "answer": conflict_words.answer_of(row, shows.get(row["resolved_tvshow_id"]), outcomes)
        if row["resolved"]
        else "",
        "outcomes": conflict_words.outcomes_of(outcomes),
    }
    return card | {"put_forward": conflict_words.put_forward(card)}


def _poster_of(show: Row | None) -> dict[str, Any]:
    return {} if show is None else {"poster_path": show["poster_path"]}
