"""Several questions answered in one go: what was chosen on the list, how far it is, what came of it, and taking it back."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.jobs.answering import apply_answers
from app.security.access import current_identity, guard_pages
from app.services import services
from app.tracker import answers as tracker
from app.tracker.answers import Chosen
from app.tracker.conflicts import get_conflicts
from app.web import asked
from app.web.conflicts import cards_of
from app.web.notes import refusals_told, tell_problem
from app.web.part import answer_part

ACTIONS = ("confirm", "create_new", "search_again", "ignore", "ignore_forever")
# A few are answered before the page is there; the rest while it is looked at.
AT_ONCE_SECONDS = 1.5
MOST = 500

_PUT_FORWARD = re.compile(r"(show|tmdb)-(\d{1,19})", re.ASCII)

blueprint = Blueprint("answers", __name__, url_prefix="/conflicts/several")
guard_pages(blueprint)


@blueprint.post("")
def begin() -> BaseResponse:
    """Answers what was chosen, each question for itself."""
    action = asked.choice(request.form, "action", ACTIONS)
    chosen = [_chosen(text) for text in request.form.getlist("conflict")[:MOST]]
    ready = [one for one in chosen if one is not None]
    if not chosen:
        tell_problem("No question was chosen.")
    elif len(ready) < len(chosen):
        left = len(chosen) - len(ready)
        tell_problem(
            f"{left} {'question has' if left == 1 else 'questions have'} no likeliest show: choose one yourself."
        )
    return _begun(action, ready)


@blueprint.get("/<int:batch_id>")
def batch(batch_id: int) -> Response:
    """How far it is; while it goes on, the part that asks for itself again."""
    values = _state(min(batch_id, asked.LARGEST_ID))
    return answer_part(
        "conflicts/_several.html",
        values,
        lambda part: render_template("conflicts/several.html", part=part, **values),
    )


@blueprint.post("/<int:batch_id>/undo")
def undo(batch_id: int) -> BaseResponse:
    """Takes back all answers of it that can be taken back."""
    user_id = current_identity().user_id
    _, items = tracker.get_batch(services(), user_id, min(batch_id, asked.LARGEST_ID))
    done = [item["conflict_id"] for item in items if item["status"] == "done"]
    cards = get_conflicts(services(), user_id, done)
    # The last answer first: an earlier one may be what it was built on.
    return _begun("undo", [Chosen(card["id"]) for card in cards if card["undo_until"]])


def _begun(action: str, chosen: list[Chosen]) -> BaseResponse:
    """Notes it, works at it for a moment, and goes to its page."""
    user_id = current_identity().user_id
    batch_id = None
    if chosen:
        with refusals_told():
            batch_id = tracker.begin_answers(services(), user_id, action, chosen)
            # Where too many wait for other servers already, the job does it.
            with services().room.place() as is_free:
                if is_free:
                    apply_answers(services(), user_id, seconds=AT_ONCE_SECONDS)
    elif action == "undo":
        tell_problem("Nothing of it can be taken back any more.")
    if batch_id is None:
        under_way = tracker.open_batch(services(), user_id)
        if under_way is None:
            return redirect(url_for("conflicts.index"), 303)
        batch_id = under_way["id"]
    return redirect(url_for("answers.batch", batch_id=batch_id), 303)


def _chosen(text: str) -> Chosen | None:
    """What was chosen with a box of the list; None where `confirm` is wished and nothing was put forward."""
    conflict_id = asked.show_id({"conflict": text}, "conflict")
    if conflict_id is None:
        return None
    if request.form.get("action", ACTIONS[0]) != "confirm":
        return Chosen(conflict_id)
    forward = request.form.get(f"best-{conflict_id}", "")
    if forward == "lacking":
        return Chosen(conflict_id)
    found = _PUT_FORWARD.fullmatch(forward)
    if found is None:
        return None
    what = {"number": found[2]}
    if found[1] == "show":
        return Chosen(conflict_id, tvshow_id=asked.show_id(what, "number"))
    return Chosen(conflict_id, tmdb_id=asked.whole_number(what, "number", at_least=1, at_most=asked.LARGEST_FOREIGN_ID))


def _state(batch_id: int) -> dict[str, Any]:
    user_id = current_identity().user_id
    batch, items = tracker.get_batch(services(), user_id, batch_id)
    cards = {
        card["id"]: card for card in cards_of(get_conflicts(services(), user_id, [i["conflict_id"] for i in items]))
    }
    rows = [item | {"card": cards[item["conflict_id"]]} for item in items]
    return {
        "batch": batch,
        "rows": rows,
        "is_live": batch["finished_at"] is None,
        "undoable": sum(
            row["status"] == "done" and batch["action"] != "undo" and row["card"]["undo_until"] is not None
            for row in rows
        ),
    }
