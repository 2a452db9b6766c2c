"""The front page: does anything need me, where do I go on, is it connected, how much was it, what happened last."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, redirect, render_template, url_for
from htmx_flask import request
from werkzeug.wrappers import Response as BaseResponse

from app.security.access import current_identity, guard_pages
from app.services import services
from app.tracker.activity import connection_state, list_activity
from app.tracker.episodes import set_watched
from app.tracker.figures import shows_in_progress, watched_per_day
from app.tracker.paging import Row
from app.tracker.plex_config import webhook_url
from app.tracker.stats import plex_stats
from app.web import asked
from app.web.amounts import counted
from app.web.charts import Chart, Column, bar_chart
from app.web.kept_figures import kept_figures
from app.web.live import answer_live
from app.web.moments import user_zone
from app.web.notes import refusals_told, tell, tell_with_undo
from app.web.questions import just_answered, likely_questions
from app.web.timeline import by_day
from app.web.wording import episode_code, foreign

LATEST = 20
IN_PROGRESS = 6
DAYS = ("30", "7", "90")

blueprint = Blueprint("home", __name__)
guard_pages(blueprint)


@blueprint.get("/")
def front_page() -> Response:
    """The page, or, for its own polling, the part of it that changes."""
    user_id = current_identity().user_id
    days = int(asked.choice(request.args, "days", DAYS))
    connection = connection_state(services(), user_id)
    latest = list_activity(services(), user_id, limit=LATEST)
    live = {
        "connection": connection,
        "questions": likely_questions(services(), user_id) if connection["open_conflicts"] else [],
        "answered": just_answered(services(), user_id),
        "in_progress": shows_in_progress(services(), user_id, today=_today(), limit=IN_PROGRESS),
        "figures": _figures(user_id, days, connection),
        "days": by_day(latest.rows),
        "next_id": latest.next_id,
        "webhook": webhook_url(services(), user_id, request.host_url, connection["webhook_secret"]),
    }
    response = answer_live("home/_live.html", live, lambda part: render_template("home/index.html", live=part))
    if request.htmx and request.args.get("swapped"):
        # What was done is told outside of the part that the next poll renews.
        response.set_data(response.get_data(as_text=True) + render_template("home/_swapped.html", swapped=True))
    return response


@blueprint.post("/watched")
def watched() -> BaseResponse:
    """Marks the episode that a show goes on with, or takes that back."""
    form = request.form
    tvshow_id = asked.show_id(form, "tvshow_id") or 0
    season, episode = asked.whole_number(form, "season") or 0, asked.whole_number(form, "episode") or 0
    is_watched = asked.choice(form, "watched", ("yes", "no")) == "yes"
    with refusals_told():
        show = set_watched(services(), current_identity().user_id, tvshow_id, season, episode, watched=is_watched)
        code = episode_code(show["season"], show["episode"])
        name = f" {foreign(show['title'])}" if show["title"] else ""
        if is_watched:
            tell_with_undo(
                f"{code}{name} is marked watched.",
                url_for("home.watched"),
                {"tvshow_id": tvshow_id, "season": season, "episode": episode, "watched": "no"},
            )
        else:
            tell(f"{code}{name} is not marked any more.")
    days = asked.choice(form, "days", DAYS)
    return redirect(
        url_for("home.front_page", days=days if days != DAYS[0] else None, swapped=1 if request.htmx else None), 303
    )


def _today() -> date:
    return datetime.now(UTC).astimezone(user_zone()).date()


def _figures(user_id: int, days: int, connection: Row) -> dict[str, Any]:
    """The figures of the last days: those of the API, and a chart. A page that is opened counts anew, its polls seldom."""
    key, state = (user_id, days), (connection["last_id"], connection["open_conflicts"], connection["waiting"])

    def count() -> dict[str, Any]:
        return plex_stats(services(), user_id, days=days) | {"chart": _chart(user_id, days)}

    if request.htmx and request.args.get("seen"):
        return kept_figures().get(key, state, count)
    return kept_figures().renew(key, state, count())


def _chart(user_id: int, days: int) -> Chart:
    """Watched episodes by day; the first day is the part of it that lies within the figures' time."""
    now = datetime.now(UTC)
    rows = watched_per_day(services(), user_id, timezone=user_zone().key, since=now - timedelta(days=days), until=now)
    step = {7: 1, 30: 7, 90: 21}[days]
    return bar_chart(
        [
            Column(
                label=_label(row["day"], days) if (len(rows) - 1 - place) % step == 0 else "",
                name=f"{row['day']:%a} {row['day'].day} {row['day']:%b}",
                value=row["episodes"],
                said=counted(row["episodes"], "episode"),
                short=str(row["episodes"]),
            )
            for place, row in enumerate(rows)
        ]
    )


def _label(day: date, days: int) -> str:
    """Below a bar: of a week the weekday, which has room on a phone; else the day."""
    return f"{day:%a}" if days == 7 else f"{day.day} {day:%b}"
