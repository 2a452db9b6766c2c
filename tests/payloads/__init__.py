"""Plex's webhook messages for the tests: real in shape, invented in content.

Each function builds one kind of message, media.scrobble if the kind can be one. Keyword arguments replace
what is in it, by Plex's own names:

    episode()                                         Harbour Lights S02E03, scrobbled
    episode(index=4)                                  the next episode, with its own guid, ids, rating key
    episode(grandparentTitle="Nightwatch (2021)")     another show, likewise
    episode(parentIndex=0, index=0)                   a special
    episode(event="media.stop", user=False)           the envelope's keys go to the envelope
    episode(Account={"id": 7})                        merged into what is there: the title stays
    episode(Guid=MISSING, duration="nonsense")        a key left out; any value at all
    episode(Metadata=None)                            the whole of it replaced

Rating keys, GUIDs and external ids follow from the show's title, season and episode, so they differ where
those differ and are the same in every message about the same thing: see :func:`show_guid`, :func:`show_ids`,
:func:`episode_ids` and :func:`rating_key`.
"""

from __future__ import annotations

import copy
import json
from hashlib import blake2b
from typing import Any, Final
from zlib import crc32

MISSING: Final = object()

SHOW = "Harbour Lights"
SERVER_UUID = "5c0ffee05c0ffee05c0ffee05c0ffee05c0ffee0"
ACCOUNT = "alex"
BOUNDARY = "------------------------d1f0a2b3c4e5f607"
VIEWED_AT = 1_767_297_600  # 2026-01-01 20:00:00 UTC

_ENVELOPE = ("event", "user", "owner", "rating", "Account", "Server", "Player")


def _hex(kind: str, *name: object) -> str:
    return blake2b(_name(kind, name), digest_size=12).hexdigest()


def _number(kind: str, name: tuple[object, ...], lowest: int) -> int:
    return lowest + crc32(_name(kind, name)) % 900_000


def _name(kind: str, name: tuple[object, ...]) -> bytes:
    return "/".join((kind, *map(str, name))).encode("utf-8", "surrogatepass")


def rating_key(kind: str, *name: object) -> str:
    """Return the rating key of ``"show", title`` or ``"season", title, 2`` or ``"episode", title, 2, 3``."""
    return str(_number(kind, name, 1_000))


def show_guid(title: str = SHOW) -> str:
    """Return the ``plex://show/…`` of a show."""
    return f"plex://show/{_hex('show', title)}"


def show_ids(title: str = SHOW) -> dict[str, Any]:
    """Return the ids of a show, as TMDB and a Plex server's metadata of the show have them."""
    return {
        "tmdb": _number("show-tmdb", (title,), 100_000),
        "tvdb": _number("show-tvdb", (title,), 100_000),
        "imdb": f"tt{_number('show-imdb', (title,), 20_000_000)}",
        "anidb": _number("show-anidb", (title,), 10_000),
    }


def episode_ids(title: str = SHOW, season: object = 2, episode: object = 3) -> dict[str, Any]:
    """Return the ids of an episode, as they are in the ``Guid`` array."""
    name = (title, season, episode)
    return {
        "imdb": f"tt{_number('episode-imdb', name, 30_000_000)}",
        "tmdb": _number("episode-tmdb", name, 5_000_000),
        "tvdb": _number("episode-tvdb", name, 7_000_000),
    }


def _guid_array(ids: dict[str, Any]) -> list[dict[str, str]]:
    return [{"id": f"{database}://{value}"} for database, value in ids.items()]


def _message(metadata: dict[str, Any] | None, overrides: dict[str, Any], event: str) -> dict[str, Any]:
    """Put the envelope around ``metadata`` and apply the overrides."""
    message: dict[str, Any] = {
        "event": event,
        "user": True,
        "owner": True,
        "Account": {
            "id": 1,
            "thumb": "https://plex.tv/users/0a1b2c3d4e5f6071/avatar?c=1700000001",
            "title": ACCOUNT,
        },
        "Server": {"title": "Attic", "uuid": SERVER_UUID},
        "Player": {
            "local": True,
            "publicAddress": "192.0.2.17",
            "title": "Living room",
            "uuid": "k3x8s0m1w7",
        },
    }
    if metadata is not None:
        message["Metadata"] = metadata
    for name, value in overrides.items():
        place = message if name in (*_ENVELOPE, "Metadata") else message.setdefault("Metadata", {})
        if value is MISSING:
            place.pop(name, None)
        elif isinstance(value, dict) and isinstance(place.get(name), dict) and name != "Metadata":
            place[name] = place[name] | value
        else:
            place[name] = value
    return copy.deepcopy(message)


def _given(overrides: dict[str, Any], name: str, default: int) -> int | str:
    """Return the number that an override gives; the default where that can be none or the key is left out."""
    value = overrides.get(name)
    return value if isinstance(value, str) or (type(value) is int and abs(value) < 2**63) else default


def _episode_metadata(overrides: dict[str, Any], *, title: str = SHOW) -> dict[str, Any]:
    """Return what every agent's episode has, GUIDs apart."""
    given_title = overrides.get("grandparentTitle")
    show = given_title if isinstance(given_title, str) else title
    season, number = _given(overrides, "parentIndex", 2), _given(overrides, "index", 3)
    key = rating_key("episode", show, season, number)
    season_key, show_key = rating_key("season", show, season), rating_key("show", show)
    return {
        "librarySectionType": "show",
        "ratingKey": key,
        "key": f"/library/metadata/{key}",
        "parentRatingKey": season_key,
        "grandparentRatingKey": show_key,
        "guid": "",
        "type": "episode",
        "title": f"Episode {number}",
        "grandparentKey": f"/library/metadata/{show_key}",
        "parentKey": f"/library/metadata/{season_key}",
        "librarySectionTitle": "Series",
        "librarySectionID": 2,
        "librarySectionKey": "/library/sections/2",
        "grandparentTitle": show,
        "parentTitle": "Specials" if season == 0 else f"Season {season}",
        "contentRating": "TV-14",
        "summary": "The ferry is late again, and this time somebody on the pier knows why. Meanwhile the "
        "lamp in the old tower is lit for the first time in forty years, which pleases nobody who remembers.",
        "index": number,
        "parentIndex": season,
        "audienceRating": 7.9,
        "viewCount": 1,
        "lastViewedAt": VIEWED_AT,
        "year": 2025,
        "thumb": f"/library/metadata/{key}/thumb/1760000000",
        "art": f"/library/metadata/{show_key}/art/1760000000",
        "parentThumb": f"/library/metadata/{season_key}/thumb/1760000000",
        "grandparentThumb": f"/library/metadata/{show_key}/thumb/1760000000",
        "grandparentArt": f"/library/metadata/{show_key}/art/1760000000",
        "grandparentTheme": f"/library/metadata/{show_key}/theme/1760000000",
        "duration": 2_580_000,
        "originallyAvailableAt": "2025-10-14",
        "addedAt": 1_760_500_000,
        "updatedAt": 1_760_600_000,
    }


def _credits() -> dict[str, Any]:
    people = ("Ines Moreau", "Tomasz Lind", "Priya Raman", "Owen Hale", "Marta Oyelaran", "Sven Dahl")
    return {
        "audienceRatingImage": "themoviedb://image.rating",
        "Rating": [{"image": "themoviedb://image.rating", "value": 7.9, "type": "audience"}],
        "Director": [{"id": 501, "filter": "director=501", "tag": "Juno Abara", "tagKey": _hex("tag", "Juno Abara")}],
        "Role": [
            {
                "id": 600 + number,
                "filter": f"actor={600 + number}",
                "tag": name,
                "tagKey": _hex("tag", name),
                "role": f"Keeper {number}",
                "thumb": f"https://metadata-static.plex.tv/people/{_hex('tag', name)}.jpg",
            }
            for number, name in enumerate(people)
        ],
    }


def episode(**overrides: Any) -> dict[str, Any]:
    """An episode of Plex's own agent: the ``Guid`` array has the *episode's* ids, ``grandparentGuid`` is the
    show.
    """
    metadata = _episode_metadata(overrides)
    show, season, number = metadata["grandparentTitle"], metadata["parentIndex"], metadata["index"]
    metadata |= {
        "guid": f"plex://episode/{_hex('episode', show, season, number)}",
        "parentGuid": f"plex://season/{_hex('season', show, season)}",
        "grandparentGuid": show_guid(show),
        "Guid": _guid_array(episode_ids(show, season, number)),
    } | _credits()
    return _message(metadata, overrides, "media.scrobble")


def special(**overrides: Any) -> dict[str, Any]:
    """Season 0, episode 0: both are numbers like any other."""
    return episode(**({"parentIndex": 0, "index": 0} | overrides))


def episode_with_tvdb_only(**overrides: Any) -> dict[str, Any]:
    """As :func:`episode`, with a ``Guid`` array that holds nothing but the TVDB id (soaps, for one)."""
    message = episode(**overrides)
    if "Guid" not in overrides:
        message["Metadata"]["Guid"] = [
            entry for entry in message["Metadata"]["Guid"] if entry["id"].startswith("tvdb:")
        ]
    return message


def episode_without_guids(**overrides: Any) -> dict[str, Any]:
    """As :func:`episode`, without the ``Guid`` array and without the parents' GUIDs, as some messages are."""
    return episode(**({"Guid": MISSING, "parentGuid": MISSING, "grandparentGuid": MISSING} | overrides))


def _path_episode(show_part: str, overrides: dict[str, Any], *, parents: bool, lang: str = "en") -> dict[str, Any]:
    """Build an episode of an agent that writes show/season/episode into the GUID."""
    metadata = _episode_metadata(overrides)
    season, number = metadata["parentIndex"], metadata["index"]
    metadata["guid"] = f"{show_part}/{season}/{number}?lang={lang}"
    if parents:
        metadata["parentGuid"] = f"{show_part}/{season}?lang={lang}"
        metadata["grandparentGuid"] = f"{show_part}?lang={lang}"
    return _message(metadata, overrides, "media.scrobble")


def _title_in(overrides: dict[str, Any]) -> str:
    title = overrides.get("grandparentTitle")
    return title if isinstance(title, str) else SHOW


def legacy_thetvdb(**overrides: Any) -> dict[str, Any]:
    """An episode of the legacy TheTVDB agent, with the parents' GUIDs (servers from 2020 on)."""
    tvdb = show_ids(_title_in(overrides))["tvdb"]
    return _path_episode(f"com.plexapp.agents.thetvdb://{tvdb}", overrides, parents=True)


def legacy_thetvdb_2019(**overrides: Any) -> dict[str, Any]:
    """The same from a server of 2019: no parents' GUIDs, and no ``duration``."""
    tvdb = show_ids(_title_in(overrides))["tvdb"]
    overrides = {"duration": MISSING} | overrides
    return _path_episode(f"com.plexapp.agents.thetvdb://{tvdb}", overrides, parents=False)


def legacy_themoviedb(**overrides: Any) -> dict[str, Any]:
    """An episode of the legacy TMDB agent."""
    tmdb = show_ids(_title_in(overrides))["tmdb"]
    return _path_episode(f"com.plexapp.agents.themoviedb://{tmdb}", overrides, parents=True)


def hama_tvdb(**overrides: Any) -> dict[str, Any]:
    """An episode of HAMA in its TVDB mode; no year, no duration."""
    tvdb = show_ids(_title_in(overrides))["tvdb"]
    overrides = {"duration": MISSING, "year": MISSING} | overrides
    return _path_episode(f"com.plexapp.agents.hama://tvdb-{tvdb}", overrides, parents=True)


def hama_anidb(**overrides: Any) -> dict[str, Any]:
    """An episode of HAMA in its AniDB mode: everything is season 1."""
    anidb = show_ids(_title_in(overrides))["anidb"]
    overrides = {"parentIndex": 1, "duration": MISSING, "year": MISSING} | overrides
    return _path_episode(f"com.plexapp.agents.hama://anidb-{anidb}", overrides, parents=True)


def personal_media(**overrides: Any) -> dict[str, Any]:
    """A video of the personal media agent: its GUID holds a local rating key; seasons are years."""
    overrides = {"parentIndex": 2026, "index": 10_102, "grandparentTitle": "Race Reports"} | overrides
    key = rating_key("show", _title_in(overrides))
    return _path_episode(f"com.plexapp.agents.none://{key}", overrides, parents=True, lang="xn")


def unmatched(**overrides: Any) -> dict[str, Any]:
    """An episode that its agent could not match: ``local://``, in a show that is unmatched too."""
    metadata = _episode_metadata(overrides)
    metadata |= {
        "guid": f"local://{metadata['ratingKey']}",
        "parentGuid": f"local://{metadata['parentRatingKey']}",
        "grandparentGuid": f"local://{metadata['grandparentRatingKey']}",
    }
    return _message(metadata, overrides, "media.scrobble")


def unmatched_in_known_show(**overrides: Any) -> dict[str, Any]:
    """An unmatched episode in a show that was matched: only the grandparent's GUID says anything."""
    return unmatched(**({"grandparentGuid": show_guid(_title_in(overrides))} | overrides))


def live_tv(**overrides: Any) -> dict[str, Any]:
    """An episode on live TV: ``live`` is the string "1"; no section, no GUID, no rating key of the show."""
    metadata = {
        "ratingKey": "880011",
        "key": "/livetv/sessions/7d1c0a52",
        "guid": f"plex://episode/{_hex('episode', 'live')}",
        "type": "episode",
        "title": "The Morning Quiz",
        "summary": "",
        "index": 88,
        "year": 2025,
        "addedAt": 1_760_500_000,
        "genuineMediaAnalysis": "1",
        "grandparentTitle": "The Morning Quiz",
        "live": "1",
        "parentIndex": 31,
    }
    return _message(metadata, overrides, "media.scrobble")


def trailer(**overrides: Any) -> dict[str, Any]:
    """A trailer: type ``clip``."""
    metadata = {
        "ratingKey": "880021",
        "key": "/library/metadata/880021",
        "guid": "iva://api.internetvideoarchive.com/2.0/VideoAssets(12345)?lang=en&bitrates=80,212",
        "type": "clip",
        "subtype": "trailer",
        "extraType": 1,
        "title": "The Cartographer",
        "summary": "",
        "index": 1,
        "year": 2024,
        "originallyAvailableAt": "2024-02-09",
        "addedAt": 1_760_500_000,
    }
    return _message(metadata, overrides, "media.scrobble")


def movie(**overrides: Any) -> dict[str, Any]:
    """A movie of Plex's own agent."""
    metadata = {
        "librarySectionType": "movie",
        "ratingKey": "880031",
        "key": "/library/metadata/880031",
        "guid": f"plex://movie/{_hex('movie', 'The Cartographer')}",
        "studio": "Low Tide Pictures",
        "type": "movie",
        "title": "The Cartographer",
        "librarySectionTitle": "Movies",
        "librarySectionID": 1,
        "librarySectionKey": "/library/sections/1",
        "summary": "A map of an island that is not there finds its way home.",
        "viewCount": 1,
        "lastViewedAt": VIEWED_AT,
        "year": 2024,
        "duration": 6_120_000,
        "originallyAvailableAt": "2024-02-09",
        "addedAt": 1_760_500_000,
        "Guid": [{"id": "imdb://tt40000001"}, {"id": "tmdb://990001"}, {"id": "tvdb://330001"}],
    } | _credits()
    return _message(metadata, overrides, "media.scrobble")


def track(**overrides: Any) -> dict[str, Any]:
    """A piece of music: it has grandparents and an index too."""
    metadata = {
        "librarySectionType": "artist",
        "ratingKey": "880043",
        "key": "/library/metadata/880043",
        "parentRatingKey": "880042",
        "grandparentRatingKey": "880041",
        "guid": f"plex://track/{_hex('track', 'Low Tide')}",
        "parentGuid": f"plex://album/{_hex('album', 'Sandbanks')}",
        "grandparentGuid": f"plex://artist/{_hex('artist', 'The Breakwaters')}",
        "type": "track",
        "title": "Low Tide",
        "grandparentTitle": "The Breakwaters",
        "parentTitle": "Sandbanks",
        "summary": "",
        "index": 4,
        "parentIndex": 1,
        "ratingCount": 312,
        "addedAt": 1_760_500_000,
    }
    return _message(metadata, overrides, "media.scrobble")


def photo(**overrides: Any) -> dict[str, Any]:
    """A photo that is looked at."""
    metadata = {
        "librarySectionType": "photo",
        "ratingKey": "880051",
        "key": "/library/metadata/880051",
        "guid": "local://880051",
        "type": "photo",
        "title": "Pier at dusk",
        "summary": "",
        "index": 1,
        "year": 2025,
        "createdAtAccuracy": "local",
        "createdAtTZOffset": "-3600",
        "originallyAvailableAt": "2025-08-02",
        "addedAt": 1_760_500_000,
    }
    return _message(metadata, overrides, "media.play")


def library_new_show(**overrides: Any) -> dict[str, Any]:
    """A show that is new in the library: no ``Player``; its ``index: 1`` is no episode number."""
    show = overrides.get("title", SHOW)
    key = rating_key("show", show)
    metadata = {
        "librarySectionType": "show",
        "ratingKey": key,
        "key": f"/library/metadata/{key}/children",
        "guid": show_guid(show),
        "type": "show",
        "title": show,
        "summary": "Everybody in town keeps something lit.",
        "index": 1,
        "year": 2019,
        "duration": 2_580_000,
        "originallyAvailableAt": "2019-09-03",
        "leafCount": 20,
        "viewedLeafCount": 0,
        "childCount": 2,
        "addedAt": 1_760_500_000,
        "Guid": _guid_array({name: show_ids(show)[name] for name in ("imdb", "tmdb", "tvdb")}),
    }
    return _message(metadata, {"Player": MISSING} | overrides, "library.new")


def rated_season(**overrides: Any) -> dict[str, Any]:
    """A rating for a whole season, in the shortest form that was seen: nobody, nowhere, no keys."""
    metadata = {"type": "season", "title": "Season 2", "parentTitle": SHOW, "userRating": 8.0}
    envelope = dict.fromkeys(("user", "owner", "Account", "Server", "Player"), MISSING)
    return _message(metadata, envelope | {"rating": 8.0} | overrides, "media.rate")


def play(**overrides: Any) -> dict[str, Any]:
    """The beginning of :func:`episode`."""
    return episode(**({"event": "media.play", "viewOffset": 0} | overrides))


def pause(**overrides: Any) -> dict[str, Any]:
    """A pause in :func:`episode`."""
    return episode(**({"event": "media.pause", "viewOffset": 622_000} | overrides))


def resume(**overrides: Any) -> dict[str, Any]:
    """The end of a pause in :func:`episode`."""
    return episode(**({"event": "media.resume", "viewOffset": 622_000} | overrides))


def stop(**overrides: Any) -> dict[str, Any]:
    """The end of :func:`episode`; ``duration`` is often missing."""
    return episode(**({"event": "media.stop", "viewOffset": 2_570_000, "duration": MISSING} | overrides))


def admin_backup(**overrides: Any) -> dict[str, Any]:
    """The server backed its database up: neither ``Player`` nor ``Metadata``."""
    return _message(None, {"Player": MISSING} | overrides, "admin.database.backup")


def device_new(**overrides: Any) -> dict[str, Any]:
    """Somebody signed in with a new device: no ``Metadata``."""
    return _message(None, overrides, "device.new")


def tautulli_episode(**overrides: Any) -> dict[str, Any]:
    """An episode as Tautulli is told to post it: plain JSON, all values strings, empty where it knows
    nothing.
    """
    message = episode(**overrides)
    metadata = message["Metadata"]
    kept = ("type", "title", "grandparentTitle", "parentTitle", "guid", "grandparentGuid")
    numbers = (
        "index",
        "parentIndex",
        "ratingKey",
        "grandparentRatingKey",
        "year",
        "duration",
        "lastViewedAt",
    )
    return {
        "event": message["event"],
        "user": "true",
        "owner": "1",
        "Account": {"id": str(message["Account"]["id"]), "title": message["Account"]["title"]},
        "Server": message["Server"],
        "Player": {"title": message["Player"]["title"]},
        "Metadata": {name: metadata[name] for name in kept if name in metadata}
        | {name: str(metadata[name]) for name in numbers if name in metadata}
        | {"live": "0", "viewOffset": "", "originallyAvailableAt": metadata.get("originallyAvailableAt", "")},
    }


EPISODES = (
    episode,
    special,
    episode_with_tvdb_only,
    episode_without_guids,
    legacy_thetvdb,
    legacy_thetvdb_2019,
    legacy_themoviedb,
    hama_tvdb,
    hama_anidb,
    personal_media,
    unmatched,
    unmatched_in_known_show,
    tautulli_episode,
)
"""Everything that marks an episode."""

OTHERS = (
    live_tv,
    trailer,
    movie,
    track,
    photo,
    library_new_show,
    rated_season,
    play,
    pause,
    resume,
    stop,
    admin_backup,
    device_new,
)
"""Everything that does not."""


def as_json(payload: object) -> bytes:
    """Return the body of an ``application/json`` request. Bytes and text are taken as they are."""
    if isinstance(payload, bytes):
        return payload
    if isinstance(payload, str):
        return payload.encode("utf-8", "surrogatepass")
    return json.dumps(payload, separators=(",", ":")).encode()


def multipart(
    payload: object,
    *,
    as_file: bool = False,
    thumb: bytes | None = None,
    boundary: str = BOUNDARY,
    newline: bytes = b"\r\n",
) -> tuple[bytes, str]:
    """Return body and Content-Type of the request that Plex would send.

    :param payload: what :func:`as_json` takes.
    :param as_file: give the part a filename, which makes it a file to many parsers.
    :param thumb: the bytes of a poster, in a second part.
    """
    parts = [
        b'Content-Disposition: form-data; name="payload"' + (b'; filename="payload.json"' if as_file else b""),
        b"Content-Type: application/json",
        b"",
        as_json(payload),
    ]
    if thumb is not None:
        parts += [
            b"--" + boundary.encode(),
            b'Content-Disposition: form-data; name="thumb"; filename="thumb.jpg"',
            b"Content-Type: image/jpeg",
            b"",
            thumb,
        ]
    lines = [b"--" + boundary.encode(), *parts, b"--" + boundary.encode() + b"--", b""]
    return newline.join(lines), f"multipart/form-data; boundary={boundary}"
