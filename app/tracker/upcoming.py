"""What airs next, and what aired lately and was not watched."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from app.db.queries import queries
from app.services import Services

DAYS_BACK = 14
DAYS_AHEAD = 365


@dataclass
class Airing:
    """Episodes of one show that air on one day: mostly one, sometimes a whole season.

    Attributes:
        show: `id`, `title` and `poster_path`.
        day: on which they air.
        changed_at: when the show was last changed.
        episodes: rows with `season`, `episode`, `episode_title` and `runtime`.
    """

    show: dict[str, Any]
    day: date
    changed_at: datetime
    episodes: list[dict[str, Any]] = field(default_factory=list)


def list_airings(services: Services, user_id: int, today: date, *, back: int, watched_too: bool) -> list[Airing]:
    """What airs from so many days ago on for a year, in the order of days, then of titles.

    Args:
        services: the application's parts.
        user_id: whose tracker.
        today: where the user is.
        back: days before today.
        watched_too: what was watched already as well.
    """
    with services.db.connection() as connection:
        rows = queries().upcoming_episodes(
            connection,
            user_id=user_id,
            first=today - timedelta(days=back),
            last=today + timedelta(days=DAYS_AHEAD),
            watched_too=watched_too,
        )
        airings: list[Airing] = []
        for row in rows:
            try:
                day = date.fromisoformat(row["air_date"])
            except ValueError:
                # The 31st of a month that has none: somebody imported it like that.
                continue
            last = airings[-1] if airings else None
            if last is None or (last.show["id"], last.day) != (row["tvshow_id"], day):
                show = {"id": row["tvshow_id"], "title": row["title"], "poster_path": row["poster_path"]}
                last = Airing(show, day, row["updated_at"])
                airings.append(last)
            last.episodes.append(row)
    return airings
