"""What the simulated Plex server sends: the shapes of real webhooks, one builder for each agent and kind."""

from __future__ import annotations

import time
from hashlib import blake2b
from typing import Any
from zlib import crc32

from app.demo.library import SampleShow

SERVER = {"title": "Attic", "uuid": "7e11ae5e47711ae5e47711ae5e47711ae5e47711"}
OWNER = {"id": 1, "title": "sam", "thumb": "https://plex.tv/users/0000000000000000/avatar"}
GUEST = {"id": 30200100, "title": "robin", "thumb": "https://plex.tv/users/1111111111111111/avatar"}
PLAYER = {"local": True, "publicAddress": "203.0.113.7", "title": "Living Room", "uuid": "0d1548631f551f21"}

Message = dict[str, Any]


def _hex(*name: object) -> str:
    return blake2b("/".join(map(str, name)).encode(), digest_size=12).hexdigest()


def _key(*name: object) -> str:
    return str(1000 + crc32("/".join(map(str, name)).encode()) % 90_000)


def envelope(event: str, metadata: dict[str, Any], *, account: dict[str, Any] = OWNER) -> Message:
    """The outer part: whose webhook it is, who watched, on which server."""
    return {
        "event": event,
        "user": account is OWNER,
        "owner": True,
        "Account": account,
        "Server": SERVER,
        "Player": PLAYER,
        "Metadata": metadata,
    }


def rating_key(show: SampleShow) -> str:
    """Of the show on the simulated server."""
    return _key(show.title, show.year)


def show_guid(show: SampleShow) -> str:
    """Of the show, under Plex's present agent."""
    return f"plex://show/{_hex('show', show.title, show.year)}"


def episode(
    show: SampleShow,
    season: int,
    number: int,
    *,
    event: str = "media.scrobble",
    account: dict[str, Any] = OWNER,
    viewed_at: float | None = None,
) -> Message:
    """An episode under Plex's present agent: the ids in `Guid` are the episode's, the show is `grandparentGuid`."""
    return envelope(event, _episode(show, season, number, viewed_at), account=account)


def _episode(show: SampleShow, season: int, number: int, viewed_at: float | None) -> dict[str, Any]:
    name = (show.title, show.year, season, number)
    show_key, season_key, key = rating_key(show), _key(*name[:3]), _key(*name)
    return {
        "librarySectionType": "show",
        "librarySectionTitle": "TV Shows",
        "librarySectionID": 2,
        "ratingKey": key,
        "key": f"/library/metadata/{key}",
        "parentRatingKey": season_key,
        "grandparentRatingKey": show_key,
        "guid": f"plex://episode/{_hex('episode', *name)}",
        "parentGuid": f"plex://season/{_hex('season', *name[:3])}",
        "grandparentGuid": show_guid(show),
        "type": "episode",
        "title": show.episode_title(season, number),
        "grandparentTitle": show.title,
        "parentTitle": "Specials" if season == 0 else f"Season {season}",
        "contentRating": "TV-14",
        "summary": "What happened before comes back, and nobody is ready for it.",
        "index": number,
        "parentIndex": season,
        "year": show.air_date(season, number).year,
        "originallyAvailableAt": show.air_date(season, number).isoformat(),
        "duration": show.runtime * 60_000,
        "lastViewedAt": int(time.time() if viewed_at is None else viewed_at),
        "thumb": f"/library/metadata/{key}/thumb/1700000000",
        "Guid": [{"id": f"tmdb://{5_000_000 + int(key)}"}, {"id": f"tvdb://{7_000_000 + int(key)}"}],
        "Role": [{"id": 400 + n, "tag": f"Player {n}", "role": f"Part {n}"} for n in range(4)],
    }


def legacy_episode(show: SampleShow, season: int, number: int, agent: str, show_id: object) -> Message:
    """An episode under one of the older agents: the show's id, season and episode are in the path of its guid."""
    metadata = _episode(show, season, number, None)
    for name in ("Guid", "parentGuid"):
        del metadata[name]
    base = f"com.plexapp.agents.{agent}://{show_id}"
    metadata |= {"guid": f"{base}/{season}/{number}?lang=en", "grandparentGuid": f"{base}?lang=en"}
    return envelope("media.scrobble", metadata)


def by_air_date(show: SampleShow, season: int, number: int) -> Message:
    """A daily show: no episode number, only the day."""
    message = episode(show, season, number)
    del message["Metadata"]["index"]
    return message


def other(kind: str, title: str, event: str = "media.scrobble", **metadata: Any) -> Message:
    """What is not an episode: a movie, a track, a trailer (`clip`), a photo."""
    key = _key(kind, title)
    return envelope(
        event,
        {
            "ratingKey": key,
            "key": f"/library/metadata/{key}",
            "type": kind,
            "title": title,
            "index": 1,
            **metadata,
        },
    )


def live_tv(title: str) -> Message:
    """A programme from a tuner: an episode without a place in the library."""
    return envelope(
        "media.scrobble",
        {
            "ratingKey": "203216",
            "key": "/livetv/sessions/live_tv_1",
            "guid": f"plex://episode/{_hex('live', title)}",
            "type": "episode",
            "title": title,
            "grandparentTitle": title,
            "index": 105,
            "parentIndex": 49,
            "live": "1",
        },
    )
