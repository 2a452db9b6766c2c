"""The activity: the whole log, page by page, and one event with everything that was done about it."""

from __future__ import annotations

import json

from flask import Blueprint, Response, render_template, request, url_for

from app.errors import Invalid
from app.security.access import current_identity, guard_pages
from app.services import services
from app.tracker.activity import get_activity, list_activity
from app.web.live import answer_live
from app.web.timeline import by_day
from app.web.trace import in_words
from app.web.wording import STATUSES

PAGE = 50
_LARGEST_ID = 2**63 - 1

blueprint = Blueprint("activity", __name__, url_prefix="/activity")
guard_pages(blueprint)


@blueprint.get("")
def index() -> Response:
    """The log, filtered by status; its first page keeps itself up to date."""
    status = request.args.get("status") or None
    if status is not None and status not in STATUSES:
        raise Invalid("there is no such status", fields={"status": ", ".join(STATUSES)})
    before = _before(request.args.get("before"))
    page = list_activity(services(), current_identity().user_id, status=status, before=before, limit=PAGE)
    live = {
        "days": by_day(page.rows),
        "next_id": page.next_id,
        "status": status,
        "before": before,
        "here": url_for("activity.index", status=status),
    }
    return answer_live(
        "activity/_live.html",
        live,
        lambda fragment: render_template("activity/index.html", live=fragment, **live),
    )


@blueprint.get("/<int:log_id>")
def event(log_id: int) -> str:
    """One event: what came, what was looked for and found, what was decided and why."""
    row = get_activity(services(), current_identity().user_id, min(log_id, _LARGEST_ID))
    return render_template(
        "activity/event.html",
        row=row,
        steps=in_words(row),
        payload=json.dumps(row["payload"], indent=2, ensure_ascii=False),
        trace=json.dumps(row["trace"], indent=2, ensure_ascii=False),
    )


def _before(text: str | None) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Invalid("this is no place in the log", fields={"before": "the number of an event"})
    return int(text)
