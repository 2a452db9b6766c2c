"""Several mappings confirmed, or switched on or off, at once."""

from __future__ import annotations

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from app.security.access import current_identity, guard_pages
from app.services import services
from app.tracker import mappings as tracker
from app.web import asked
from app.web.mapping_filters import asked_filters
from app.web.notes import refusals_told, tell, tell_problem

# None of these moves anything of the past, so that a page of them is done within one request.
CHANGES = {
    "confirm": ({"manually_confirmed": True}, "confirmed"),
    "on": ({"sync_enabled": True}, "switched on"),
    "off": ({"sync_enabled": False}, "switched off"),
}

blueprint = Blueprint("several_mappings", __name__, url_prefix="/mappings/several")
guard_pages(blueprint)


@blueprint.post("")
def change() -> Response:
    """Changes what was chosen, each for itself, and goes back to the list as it was narrowed."""
    user_id = current_identity().user_id
    back = asked_filters(request.form).address(before=asked.place_in_list(request.form))
    changes, word = CHANGES[asked.choice(request.form, "action", tuple(CHANGES))]
    chosen = list(dict.fromkeys(asked.several_ids(request.form, "mapping")))
    # Somebody else's is refused before anything is changed. What stands for no show has nothing to be confirmed or switched.
    rows = [tracker.get_mapping(services(), user_id, mapping_id) for mapping_id in chosen]
    tracked = [row["id"] for row in rows if row["tvshow_id"] is not None]
    done, left = 0, len(rows) - len(tracked)
    for mapping_id in tracked:
        with refusals_told():
            tracker.change_mapping(services(), user_id, mapping_id, changes)
            done += 1
    if done:
        noun = "mapping was" if done == 1 else "mappings were"
        tell(f"{done} {noun} {word}. Each can be taken back on its page.")
    if left:
        tell_problem(
            f"{left} {'stands for no show and was' if left == 1 else 'stand for no show and were'} left as before."
        )
    if not chosen:
        tell_problem("No mapping was chosen.")
    return redirect(back, 303)
