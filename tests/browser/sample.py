"""A week of somebody's television, as Plex would have reported it: every status, and titles that mean harm."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from psycopg.types.json import Jsonb

from app.db.queries import queries
from app.plex.events import parse_event
from app.services import Services
from app.sync.receive import receive

HOSTILE = (
    "<script>alert('stolen')</script><img src=x onerror=alert(1)>",
    "شاهد الحلقة \u202eالأخيرة\u202c الآن",
    "👩‍🚀🛸 The Little Rocket 🛸👩‍🚀",
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 4,
)

# Title, year of the show, seasons to number of episodes.
SHOWS: tuple[tuple[str, int, dict[int, int]], ...] = (
    ("Slow Horses", 2022, {1: 6, 2: 6, 3: 6, 4: 6}),
    ("Bob's Burgers", 2011, {0: 3, 1: 13, 2: 9, 13: 22}),
    ("Doctor Who", 1963, {1: 42}),
    ("Doctor Who", 2005, {1: 13, 2: 13}),
    ("The Great Pottery Throw Down", 2015, {7: 10}),
    ("Severance", 2022, {1: 9, 2: 10}),
    ("進撃の巨人", 2013, {1: 25}),
    *((title[:1000], 2020, {1: 8}) for title in HOSTILE),
)


def scrobble(title: str, season: int, episode: int, **more: Any) -> dict[str, Any]:
    """A message of the new agent; keywords of the envelope or of `Metadata` replace what is there."""
    key = sum(ord(letter) for letter in title)
    metadata = {
        "type": "episode",
        "librarySectionType": "show",
        "ratingKey": str(key * 1000 + season * 50 + episode),
        "grandparentRatingKey": str(key),
        "guid": f"plex://episode/{key:012x}{season:04x}{episode:04x}",
        "grandparentGuid": f"plex://show/{key:024x}",
        "grandparentTitle": title,
        "title": f"Episode {episode}",
        "parentIndex": season,
        "index": episode,
        "duration": 2_700_000,
    }
    envelope: dict[str, Any] = {
        "event": "media.scrobble",
        "user": True,
        "owner": True,
        "Account": {"id": 1, "title": "mira"},
        "Server": {"title": "Attic", "uuid": "5f0c7d1e2b3a495867a1b2c3d4e5f60718293a4b"},
        "Player": {"local": True, "title": "Living room", "uuid": "player-1"},
    }
    for name, value in more.items():
        (envelope if name in envelope else metadata)[name] = value
    return envelope | {"Metadata": metadata}


def add_shows(services: Services, user_id: int) -> None:
    """Fills the tracker."""
    with services.db.connection() as connection:
        for title, year, seasons in SHOWS:
            document = [
                {"seasonNumber": s, "episodes": [{"episodeNumber": e, "runtime": 45} for e in range(1, n + 1)]}
                for s, n in seasons.items()
            ]
            connection.execute(
                "select add_show(%s, %s)", (user_id, Jsonb({"title": title, "year": year, "seasons": document}))
            )


def fill(services: Services, user_id: int, *, pages: bool = True) -> None:
    """Shows and events of several days, the newest a minute ago; with `pages` more than one page of them."""
    add_shows(services, user_id)
    now = datetime.now(UTC)

    def take(minutes_ago: float, message: dict[str, Any]) -> None:
        received_at = now - timedelta(minutes=minutes_ago)
        receive(services, user_id, parse_event(message), received_at=received_at)

    if pages:
        for number in range(40):
            take(9000 - number * 60, scrobble("Bob's Burgers", 13, number % 22 + 1, event="media.play"))
    for number in range(1, 7):
        take(7000 - number * 60, scrobble("Slow Horses", 1, number))
    take(4300, scrobble("The Great Pottery Throw Down", 7, 1))
    take(4200, scrobble("Big Trouble in Little China", 0, 0, type="movie", parentIndex=None, index=None))
    take(3000, scrobble("進撃の巨人", 1, 1))
    take(2900, scrobble("Emmerdale", 52, 57, user=False, Account={"id": 10000001, "title": "Granny Jo"}))
    take(2800, scrobble("Bob's Burgers", 0, 1))
    for number, title in enumerate(HOSTILE):
        take(1600 - number * 50, scrobble(title, 1, number + 1))
    take(1300, scrobble("Severance", 2, 11))
    take(300, scrobble("Slow Horses", 1, 1))
    take(220, scrobble("Doctor Who", 1, 1, year=2005))
    take(160, scrobble("Slow Horse", 2, 1, grandparentGuid="local://77", guid="local://78"))
    take(120, scrobble("The Traitors", 4, 3))
    take(62, scrobble("Severance", 2, 1))
    take(60, scrobble("Severance", 2, 1))
    with services.db.connection() as connection:
        message = parse_event(scrobble("Severance", 2, 9))
        queries().record_failed_event(
            connection,
            user_id=user_id,
            receipt=uuid4(),
            source="webhook",
            event=Jsonb(message.decision()),
            payload=Jsonb(message.kept()),
            received_at=now - timedelta(minutes=30),
            error="XX000: a fault that was made for this picture",
        )
        sealed = services.cipher.encrypt("no-real-key", column="settings.tmdb_api_key", row=user_id)
        connection.execute("update settings set tmdb_api_key = %s where user_id = %s", (sealed, user_id))
    take(4, scrobble("Only Murders in the Building", 5, 2, Guid=[{"id": "tmdb://4000001"}]))
    take(1, scrobble("Severance", 2, 2))
