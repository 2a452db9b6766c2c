"""A library of shows that are invented, but as long and as large as real ones, and the webhooks of watching them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests import payloads

_FIRST = [
    "Amber",
    "Broken",
    "Cold",
    "Crimson",
    "Distant",
    "Electric",
    "Empty",
    "False",
    "First",
    "Forgotten",
    "Golden",
    "Hidden",
    "Hollow",
    "Iron",
    "Last",
    "Little",
    "Long",
    "Lost",
    "Midnight",
    "Northern",
    "Paper",
    "Quiet",
    "Second",
    "Silent",
    "Silver",
    "Small",
    "Southern",
    "Stolen",
    "Summer",
    "Twisted",
    "Wild",
    "Winter",
]
_SECOND = [
    "Bay",
    "Bridge",
    "Brothers",
    "Circus",
    "Coast",
    "County",
    "Crown",
    "Detectives",
    "District",
    "Doctors",
    "Empire",
    "Factory",
    "Family",
    "Forest",
    "Garden",
    "Gods",
    "Harbour",
    "Heights",
    "Hotel",
    "House",
    "Island",
    "Kingdom",
    "Letters",
    "Lights",
    "Mountain",
    "Neighbours",
    "Office",
    "Orchard",
    "Precinct",
    "River",
    "School",
    "Sea",
    "Sisters",
    "Station",
    "Street",
    "Table",
    "Theatre",
    "Tower",
    "Town",
    "Valley",
    "Ward",
    "Waters",
    "Witness",
    "Works",
    "Yard",
]
_TITLE_WORDS = [
    "a",
    "about",
    "after",
    "all",
    "and",
    "angel",
    "at",
    "back",
    "bad",
    "beginning",
    "best",
    "blood",
    "blue",
    "book",
    "boy",
    "brother",
    "burning",
    "cage",
    "call",
    "cat",
    "chance",
    "change",
    "city",
    "cold",
    "comes",
    "cost",
    "crossing",
    "dark",
    "daughter",
    "day",
    "dead",
    "deal",
    "dinner",
    "dog",
    "door",
    "down",
    "dream",
    "end",
    "enemy",
    "escape",
    "eye",
    "father",
    "fire",
    "first",
    "fish",
    "five",
    "for",
    "four",
    "friend",
    "game",
    "ghost",
    "girl",
    "going",
    "gold",
    "good",
    "goodbye",
    "grave",
    "hand",
    "heart",
    "hell",
    "home",
    "house",
    "hunt",
    "ice",
    "in",
    "into",
    "island",
    "job",
    "king",
    "knife",
    "lady",
    "last",
    "letter",
    "lie",
    "life",
    "light",
    "lost",
    "love",
    "man",
    "map",
    "mother",
    "moon",
    "my",
    "never",
    "night",
    "nine",
    "no",
    "of",
    "old",
    "on",
    "one",
    "our",
    "out",
    "party",
    "past",
    "pilot",
    "place",
    "price",
    "queen",
    "rain",
    "red",
    "return",
    "river",
    "road",
    "room",
    "run",
    "sea",
    "secret",
    "seven",
    "shadow",
    "sister",
    "six",
    "snow",
    "song",
    "stone",
    "storm",
    "stranger",
    "street",
    "sun",
    "that",
    "the",
    "thing",
    "thirteen",
    "three",
    "time",
    "to",
    "town",
    "train",
    "trouble",
    "truth",
    "two",
    "under",
    "visit",
    "voice",
    "war",
    "wedding",
    "what",
    "where",
    "white",
    "who",
    "wife",
    "window",
    "winter",
    "without",
    "wolf",
]


@dataclass(frozen=True)
class Episode:
    """One episode of a show of the library. `minutes` is its runtime."""

    show: str
    season: int
    number: int
    title: str
    air_date: date
    minutes: int


@dataclass(frozen=True)
class Show:
    """A show with its episodes in order."""

    title: str
    year: int
    episodes: tuple[Episode, ...]

    def as_tracker(self) -> dict[str, Any]:
        """What `add_show` takes."""
        seasons: dict[int, list[dict[str, Any]]] = {}
        for episode in self.episodes:
            seasons.setdefault(episode.season, []).append(
                {
                    "episodeNumber": episode.number,
                    "title": episode.title,
                    "airDate": episode.air_date.isoformat(),
                    "runtime": episode.minutes,
                }
            )
        ids = payloads.show_ids(self.title)
        return {
            "title": self.title,
            "year": self.year,
            "tmdb_id": ids["tmdb"],
            "tvdb_id": ids["tvdb"],
            "imdb_id": ids["imdb"],
            "status": "Ended",
            "seasons": [{"seasonNumber": n, "episodes": episodes} for n, episodes in seasons.items()],
        }

    def as_mapping(self) -> dict[str, Any]:
        """What `map_show` takes: the show as Plex names it."""
        return {
            "server_uuid": payloads.SERVER_UUID,
            "show_rating_key": payloads.rating_key("show", self.title),
            "show_guid": payloads.show_guid(self.title),
            "show_title": self.title,
            "show_ids": payloads.show_ids(self.title),
        }


def make_library(shows: int, seasons: int = 8, episodes: int = 12, *, seed: int = 1) -> list[Show]:
    """The same library every time for the same numbers. At most 1,440 shows: their titles differ."""
    dice = random.Random(seed)
    titles = dice.sample([f"{first} {second}" for first in _FIRST for second in _SECOND], shows)
    return [_make_show(dice, title, seasons, episodes) for title in titles]


def _make_show(dice: random.Random, title: str, seasons: int, episodes: int) -> Show:
    year = dice.randint(1995, 2016)
    minutes = dice.choice((22, 24, 42, 45, 58))
    found = []
    for season in range(1, seasons + 1):
        first = date(year + season - 1, dice.choice((1, 3, 9, 10)), dice.randint(1, 28))
        for number in range(1, episodes + 1):
            name = " ".join(dice.sample(_TITLE_WORDS, dice.choice((1, 2, 2, 3, 3, 4, 5)))).title()
            aired = first + timedelta(weeks=number - 1)
            found.append(Episode(title, season, number, name, aired, minutes + dice.randint(-2, 2)))
    return Show(title, year, tuple(found))


def message(episode: Episode, event: str = "media.scrobble", **more: Any) -> dict[str, Any]:
    """The message of Plex's own agent about an episode that is watched now.

    Args:
        episode: which one.
        event: `media.play`, `.pause`, `.resume`, `.stop` or `.scrobble`.
        more: other keys of the message, by Plex's names.
    """
    return payloads.episode(
        event=event,
        grandparentTitle=episode.show,
        parentIndex=episode.season,
        index=episode.number,
        title=episode.title,
        year=episode.air_date.year,
        originallyAvailableAt=episode.air_date.isoformat(),
        duration=episode.minutes * 60_000,
        **{"lastViewedAt": int(datetime.now(UTC).timestamp())} | more,
    )


def viewing(episode: Episode) -> Iterator[dict[str, Any]]:
    """The five messages of somebody who makes one pause."""
    length = episode.minutes * 60_000
    yield message(episode, "media.play", viewOffset=0)
    yield message(episode, "media.pause", viewOffset=length // 3)
    yield message(episode, "media.resume", viewOffset=length // 3)
    yield message(episode, "media.scrobble", viewOffset=length * 9 // 10)
    yield message(episode, "media.stop", viewOffset=length - 10_000)


def request_bytes(path: str, payload: dict[str, Any]) -> bytes:
    """A whole HTTP request as Plex sends it, on a connection that is kept."""
    body, content_type = payloads.multipart(payload)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: PlexMediaServer/1.40.0\r\nAccept: */*\r\n"
        f"Content-Length: {len(body)}\r\nContent-Type: {content_type}\r\n\r\n"
    )
    return head.encode() + body
