"""What airs next: the page, and the calendar that other programs read under an address of its own."""

from __future__ import annotations

import hashlib
from datetime import date, datetime

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.security.access import current_identity, guard_forms, guard_pages
from app.security.limits import limiter
from app.services import services
from app.tracker.calendar_address import calendar_owner, calendar_token, make_calendar_token, remove_calendar_token
from app.tracker.upcoming import DAYS_BACK, Airing, list_airings
from app.web import notes
from app.web.calendar_feed import airing_code, calendar_feed
from app.web.moments import user_zone, zone

_FEED_DAYS_BACK = 30
_MOST_SHOWN = 300

blueprint = Blueprint("upcoming", __name__)
guard_pages(blueprint)
# Without a session: the token in the address says whose it is.
feed_blueprint = Blueprint("calendar", __name__)
guard_forms(feed_blueprint)


@blueprint.get("/upcoming")
def index() -> str:
    """The episodes to come by day, and those that aired lately and were not watched."""
    return _page()


@blueprint.post("/upcoming/calendar")
def make_address() -> tuple[str, int]:
    """A new address for the calendar. It is on the answer to this very request and nowhere else."""
    token = make_calendar_token(services(), current_identity().user_id)
    base = services().settings.public_url or request.host_url.rstrip("/")
    return _page(address=base + url_for("calendar.feed", token=token)), 201


@blueprint.post("/upcoming/calendar/remove")
def remove_address() -> BaseResponse:
    """Ends the address."""
    remove_calendar_token(services(), current_identity().user_id)
    notes.tell("The calendar's address is no longer answered.")
    return redirect(url_for("upcoming.index"), 303)


@feed_blueprint.get("/calendar/<token>.ics")
@limiter.limit("120 per hour")
def feed(token: str) -> Response:
    """What airs and aired, watched or not, as iCalendar."""
    owner = calendar_owner(services(), token)
    today = datetime.now(zone(owner.timezone)).date()
    airings = list_airings(services(), owner.user_id, today, back=_FEED_DAYS_BACK, watched_too=True)
    content = calendar_feed(airings, services().cipher.derive("calendar").hex()[:12])
    response = Response(content, content_type="text/calendar; charset=utf-8")
    response.headers["Cache-Control"] = "private, max-age=3600"
    response.headers["Content-Disposition"] = 'inline; filename="tellykeep.ics"'
    response.set_etag(hashlib.sha256(content).hexdigest()[:24])
    response.make_conditional(request)
    return response


def _page(*, address: str | None = None) -> str:
    user_id = current_identity().user_id
    today = datetime.now(user_zone()).date()
    airings = list_airings(services(), user_id, today, back=DAYS_BACK, watched_too=False)
    coming = [airing for airing in airings if airing.day >= today]
    return render_template(
        "upcoming/index.html",
        groups=by_nearness(coming[:_MOST_SHOWN], today),
        lately=[airing for airing in airings if airing.day < today][::-1][:_MOST_SHOWN],
        not_shown=max(0, len(coming) - _MOST_SHOWN),
        day_of=lambda day: _day_in_words(day, today),
        airing_code=airing_code,
        calendar=calendar_token(services(), user_id),
        address=address,
    )


def by_nearness(airings: list[Airing], today: date) -> list[tuple[str, list[Airing]]]:
    """Headings with what belongs under them: today, tomorrow, the six days from today, and what is later."""
    groups: dict[str, list[Airing]] = {"Today": [], "Tomorrow": [], "This week": [], "Later": []}
    for airing in airings:
        days = (airing.day - today).days
        groups["Today" if days == 0 else "Tomorrow" if days == 1 else "This week" if days < 7 else "Later"].append(
            airing
        )
    return [(heading, rows) for heading, rows in groups.items() if rows]


def _day_in_words(day: date, today: date) -> str:
    """A day beside an episode: "yesterday", "Friday" within a week, else "Fri 4 Dec", with the year if it is another."""
    days = (day - today).days
    if -7 < days < 7:
        return {0: "today", 1: "tomorrow", -1: "yesterday"}.get(days) or f"{day:%A}"
    return f"{day:%a} {day.day} {day:%b}" + ("" if day.year == today.year else f" {day.year}")
