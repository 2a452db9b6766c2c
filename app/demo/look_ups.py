"""The simulated Plex server, plex.tv and TMDB of the demo: what they know, and waiting for what they are asked."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from app.demo import past
from app.demo.drawn_posters import poster, tmdb_path
from app.demo.library import AIRED_SINCE, HARBOUR, LIBRARY, NEW, SampleShow
from app.demo.messages import OWNER, SERVER, rating_key, show_guid
from app.demo.plex import Owner
from app.demo.simulated_plex import SimulatedPlex
from app.demo.simulated_plex_tv import SimulatedPlexTv
from app.demo.simulated_tmdb import SimulatedTmdb

KEY = "0de30de30de30de30de30de30de30de3"
_TOKEN = "token-of-the-demo"  # noqa: S105 - of a simulated server
_DISCS = "5f00d1505c0ffee000000001"
_LATENCY = 0.05
_PATIENCE = 30.0


@dataclass(frozen=True)
class KnowingServers:
    """All of them, running."""

    tmdb: SimulatedTmdb
    plex: SimulatedPlex
    plex_tv: SimulatedPlexTv

    def connect(self, owner: Owner) -> None:
        """Gives the appliance what it needs to ask them."""
        owner.call(
            "POST",
            "/api/plex/config",
            {"plex_token": _TOKEN, "plex_server_url": self.plex.url, "tmdb_api_key": KEY},
        )


@contextmanager
def knowing_servers() -> Iterator[KnowingServers]:
    """Starts them; they know the sample shows, and one that the tracker does not have."""
    name = str(OWNER["title"])
    with (
        SimulatedTmdb(KEY) as tmdb,
        SimulatedPlex(_TOKEN, SERVER["uuid"]) as plex,
        SimulatedPlexTv(_TOKEN, name) as plex_tv,
    ):
        plex.accounts = {1: name, 4711: "kim"}
        plex_tv.add_server(SERVER["title"], SERVER["uuid"], plex.url)
        for show in (*LIBRARY, NEW, *past.SHOWS):
            tmdb.images[tmdb_path(show)] = poster(show)
        for show in (*LIBRARY, NEW):
            _teach(tmdb, plex, show)
        tmdb.latency = plex.latency = plex_tv.latency = _LATENCY
        yield KnowingServers(tmdb, plex, plex_tv)


def _teach(tmdb: SimulatedTmdb, plex: SimulatedPlex, show: SampleShow) -> None:
    seasons = {
        season["seasonNumber"]: [
            {"episode_number": entry["episodeNumber"], "name": entry["title"], "air_date": entry["airDate"]}
            for entry in season["episodes"]
        ]
        for season in show.document()["seasons"]
    }
    if show is HARBOUR:
        season, number = AIRED_SINCE
        aired = show.air_date(season, number).isoformat()
        seasons[season].append({"episode_number": number, "name": "Landfall", "air_date": aired})
    tmdb_id = show.ids.get("tmdb_id")
    if tmdb_id is not None:
        known = tmdb.add_show(
            tmdb_id, show.title, seasons=seasons, first_air_date=f"{show.year}-03-09", runtime=show.runtime
        )
        known["poster_path"] = tmdb_path(show)
        if show is HARBOUR:
            _press_discs(tmdb, tmdb_id, [entry["episode_number"] for entry in seasons[1]])
    guids = [f"{name.removesuffix('_id')}://{value}" for name, value in show.ids.items()]
    key = rating_key(show)
    thumb = f"/library/metadata/{key}/thumb/1700000000"
    plex.images[thumb] = poster(show)
    plex.add_show(key, show.title, year=show.year, guid=show_guid(show), guids=guids, seasons=show.seasons, thumb=thumb)


def _press_discs(tmdb: SimulatedTmdb, tmdb_id: int, numbers: list[int]) -> None:
    """The DVDs have the first two episodes the other way round: an order to make numbering rules of."""
    on_disc = [numbers[1], numbers[0], *numbers[2:]]
    episodes = [
        {"id": number, "season_number": 1, "episode_number": number, "order": place}
        for place, number in enumerate(on_disc)
    ]
    tmdb.groups[_DISCS] = {
        "id": _DISCS,
        "show_id": tmdb_id,
        "name": "DVD order",
        "type": 3,
        "groups": [{"id": f"{_DISCS}1", "name": "Season 1", "order": 1, "episodes": episodes}],
    }


def decided(owner: Owner, answer: dict[str, Any]) -> dict[str, Any]:
    """The log row of an event when it does not wait for a look-up any more, or after half a minute."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        row: dict[str, Any] = owner.call("GET", f"/api/plex/logs/{answer['log_id']}")
        if row["status"] != "pending" or time.monotonic() > deadline:
            return row
        time.sleep(0.05)
