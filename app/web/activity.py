"""The activity: the whole log, page by page, and one event with everything that was done about it."""

from __future__ import annotations

import json
from collections import Counter

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.errors import Invalid
from app.security.access import current_identity, guard_pages
from app.services import services
from app.tracker import logs as tracker
from app.tracker.activity import get_activity, list_activity
from app.tracker.paging import Row
from app.web import asked
from app.web.live import answer_live
from app.web.notes import refusals_told, tell, tell_problem
from app.web.timeline import by_day
from app.web.trace import in_words
from app.web.wording import STATUSES, reason_of, status_of

PAGE = 50
# What can be decided again: one event, and all of a status.
AGAIN = frozenset({"failed", "conflict", "pending", "ignored"})
ALL_AGAIN = frozenset({"failed", "pending"})
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
        lambda fragment: render_template(
            "activity/index.html",
            live=fragment,
            all_again=status in ALL_AGAIN and bool(page.rows),
            after=asked.whole_number(request.args, "after", at_least=1, at_most=_LARGEST_ID),
            **live,
        ),
    )


@blueprint.get("/<int:log_id>")
def event(log_id: int) -> str:
    """One event: what came, what was looked for and found, what was decided and why."""
    row = get_activity(services(), current_identity().user_id, min(log_id, _LARGEST_ID))
    return render_template(
        "activity/event.html",
        row=row,
        steps=in_words(row),
        can_run_again=_can_run_again(row),
        payload=json.dumps(row["payload"], indent=2, ensure_ascii=False),
        trace=json.dumps(row["trace"], indent=2, ensure_ascii=False),
    )


@blueprint.post("/<int:log_id>/replay")
def replay(log_id: int) -> BaseResponse:
    """Decides one event again, and tells what came of it."""
    user_id = current_identity().user_id
    row = get_activity(services(), user_id, min(log_id, _LARGEST_ID))
    with refusals_told():
        if not _can_run_again(row):
            raise Invalid("what was applied stays as it is")
        for came in tracker.replay_each(services(), [(row["id"], user_id)]):
            if came.status is None:
                tell_problem(f"It could not be run again: {came.problem}.")
            else:
                now = get_activity(services(), user_id, row["id"])
                tell(f"It was run again. {status_of(now['status']).word}: {reason_of(now)}")
    return redirect(url_for("activity.event", log_id=row["id"]), 303)


@blueprint.post("/replay")
def replay_all() -> BaseResponse:
    """Decides the events of a status again; many of them in several goes."""
    status = asked.choice(request.form, "status", tuple(sorted(ALL_AGAIN)))
    after = asked.whole_number(request.form, "after", at_least=1, at_most=_LARGEST_ID)
    batch = tracker.replay_batch(services(), current_identity().user_id, status, after=after)
    refused = sum(came.status is None for came in batch.done)
    if batch.done:
        tell(_replayed(batch.done) + (" There are more: go on with the rest." if batch.next_after else ""))
    else:
        tell("There was nothing to run again.")
    if refused:
        tell_problem(f"{refused} of them could not be run again; each says why on its page.")
    return redirect(url_for("activity.index", status=status, after=batch.next_after), 303)


def _can_run_again(row: Row) -> bool:
    return row["status"] in AGAIN


def _replayed(done: list[tracker.Replayed]) -> str:
    """Such as "3 events were run again: 2 Watched, 1 Conflict."."""
    counts = Counter(came.status for came in done if came.status is not None)
    words = ", ".join(f"{count} {status_of(status).word}" for status, count in counts.most_common())
    events = f"{len(done)} {'event was' if len(done) == 1 else 'events were'} run again"
    return f"{events}: {words}." if words else f"{events}."


def _before(text: str | None) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Invalid("this is no place in the log", fields={"before": "the number of an event"})
    return int(text)
