"""Several mappings confirmed, or switched on or off, at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import psycopg
from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from app.errors import NotFound, StateConflict, from_database
from app.security.access import current_identity, guard_pages
from app.services import services
from app.tracker import mappings as tracker
from app.web import asked
from app.web.mapping_filters import asked_filters
from app.web.notes import refusals_told, tell, tell_problem, tell_with_undo

# None of these moves anything of the past, so that a page of them is done within one request.
CHANGES = {
    "confirm": ({"manually_confirmed": True}, "confirmed"),
    "on": ({"sync_enabled": True}, "switched on"),
    "off": ({"sync_enabled": False}, "switched off"),
}

_CHANGE = re.compile(r"\b(\d{1,18})-(\d{1,18})\b", re.ASCII)
# A page of them.
_MOST = 50

blueprint = Blueprint("several_mappings", __name__, url_prefix="/mappings/several")
guard_pages(blueprint)


@blueprint.post("")
def change() -> Response:
    """Changes what was chosen, each for itself, and goes back to the list as it was narrowed."""
    user_id = current_identity().user_id
    back, arguments = _list_of(request.form)
    changes, word = CHANGES[asked.choice(request.form, "action", tuple(CHANGES))]
    chosen = list(dict.fromkeys(asked.several_ids(request.form, "mapping")))
    # Somebody else's is refused before anything is changed. What stands for no show has nothing to be confirmed or switched.
    rows = [tracker.get_mapping(services(), user_id, mapping_id) for mapping_id in chosen]
    tracked = [row["id"] for row in rows if row["tvshow_id"] is not None]
    done, left, made = 0, len(rows) - len(tracked), list[str]()
    for mapping_id in tracked:
        with refusals_told():
            changed = tracker.change_mapping(services(), user_id, mapping_id, changes)
            done += 1
            if changed["change_id"] is not None:
                made.append(f"{mapping_id}-{changed['change_id']}")
    if made:
        tell_with_undo(_counted(done, word), url_for("several_mappings.undo", **arguments), {"changes": " ".join(made)})
    elif done:
        tell(_counted(done, word))
    if left:
        tell_problem(
            f"{left} {'stands for no show and was' if left == 1 else 'stand for no show and were'} left as before."
        )
    if not chosen:
        tell_problem("No mapping was chosen.")
    return redirect(back, 303)


@blueprint.post("/undo")
def undo() -> Response:
    """Takes back what one press has changed, as far as nothing came after it."""
    user_id = current_identity().user_id
    back, _ = _list_of(request.args)
    # Fewer digits than a bigint has, so that none is too large.
    made = [(int(one), int(other)) for one, other in _CHANGE.findall(request.form.get("changes", ""))]
    done = left = 0
    for mapping_id, change_id in made[:_MOST]:
        try:
            tracker.undo_mapping(services(), user_id, mapping_id, change_id)
            done += 1
        except (StateConflict, NotFound, psycopg.Error) as error:
            refused = from_database(error) if isinstance(error, psycopg.Error) else error
            if not isinstance(refused, StateConflict | NotFound):
                raise
            left += 1
    if done:
        tell(f"Taken back: {done} {'mapping is as it was' if done == 1 else 'mappings are as they were'} before.")
    if left or not made:
        tell_problem(
            f"{left} {'was' if left == 1 else 'were'} changed again or forgotten since, and left as before."
            if left
            else "There is nothing to be taken back."
        )
    return redirect(back, 303)


def _list_of(values: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """The list as it was narrowed: its address, and what an address of ours carries of it."""
    filters, before = asked_filters(values), asked.place_in_list(values)
    return filters.address(before=before), {**filters.arguments, **({"before": before} if before else {})}


def _counted(number: int, word: str) -> str:
    return f"{number} {'mapping was' if number == 1 else 'mappings were'} {word}."
