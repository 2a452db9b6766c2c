"""The sample shows: invented, with seasons, air dates and runtimes, as a user of the tracker would have them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

_EPISODE_TITLES = (
    *("The Tide Turns", "Salt and Iron", "A Quiet Room", "Signals", "Low Water", "The Visitor", "Undertow"),
    *("Paper Boats", "Night Shift", "What Remains", "The Long Way Home", "Fault Lines", "Cold Open"),
    *("Borrowed Time", "The Ledger", "Static", "Old Friends", "Blackout", "The Crossing", "Landfall"),
)


@dataclass(frozen=True, eq=False)
class SampleShow:
    """One show of the sample library.

    Attributes:
        seasons: season number to number of episodes; 0 are the specials.
        runtime: minutes of an episode.
        ids: external ids of the show that the tracker knows (`tmdb_id`, `tvdb_id`, `imdb_id`).
    """

    title: str
    year: int
    seasons: dict[int, int]
    runtime: int
    ids: dict[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The body of `POST /api/shows`."""
        return {
            "title": self.title,
            "year": self.year,
            **self.ids,
            "seasons": [self._season(n) for n in self.seasons],
        }

    def episode_title(self, season: int, episode: int) -> str:
        """What an episode is called."""
        return _EPISODE_TITLES[(len(self.title) + season * 7 + episode * 3) % len(_EPISODE_TITLES)]

    def air_date(self, season: int, episode: int) -> date:
        """When it aired: weekly, a season a year."""
        return date(self.year + max(season - 1, 0), 3, 2) + timedelta(weeks=episode)

    def _season(self, season: int) -> dict[str, Any]:
        first = 0 if season == 0 else 1
        return {
            "seasonNumber": season,
            "episodes": [
                {
                    "episodeNumber": episode,
                    "title": self.episode_title(season, episode),
                    "airDate": self.air_date(season, episode).isoformat(),
                    "runtime": self.runtime,
                }
                for episode in range(first, first + self.seasons[season])
            ],
        }


HARBOUR = SampleShow("Harbour Lights", 2019, {0: 3, 1: 8, 2: 8, 3: 8}, 47, {"tmdb_id": 910001})
BONES = SampleShow("Old Bones", 2008, {1: 12, 2: 12, 3: 12, 4: 12}, 43, {"tvdb_id": 920002})
SIGNAL = SampleShow("Signal & Noise", 2015, {1: 10, 2: 10}, 52, {"tmdb_id": 910003})
SEA = SampleShow("海の記憶", 2021, {1: 24, 2: 24}, 24, {"tvdb_id": 920004})
NIGHTJAR_2009 = SampleShow("Nightjar", 2009, {1: 6, 2: 6}, 58, {"tmdb_id": 910005})
NIGHTJAR_2020 = SampleShow("Nightjar", 2020, {1: 8}, 50, {"tmdb_id": 910006})
LATE = SampleShow("Late with Mona Ruiz", 2022, {1: 40}, 40, {"tmdb_id": 910007})
ORBIT = SampleShow("The Long Orbit", 2023, {1: 10, 2: 10}, 55, {"tmdb_id": 910008})

# Not in the tracker: it is looked up, and added.
NEW = SampleShow("The Lamp Keepers", 2024, {1: 6, 2: 6}, 41, {"tmdb_id": 910009, "tvdb_id": 920009})
# An episode of Harbour Lights that the tracker does not have yet: season, number.
AIRED_SINCE = (3, 9)

LIBRARY = (HARBOUR, BONES, SIGNAL, SEA, NIGHTJAR_2009, NIGHTJAR_2020, LATE, ORBIT)
