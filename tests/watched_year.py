"""A year of somebody's evenings, marked in the tracker: for figures and pictures."""

from __future__ import annotations

import random
from datetime import UTC, datetime, time, timedelta

from app.db.queries import queries
from app.services import Services
from tests.browser.sample import add_shows, fill

# Title to season of the shows of tests.browser.sample, in the order in which they are watched.
EVENINGS = (
    ("Bob's Burgers", 13, 22),
    ("Slow Horses", 3, 6),
    ("進撃の巨人", 1, 24),
    ("Doctor Who", 1, 40),
    ("Slow Horses", 4, 5),
    ("The Great Pottery Throw Down", 7, 9),
    ("Bob's Burgers", 1, 12),
    ("Severance", 1, 9),
    ("Bob's Burgers", 2, 8),
)


def fill_year(services: Services, user_id: int, *, events: bool = True) -> int:
    """Marks an episode or two on one evening out of three of the last year; returns how many.

    Args:
        services: the application's parts.
        user_id: whose tracker.
        events: whether a week of events comes on top; without them, the shows alone.
    """
    if events:
        fill(services, user_id, pages=False)
    else:
        add_shows(services, user_id)
    chooser = random.Random(3)
    today = datetime.now(UTC).date()
    with services.db.connection() as connection:
        shows: dict[str, int] = {}
        for row in connection.execute("select id, title from tvshows where user_id = %s order by id", (user_id,)):
            shows.setdefault(row["title"], row["id"])
        waiting = [(title, season, number) for title, season, count in EVENINGS for number in range(1, count + 1)]
        marked = 0
        for days_ago in range(364, 0, -1):
            if not waiting or chooser.random() < 0.66:
                continue
            at = datetime.combine(today - timedelta(days=days_ago), time(18, 10), UTC)
            at += timedelta(minutes=chooser.randrange(200))
            for _ in range(chooser.choice((1, 1, 1, 2, 2))):
                if not waiting:
                    break
                title, season, number = waiting.pop(0)
                queries().set_watched(
                    connection,
                    user_id=user_id,
                    tvshow_id=shows[title],
                    season=season,
                    episode=number,
                    watched=True,
                    watched_at=at,
                )
                at += timedelta(minutes=50)
                marked += 1
    return marked
