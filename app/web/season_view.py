"""A show's seasons as its page shows them: how far each is, what comes next, and the episodes of the one that is open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from app.tracker.paging import Row
from app.web.moments import user_zone

# Of one season at a time; a soap has thousands.
EPISODES = 100


@dataclass(frozen=True)
class Episode:
    """One episode.

    Attributes:
        season, number: its place.
        title: empty where none is known.
        air_date: the day; None where it is not known.
        runtime: minutes; 0 where they are not known.
        watched: whether a viewing of it counts.
        watched_at: the first one.
        is_coming: it has not aired where the user is.
    """

    season: int
    number: int
    title: str
    air_date: date | None
    runtime: int
    watched: bool
    watched_at: datetime | None
    is_coming: bool


@dataclass(frozen=True)
class Season:
    """One season.

    Attributes:
        number: 0 holds the specials.
        name: "Season 2", "Specials".
        total, watched, aired: how many episodes there are, were watched, and have aired.
        episodes: those of the part that is shown; none while the season is closed.
        is_open: whether its episodes are shown.
        first: place of the first shown episode among all, from 1.
        earlier, later: where the parts before and after this one begin; None where there is none.
    """

    number: int
    name: str
    total: int
    watched: int
    aired: int
    episodes: list[Episode] = field(default_factory=list)
    is_open: bool = False
    first: int = 1
    earlier: int | None = None
    later: int | None = None

    @property
    def is_done(self) -> bool:
        """Nothing of it is left to watch."""
        return self.total > 0 and self.watched >= self.total


@dataclass(frozen=True)
class ShowView:
    """The seasons of one show.

    Attributes:
        seasons: in order, the specials last.
        total, watched, aired: as of a season, over all that are no specials.
        specials, specials_watched: the specials by themselves.
        next: the first episode that has aired and was not watched, after the last watched one; None when there is none.
        coming: the first that has not aired and has a day.
    """

    seasons: list[Season]
    total: int
    watched: int
    aired: int
    specials: int
    specials_watched: int
    next: Episode | None
    coming: Episode | None

    @property
    def left(self) -> int:
        """How many aired episodes were not watched; specials do not count."""
        return max(self.aired - self.watched, 0)


def view_of(show: Row, *, open_season: int | None = None, first: int = 1) -> ShowView:
    """What the page of a show says of its seasons.

    Args:
        show: with its `seasons` document.
        open_season: which is open; the one with the next episode where None.
        first: place of the first episode that is wanted of it.
    """
    read = _read(show)
    regular = [episode for number, episodes in read if number for episode in episodes]
    specials = [episode for number, episodes in read if not number for episode in episodes]
    following = _next(regular)
    if open_season is None:
        open_season = following.season if following else next((n for n, _ in read if n), 0)
    return ShowView(
        seasons=[_season(number, episodes, number == open_season, first) for number, episodes in read],
        total=len(regular),
        watched=_count(regular),
        aired=sum(not episode.is_coming or episode.watched for episode in regular),
        specials=len(specials),
        specials_watched=_count(specials),
        next=following,
        coming=min(
            (e for e in regular if e.is_coming and not e.watched and e.air_date),
            key=lambda e: (e.air_date, e.season, e.number),
            default=None,
        ),
    )


def first_shown(first: int | None) -> int | None:
    """Where a part of a season begins, as an address says it: nothing for the first part."""
    return first if first is not None and first > EPISODES else None


def episode_of(show: Row, season: int, number: int) -> tuple[Episode | None, Episode | None, Episode | None]:
    """The episode before, the episode itself and the one after it, in the order of the seasons; None for what is not there."""
    episodes = [episode for _, its in _read(show) for episode in its]
    for place, episode in enumerate(episodes):
        if (episode.season, episode.number) == (season, number):
            following = episodes[place + 1] if place + 1 < len(episodes) else None
            return episodes[place - 1] if place else None, episode, following
    return None, None, None


def season_name(number: int) -> str:
    """What a season is called."""
    return f"Season {number}" if number else "Specials"


def _read(show: Row) -> list[tuple[int, list[Episode]]]:
    """Number and episodes of each season; the specials last."""
    today = datetime.now(UTC).astimezone(user_zone()).date()
    documents = sorted(show["seasons"], key=lambda d: (not d["seasonNumber"], d["seasonNumber"]))
    return [
        (d["seasonNumber"], [_episode(d["seasonNumber"], entry, today) for entry in d["episodes"]]) for d in documents
    ]


def _episode(season: int, entry: dict[str, Any], today: date) -> Episode:
    aired, watched_at = entry.get("airDate"), entry.get("dateWatched")
    air_date = _day(aired)
    return Episode(
        season=season,
        number=entry["episodeNumber"],
        title=entry.get("title") or "",
        air_date=air_date,
        runtime=entry.get("runtime") or 0,
        watched=bool(entry.get("watched")),
        watched_at=datetime.fromisoformat(watched_at.replace("Z", "+00:00")) if watched_at else None,
        is_coming=air_date is not None and air_date > today,
    )


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _season(number: int, episodes: list[Episode], is_open: bool, first: int) -> Season:
    # The part that is asked for begins where parts begin, whatever the address says.
    start = (min(max(first, 1), max(len(episodes), 1)) - 1) // EPISODES * EPISODES
    end = start + EPISODES
    return Season(
        number=number,
        name=season_name(number),
        total=len(episodes),
        watched=_count(episodes),
        aired=sum(not episode.is_coming or episode.watched for episode in episodes),
        episodes=episodes[start:end] if is_open else [],
        is_open=is_open,
        first=start + 1,
        earlier=start - EPISODES + 1 if is_open and start else None,
        later=end + 1 if is_open and end < len(episodes) else None,
    )


def _next(regular: list[Episode]) -> Episode | None:
    """Whoever has watched into a show goes on after the last watched episode; what was left out before it comes after all."""
    last = max((place for place, episode in enumerate(regular) if episode.watched), default=-1)
    for episode in [*regular[last + 1 :], *regular[: last + 1]]:
        if not episode.watched and not episode.is_coming:
            return episode
    return None


def _count(episodes: Iterable[Episode]) -> int:
    return sum(episode.watched for episode in episodes)
