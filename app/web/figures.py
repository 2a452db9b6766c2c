"""Figures of a year: a calendar of it, hours, favourites, streaks, and when in the week, all where the user is."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from flask import Blueprint, render_template, request

from app.errors import NotFound
from app.security.access import current_identity, guard_pages
from app.services import services
from app.tracker.figures import YearFigures, year_figures
from app.tracker.search import name_shows
from app.web import asked
from app.web.amounts import counted, duration
from app.web.charts import Chart, Column, bar_chart, calendar_of, week_of
from app.web.moments import user_zone

# A calendar has them all, and PostgreSQL's timestamps too.
FIRST_YEAR, LAST_YEAR = 1900, 2999

blueprint = Blueprint("figures", __name__, url_prefix="/figures")
guard_pages(blueprint)


@blueprint.get("")
def index() -> str:
    """One year, of all shows or of one."""
    user_id, zone = current_identity().user_id, user_zone()
    today = datetime.now(UTC).astimezone(zone).date()
    year = asked.whole_number(request.args, "year", at_least=FIRST_YEAR, at_most=LAST_YEAR) or today.year
    tvshow_id = asked.show_id(request.args, "show")
    show = None
    if tvshow_id is not None:
        show = name_shows(services(), user_id, {tvshow_id}).get(tvshow_id)
        if show is None or show["deleted"]:
            raise NotFound("there is no such show in this tracker")
    found = year_figures(services(), user_id, timezone=zone.key, year=year, today=today, tvshow_id=tvshow_id)
    days = {date.fromisoformat(day["day"]): day for day in found.figures["days"]}
    episodes = {day: row["episodes"] for day, row in days.items()}
    return render_template(
        "figures/index.html",
        year=year,
        this_year=today.year,
        years=_years(found, year, today.year),
        show=show,
        shows=found.shows,
        totals=found.figures["totals"],
        favourites=found.figures["shows"],
        streaks=found.streaks,
        days=days,
        busiest=max(days.items(), key=lambda item: (item[1]["episodes"], item[0]), default=None),
        months=calendar_of(year, episodes, today),
        hours=_hours_per_month(found.figures["months"], year),
        week=week_of(found.figures["hours"]),
    )


def _years(found: YearFigures, year: int, this_year: int) -> list[int]:
    """Those that have something, this one and the one that is asked for, the latest first."""
    known = range(found.first, (found.last or found.first) + 1) if found.first is not None else ()
    return sorted({*known, year, this_year}, reverse=True)


def _hours_per_month(months: list[dict[str, Any]], year: int) -> Chart:
    columns = []
    for row in months:
        first = date(year, row["month"], 1)
        hours = row["minutes"] / 60
        columns.append(
            Column(
                label=f"{first:%b}"[:1],
                name=f"{first:%B}",
                value=hours,
                said=f"{duration(row['minutes'])}, {counted(row['episodes'], 'episode')}",
                short=f"{hours:.0f}" if hours >= 10 else f"{hours:.1f}",
            )
        )
    return bar_chart(columns)
