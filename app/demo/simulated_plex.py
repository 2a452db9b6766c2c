"""A Plex Media Server's library over real HTTP: the shapes of real answers, invented in content."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from app.demo.simulated_server import Reply, Request, SimulatedServer

UUID = "7e11ae5e47711ae5e47711ae5e47711ae5e47711"

Document = dict[str, Any]

# JSON was asked for; errors are pages all the same.
UNAUTHORIZED = Reply("<html><head><title>Unauthorized</title></head><body><h1>401 Unauthorized</h1></body></html>", 401)
NOT_THERE = Reply("<html><head><title>Not Found</title></head><body><h1>404 Not Found</h1></body></html>", 404)


class SimulatedPlex(SimulatedServer):
    """Answers identity, a show's metadata and its episodes.

    Attributes:
        token: that it takes; None takes any, and none.
        uuid: who it says that it is.
        shows: by rating key, as `Metadata[0]` of an answer.
        episodes: by the show's rating key, as `Metadata` of allLeaves.
        knows_pages: whether it looks at X-Plex-Container-Start and -Size.
    """

    def __init__(self, token: str | None = None, uuid: str = UUID) -> None:
        super().__init__()
        self.token = token
        self.uuid = uuid
        self.shows: dict[str, Document] = {}
        self.episodes: dict[str, list[Document]] = {}
        self.knows_pages = True

    @property
    def url(self) -> str:
        """What `plex_server_url` is set to."""
        return self.address

    def add_show(
        self,
        rating_key: str,
        title: str,
        *,
        seasons: Mapping[int, int | Iterable[Document]] | None = None,
        year: int | None = 2020,
        guid: str | None = None,
        guids: Iterable[str] = (),
        duration: int | None = 2_700_000,
        **more: Any,
    ) -> Document:
        """Makes a show known, and returns its metadata, to be changed at will.

        Args:
            rating_key: of the show; its episodes get KEY followed by season and number.
            title: its title.
            seasons: number to how many episodes, which count from 1, or to the episodes by Plex's own names; what
                those do not say is made up. `file` of an episode becomes its one file.
            year: the show's.
            guid: made up when None.
            guids: show-level ids, such as tvdb://81189.
            duration: milliseconds of each episode.
            more: further keys of the answer, such as originalTitle; they win.
        """
        episodes = []
        for number, given in (seasons or {}).items():
            entries = [{} for _ in range(given)] if isinstance(given, int) else [dict(entry) for entry in given]
            for position, entry in enumerate(entries):
                episodes.append(_episode(rating_key, title, number, position + 1, duration, entry))
        show: Document = {
            "ratingKey": rating_key,
            "key": f"/library/metadata/{rating_key}/children",
            "guid": guid or f"plex://show/{int(rating_key) if rating_key.isdigit() else 0:024x}",
            "type": "show",
            "title": title,
            "librarySectionTitle": "TV",
            "librarySectionID": 2,
            "summary": "",
            "index": 1,
            "year": year,
            "leafCount": len(episodes),
            "viewedLeafCount": 0,
            "childCount": len(seasons or {}),
            "addedAt": 1_600_000_000,
            "updatedAt": 1_700_000_000,
            "Guid": [{"id": text} for text in guids],
            **more,
        }
        self.shows[rating_key] = show
        self.episodes[rating_key] = episodes
        return show

    def reply(self, request: Request) -> Reply:
        """As a server would; 401 without the token, but it tells everybody who it is."""
        if request.path == "/identity":
            return _container(0, claimed=True, machineIdentifier=self.uuid, version="1.41.5.9522-a96edc606")
        if self.token is not None and request.headers.get("x-plex-token") != self.token:
            return UNAUTHORIZED
        match = re.fullmatch(r"/library/metadata/([^/]+)(/allLeaves)?", request.path)
        if match is None or match[1] not in self.shows:
            return NOT_THERE
        if match[2] is None:
            show = self.shows[match[1]]
            if request.query.get("includeGuids") != "1":
                show = {key: value for key, value in show.items() if key != "Guid"}
            return _container(1, librarySectionID=2, Metadata=[show])
        return self._leaves(request, self.episodes[match[1]])

    def _leaves(self, request: Request, episodes: list[Document]) -> Reply:
        size = _page(request, "size")
        if size is None or not self.knows_pages:
            return _container(len(episodes), viewGroup="episode", Metadata=episodes)
        start = _page(request, "start") or 0
        page = episodes[start : start + size]
        # As real servers do, no Metadata where there is none.
        listed = {"Metadata": page} if page else {}
        return _container(len(page), totalSize=len(episodes), offset=start, viewGroup="episode", **listed)


def _page(request: Request, which: str) -> int | None:
    name = f"X-Plex-Container-{which.title()}"
    text = request.headers.get(name.lower()) or request.query.get(name) or ""
    return int(text) if text.isdigit() else None


def _container(size: int, **content: Any) -> Reply:
    return Reply({"MediaContainer": {"size": size, **content}})


def _episode(
    show_key: str, show_title: str, season: int, number: int, duration: int | None, given: Document
) -> Document:
    key = f"{show_key}{season:02d}{number:03d}"
    file = given.pop("file", f"/tv/{show_title}/S{season:02d}E{number:02d}.mkv")
    episode = {
        "ratingKey": key,
        "key": f"/library/metadata/{key}",
        "parentRatingKey": f"{show_key}{season:02d}",
        "grandparentRatingKey": show_key,
        "guid": f"plex://episode/{key:0>24}",
        "type": "episode",
        "title": f"Episode {number}",
        "grandparentTitle": show_title,
        "parentTitle": f"Season {season}" if season else "Specials",
        "index": number,
        "parentIndex": season,
        "year": 2020 + season,
        "duration": duration,
        "originallyAvailableAt": f"20{20 + season % 60:02d}-03-{1 + (number - 1) % 28:02d}",
        "addedAt": 1_600_000_000,
        "Media": [{"id": 1, "duration": duration, "Part": [{"id": 1, "file": file, "container": "mkv"}]}],
        **given,
    }
    return {name: value for name, value in episode.items() if value is not None}
