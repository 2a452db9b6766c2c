"""A year of evenings that came before the demo: what the figures, the shows and the coming episodes are drawn from."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from app.demo.library import SampleShow
from app.demo.messages import episode
from app.demo.plex import Owner, PlexServer

DAYS = 364
# Of a week that begins on Monday: how likely an evening is spent before the television.
_EVENINGS = (0.45, 0.4, 0.5, 0.45, 0.75, 0.8, 0.7)


@dataclass(frozen=True, eq=False)
class AiringShow(SampleShow):
    """A show whose last season began some weeks before the demo, and goes on after it.

    Attributes:
        weeks_ago: when the last season began.
        weekday: on which it airs; Monday is 0.
    """

    weeks_ago: int = 4
    weekday: int = field(default=3)

    def air_date(self, season: int, episode: int) -> date:
        """Weekly; each season a year before the next."""
        today = datetime.now(UTC).date()
        monday = today - timedelta(days=today.weekday(), weeks=self.weeks_ago)
        years = max(self.seasons) - max(season, 1)
        return monday + timedelta(days=self.weekday, weeks=episode - 1 - 52 * years)


# Watched one after the other, as a household does; the numbers say how much of each.
WATCHED: tuple[tuple[SampleShow, int], ...] = (
    (SampleShow("The Salt Road", 2016, {1: 10, 2: 10, 3: 10}, 54, {"tmdb_id": 910021}), 30),
    (SampleShow("Kitchen Table Wars", 2020, {1: 12, 2: 12}, 28, {"tmdb_id": 910022}), 24),
    (AiringShow("Meridian", 2022, {1: 8, 2: 8, 3: 10}, 49, {"tmdb_id": 910023}, weeks_ago=5, weekday=4), 20),
    (SampleShow("Fremde Wälder", 2018, {1: 8, 2: 8}, 45, {"tmdb_id": 910024}), 16),
    (SampleShow("The Understudies", 2012, {1: 22, 2: 22, 3: 22}, 22, {"tmdb_id": 910025}), 58),
    (AiringShow("Glasshouse", 2024, {1: 10, 2: 10}, 41, {"tmdb_id": 910026}, weeks_ago=2, weekday=1), 12),
    (SampleShow("Nine Lives of Ida Holm", 2021, {1: 9}, 58, {"tmdb_id": 910027}), 9),
    (AiringShow("Sunday Bake", 2017, {7: 10, 8: 10}, 59, {"tmdb_id": 910028}, weeks_ago=6, weekday=6), 15),
    (SampleShow("Copper & Ash", 2014, {1: 13, 2: 13, 3: 13, 4: 13}, 44, {"tmdb_id": 910029}), 31),
)
WAITING: tuple[SampleShow, ...] = (
    SampleShow("A Short History of Rain", 2023, {1: 6}, 52, {"tmdb_id": 910030}),
    AiringShow("Parallel", 2025, {1: 8}, 47, {"tmdb_id": 910031}, weeks_ago=-1, weekday=2),
)


SHOWS = (*(show for show, _ in WATCHED), *WAITING)


def fill(owner: Owner) -> int:
    """Adds the shows and marks what was watched; returns how many episodes that were."""
    pending = []
    for show, count in WATCHED:
        show_id = int(owner.call("POST", "/api/shows", show.document())["id"])
        pending.append((show_id, show, _first(show, count)))
    for show in WAITING:
        owner.call("POST", "/api/shows", show.document())
    marked = 0
    for at, (show_id, show, episodes) in _viewings(pending):
        season, episode = episodes.pop(0)
        if at.date() <= show.air_date(season, episode):
            episodes.insert(0, (season, episode))
            continue
        owner.call(
            "PUT",
            f"/api/shows/{show_id}/episodes/{season}/{episode}",
            {"watched": True, "watched_at": at.isoformat()},
        )
        marked += 1
    return marked


def ask(plex: PlexServer) -> None:
    """What the demo leaves to its visitor: home videos by Plex's reckoning, with names that are almost those of shows."""
    for title, numbers in (("Understudies UK", (3, 4)), ("Copper and Ashes", (1, 2, 3))):
        show = SampleShow(title, 2012, {1: 22}, 22)
        for number in numbers:
            message = episode(show, 1, number)
            key = message["Metadata"]["grandparentRatingKey"]
            message["Metadata"] |= {
                "Guid": [],
                "guid": f"local://{message['Metadata']['ratingKey']}",
                "parentGuid": f"local://{message['Metadata']['parentRatingKey']}",
                "grandparentGuid": f"local://{key}",
            }
            plex.send(message)


_Pending = tuple[int, SampleShow, list[tuple[int, int]]]


def _first(show: SampleShow, count: int) -> list[tuple[int, int]]:
    episodes = [(season, number) for season in sorted(show.seasons) for number in range(1, show.seasons[season] + 1)]
    return episodes[:count]


def _viewings(pending: list[_Pending]) -> Iterator[tuple[datetime, _Pending]]:
    """When somebody sits down, and for what: two or three shows at a time, one to three episodes an evening."""
    chooser = random.Random(11)  # noqa: S311 - a demo, not a secret
    today = datetime.now(UTC).date()
    for days_ago in range(DAYS, 0, -1):
        day = today - timedelta(days=days_ago)
        if chooser.random() > _EVENINGS[day.weekday()]:
            continue
        open_shows = [entry for entry in pending if entry[2]]
        if not open_shows:
            return
        entry = open_shows[min(int(chooser.expovariate(0.7)), len(open_shows) - 1)]
        at = datetime.combine(day, time(18, 30), UTC) + timedelta(minutes=chooser.randrange(120))
        for _ in range(chooser.choice((1, 1, 2, 2, 3))):
            if entry[2]:
                yield at, entry
            at += timedelta(minutes=entry[1].runtime + 3)
