"""Mappings: which Plex show stands for which show of the tracker, and putting that right."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, render_template, url_for
from htmx_flask import request
from werkzeug.wrappers import Response as BaseResponse

from app.errors import Invalid
from app.security.access import current_identity, guard_pages
from app.services import services
from app.tracker import mappings as tracker
from app.tracker.numbering import list_rules
from app.tracker.paging import Row
from app.tracker.search import name_shows
from app.web import asked, mapping_history, mapping_words
from app.web.mapping_filters import CONFIDENCES, STATES, asked_filters
from app.web.notes import refusals_told, tell, tell_with_undo
from app.web.part import answer_part
from app.web.rule_forms import KINDS, chosen_kind, is_filled_in
from app.web.rule_preview import asked_orders, asked_preview
from app.web.show_search import search_in_both

PAGE = 50
# The answers of the small forms: what they change, and what is told then.
CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "confirm": ({"manually_confirmed": True}, "Confirmed."),
    "on": ({"sync_enabled": True}, "Switched on: what comes counts again."),
    "off": ({"sync_enabled": False}, "Switched off: what comes is left out. What was marked stays."),
    "untrack": ({"tvshow_id": None}, "It is not tracked any more, and its marks were taken away."),
}

blueprint = Blueprint("mappings", __name__, url_prefix="/mappings")
guard_pages(blueprint)


@blueprint.get("")
def index() -> Response:
    """The list, filtered and searched; htmx gets the list alone."""
    user_id = current_identity().user_id
    filters = asked_filters(request.args)
    before = asked.place_in_list(request.args)
    page = tracker.list_mappings(services(), user_id, before=before, limit=PAGE, **filters.wanted())
    ids = {row["tvshow_id"] for row in page.rows} - {None}
    values = {
        "rows": page.rows,
        "shows": name_shows(services(), user_id, ids),
        "next_id": page.next_id,
        "filters": filters,
        "states": STATES,
        "before": before,
        "chosen": bool(request.args.get("choose")),
    }
    return answer_part(
        "mappings/_list.html",
        values,
        lambda part: render_template(
            "mappings/index.html",
            part=part,
            confidences=CONFIDENCES,
            methods=tracker.list_methods(services(), user_id),
            **values,
        ),
    )


@blueprint.get("/<int:mapping_id>")
def mapping(mapping_id: int) -> Response:
    """One mapping with its rules; or what a search for another show found; or what a rule would do."""
    user_id = current_identity().user_id
    row = get(mapping_id)
    kind = chosen_kind(request.args)
    values: dict[str, Any] = {
        "mapping": row,
        "show": name_shows(services(), user_id, {row["tvshow_id"]} - {None}).get(row["tvshow_id"]),
        "rules": list_rules(services(), user_id, row["id"]),
        "search": search_in_both(services(), user_id, request.args),
        "kind": kind,
        "kinds": KINDS,
        "is_adding": "kind" in request.args,
        "preview": asked_preview(services(), user_id, row["id"], request.args),
        "changes": _history(row["id"]),
    }
    if request.htmx and "q" in request.args:
        return answer_part("mappings/_found.html", values, str)
    if request.htmx and is_filled_in(request.args):
        return answer_part("mappings/_preview.html", values, str)
    if kind == "order":
        values["orders"] = asked_orders(services(), user_id, row["id"])
    return answer_part(
        "mappings/_mapping.html",
        values,
        lambda part: render_template("mappings/mapping.html", part=part, mapping=row),
    )


@blueprint.post("/<int:mapping_id>/change")
def change(mapping_id: int) -> BaseResponse:
    """Confirms it, switches it on or off, gives it another show or none."""
    action = request.form.get("action", "")
    if action == "select":
        changes, said = _named_show(), "It stands for another show now."
    elif action in CHANGES:
        changes, said = CHANGES[action]
    else:
        raise Invalid("there is no such change", fields={"action": "select, " + ", ".join(CHANGES)})
    get(mapping_id)
    with refusals_told():
        changed = tracker.change_mapping(services(), current_identity().user_id, mapping_id, changes)
        tell_moved(
            said if changed["correction"] or action != "select" else "It stands for this show.",
            changed["correction"],
            undo=mapping_id,
        )
    return redirect(url_for("mappings.mapping", mapping_id=mapping_id), 303)


@blueprint.post("/<int:mapping_id>/undo")
def undo(mapping_id: int) -> BaseResponse:
    """Takes the last change back."""
    get(mapping_id)
    with refusals_told():
        undone = tracker.undo_mapping(services(), current_identity().user_id, mapping_id)
        tell_moved("Taken back: it is as it was before.", undone["correction"])
    return redirect(url_for("mappings.mapping", mapping_id=mapping_id), 303)


@blueprint.post("/<int:mapping_id>/forget")
def forget(mapping_id: int) -> BaseResponse:
    """Forgets it."""
    get(mapping_id)
    with refusals_told():
        tracker.delete_mapping(services(), current_identity().user_id, mapping_id)
        tell("Forgotten. The next episode of that Plex show is decided anew; what was marked stays.")
    return redirect(url_for("mappings.index"), 303)


def _named_show() -> dict[str, Any]:
    """The show that a form names: one of the tracker, or one of TMDB's.

    Raises:
        Invalid: none.
    """
    tvshow_id = asked.show_id(request.form, "tvshow_id")
    tmdb_id = asked.whole_number(request.form, "tmdb_id", at_least=1, at_most=asked.LARGEST_FOREIGN_ID)
    if tvshow_id is not None:
        return {"tvshow_id": tvshow_id}
    if tmdb_id is not None:
        return {"tmdb_id": tmdb_id}
    raise Invalid("which show?", fields={"tvshow_id": "the number of a show"})


def get(mapping_id: int) -> Row:
    """The mapping with what the templates say of it.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    return tracker.get_mapping(services(), current_identity().user_id, min(mapping_id, asked.LARGEST_ID))


def _history(mapping_id: int) -> list[mapping_history.Change]:
    user_id = current_identity().user_id
    rows = tracker.list_changes(services(), user_id, mapping_id)
    shows = name_shows(services(), user_id, mapping_history.shows_in(rows))
    return [mapping_history.told(row, shows) for row in rows]


def tell_moved(said: str, correction: Row | None, *, undo: int | None = None) -> None:
    """Tells what a change moved of the past, where waits what found no place, and how to undo it (`undo`: of which mapping)."""
    conflict_id = correction["conflict_id"] if correction else None
    text = f"{said} {mapping_words.moved_of(correction)}".strip()
    on = {}
    if conflict_id is not None:
        on = {"href": url_for("conflicts.conflict", conflict_id=conflict_id), "link": "Answer the question"}
    if undo is None:
        tell(text, **on)
    else:
        tell_with_undo(text, url_for("mappings.undo", mapping_id=undo), {}, **on)
