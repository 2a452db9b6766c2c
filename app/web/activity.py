"""The activity: the whole log, page by page, and one event with everything that was done about it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import Blueprint, Response, redirect, render_template, url_for
from htmx_flask import request
from werkzeug.wrappers import Response as BaseResponse

from app.errors import Invalid
from app.security.access import current_identity, guard_pages
from app.services import services
from app.tracker import logs as tracker
from app.tracker.activity import activity_accounts, count_activity, get_activity, list_activity
from app.tracker.paging import Row
from app.web import asked
from app.web.activity_filters import Filters, asked_filters
from app.web.live import answer_live
from app.web.notes import refusals_told, tell, tell_problem
from app.web.part import answer_part
from app.web.payload import readable
from app.web.timeline import by_day
from app.web.trace import in_words
from app.web.wording import reason_of, status_of

PAGE = 50
# What can be decided again: one event, and all of a status.
AGAIN = frozenset({"failed", "conflict", "pending", "ignored"})
ALL_AGAIN = frozenset({"failed", "pending"})
# What a page that is left open grows to, and how far is counted what came while it was paused.
MOST_LIVE = 200
MOST_COUNTED = 100

blueprint = Blueprint("activity", __name__, url_prefix="/activity")
guard_pages(blueprint)


@blueprint.get("")
def index() -> Response:
    """The log, filtered; its first page keeps itself up to date unless it is paused. htmx gets what comes below it."""
    filters = asked_filters(services(), current_identity().user_id, request.args)
    before = asked.place_in_list(request.args)
    if before is not None:
        return _older(filters, before)
    paused = asked.whole_number(request.args, "paused", at_most=asked.LARGEST_ID)
    through = asked.whole_number(request.args, "through", at_most=asked.LARGEST_ID) if request.htmx else None
    values = _live(filters, paused, through)
    return answer_live(
        "activity/_live.html",
        values,
        lambda fragment: render_template("activity/index.html", live=fragment, **values, **_around(filters)),
        address=filters.address(paused=paused, through=values["through"]),
    )


def _live(filters: Filters, paused: int | None, through: int | None) -> dict[str, Any]:
    """The newest rows, or the newest before the pause: always down to the same one, from which the older ones go on."""
    user_id = current_identity().user_id
    page = list_activity(
        services(),
        user_id,
        filters.wanted,
        before=None if paused is None else min(paused + 1, asked.LARGEST_ID),
        through=through,
        limit=PAGE if through is None else MOST_LIVE,
    )
    return {
        "filters": filters,
        "days": by_day(page.rows),
        "paused": paused,
        "newest": page.rows[0]["id"] if page.rows else 0,
        # Where the list is short, it grows from its very beginning.
        "through": through if through is not None else page.next_id or 0,
        "next_id": page.next_id if through is None else None,
        "overflows": through is not None and page.next_id is not None,
        "last_day": by_day(page.rows)[-1].day if page.rows else None,
        "came": 0
        if paused is None
        else count_activity(services(), user_id, filters.wanted, after=paused, most=MOST_COUNTED),
        "most_counted": MOST_COUNTED,
    }


def _older(filters: Filters, before: int) -> Response:
    """What is older than a row: a page of its own, or what htmx puts below the others."""
    page = list_activity(services(), current_identity().user_id, filters.wanted, before=before, limit=PAGE)
    days = by_day(page.rows)
    values = {
        "filters": filters,
        "days": days,
        "before": before,
        "next_id": page.next_id,
        "last_day": days[-1].day if days else None,
        # Below rows of the same day its name stands already.
        "same_day": request.args.get("day") if request.htmx else None,
    }
    return answer_part(
        "activity/_older.html",
        values,
        lambda part: render_template("activity/older.html", part=part, **values, **_around(filters)),
    )


def _around(filters: Filters) -> dict[str, Any]:
    """What stands above the list."""
    user_id = current_identity().user_id
    status = filters.wanted.status
    return {
        "accounts": activity_accounts(services(), user_id),
        "all_again": status in ALL_AGAIN
        and len(filters.arguments) == 1
        and bool(list_activity(services(), user_id, filters.wanted, limit=1).rows),
        "after": asked.whole_number(request.args, "after", at_least=1, at_most=asked.LARGEST_ID),
    }


@blueprint.get("/<int:log_id>")
def event(log_id: int) -> str:
    """One event: what came, what was looked for and found, what was decided and why."""
    row = get_activity(services(), current_identity().user_id, min(log_id, asked.LARGEST_ID))
    return render_template(
        "activity/event.html",
        row=row,
        steps=in_words(row),
        can_run_again=_can_run_again(row),
        payload=readable(row["payload"]),
        trace=readable(row["trace"]),
    )


@blueprint.post("/<int:log_id>/replay")
def replay(log_id: int) -> BaseResponse:
    """Decides one event again, and tells what came of it."""
    user_id = current_identity().user_id
    row = get_activity(services(), user_id, min(log_id, asked.LARGEST_ID))
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
    after = asked.whole_number(request.form, "after", at_least=1, at_most=asked.LARGEST_ID)
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
