"""What was watched, when, and where to go on: what the front page and the figures show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.db.queries import queries
from app.services import Services
from app.tracker.paging import Row


@dataclass(frozen=True)
class YearFigures:
    """A year in figures, in somebody's time zone.

    Attributes:
        figures: what the SQL function `year_figures` says of it.
        streaks: days in a row, of all years.
        first, last: the years of the first and the last viewing; None when nothing was ever watched.
        shows: what was watched in that year, to choose one.
    """

    figures: dict[str, Any]
    streaks: Row
    first: int | None
    last: int | None
    shows: list[Row]


def shows_in_progress(services: Services, user_id: int, *, today: date, limit: int) -> list[Row]:
    """Shows that were begun and have an aired episode left, with that episode, the last watched show first.

    Args:
        services: the application's parts.
        user_id: whose tracker.
        today: where the user is; what airs later is not there yet.
        limit: how many.
    """
    with services.db.connection() as connection:
        return list(queries().shows_in_progress(connection, user_id=user_id, today=today, limit=limit))


def watched_per_day(services: Services, user_id: int, *, timezone: str, since: datetime, until: datetime) -> list[Row]:
    """Episodes watched from one moment to another, a row for every day of the time zone (also when nothing was)."""
    with services.db.connection() as connection:
        return list(queries().watched_per_day(connection, user_id=user_id, timezone=timezone, since=since, until=until))


def year_figures(
    services: Services, user_id: int, *, timezone: str, year: int, today: date, tvshow_id: int | None = None
) -> YearFigures:
    """Everything about one year.

    Args:
        services: the application's parts.
        user_id: whose tracker.
        timezone: IANA name: whose days and hours.
        year: which one.
        today: up to when a streak can go on.
        tvshow_id: of one show; of all when None.
    """
    whose = {"user_id": user_id, "timezone": timezone}
    with services.db.connection() as connection:
        years = queries().watched_years(connection, **whose) or {"first": None, "last": None}
        return YearFigures(
            figures=queries().year_figures(connection, **whose, year=year, tvshow_id=tvshow_id),
            streaks=queries().watch_streaks(connection, **whose, today=today, tvshow_id=tvshow_id),
            first=years["first"],
            last=years["last"],
            shows=list(queries().shows_of_year(connection, **whose, year=year)),
        )
