"""A Plex Media Server's library over real HTTP: the shapes of real answers, invented in content."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.demo.simulated_server import Reply, Request, SimulatedServer

UUID = "7e11ae5e47711ae5e47711ae5e47711ae5e47711"

Document = dict[str, Any]

# JSON was asked for; errors are pages all the same.
UNAUTHORIZED = Reply("<html><head><title>Unauthorized</title></head><body><h1>401 Unauthorized</h1></body></html>", 401)
NOT_THERE = Reply("<html><head><title>Not Found</title></head><body><h1>404 Not Found</h1></body></html>", 404)


class SimulatedPlex(SimulatedServer):
    """Answers identity, accounts, a show's metadata, its episodes, the watch history, and images in a size.

    Attributes:
        token: that it takes; None takes any, and none.
        uuid: who it says that it is.
        name: what its owner calls it.
        shows: by rating key, as `Metadata[0]` of an answer.
        episodes: by the show's rating key, as `Metadata` of allLeaves.
        accounts: number to name of who watches.
        images: by the path that `thumb` of a show names.
        history: what was watched, as rows of an answer, in any order.
        knows_pages: whether it looks at X-Plex-Container-Start and -Size.
    """

    def __init__(self, token: str | None = None, uuid: str = UUID) -> None:
        super().__init__()
        self.token = token
        self.uuid = uuid
        self.name = "Attic"
        self.shows: dict[str, Document] = {}
        self.episodes: dict[str, list[Document]] = {}
        self.accounts: dict[int, str] = {1: "alex"}
        self.history: list[Document] = []
        self.images: dict[str, bytes] = {}
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

    def watched(self, show_key: str, season: int, number: int, at: int, *, account: int = 1, **more: Any) -> Document:
        """Adds a row to the history, and returns it; the episode of the library counts one viewing more.

        Args:
            show_key: of a show that was added.
            season, number: of an episode that it has.
            at: Unix seconds by this server's clock.
            account: who.
            more: further keys of the row; they win, and None leaves one out.
        """
        episode = next(e for e in self.episodes[show_key] if (e.get("parentIndex"), e.get("index")) == (season, number))
        episode |= {"viewCount": episode.get("viewCount", 0) + 1, "lastViewedAt": at}
        row = {
            "historyKey": f"/status/sessions/history/{len(self.history) + 1}",
            "key": episode["key"],
            "ratingKey": episode["ratingKey"],
            "librarySectionID": "2",
            "parentKey": f"/library/metadata/{episode['parentRatingKey']}",
            "grandparentKey": f"/library/metadata/{show_key}",
            "title": episode["title"],
            "grandparentTitle": episode["grandparentTitle"],
            "type": "episode",
            "index": number,
            "parentIndex": season,
            "originallyAvailableAt": f"{episode['originallyAvailableAt']}T00:00:00.000Z",
            "viewedAt": at,
            "accountID": account,
            "deviceID": 5,
            **more,
        }
        row = {name: value for name, value in row.items() if value is not None}
        self.history.append(row)
        return row

    def viewings(self, since: int, account: int | None) -> Sequence[Document]:
        """The rows of the history that are asked for, the oldest first."""
        rows = (row for row in self.history if row["viewedAt"] >= since and account in (None, row["accountID"]))
        return sorted(rows, key=lambda row: int(row["viewedAt"]))

    def reply(self, request: Request) -> Reply:
        """As a server would; 401 without the token, but it tells everybody who it is."""
        if request.path == "/identity":
            return _container(0, claimed=True, machineIdentifier=self.uuid, version="1.41.5.9522-a96edc606")
        if self.token is not None and request.headers.get("x-plex-token") != self.token:
            return UNAUTHORIZED
        if request.path == "/":
            return _container(0, friendlyName=self.name, machineIdentifier=self.uuid)
        if request.path == "/accounts":
            known = [{"id": 0, "key": "/accounts/0", "name": ""}]
            known += [{"id": n, "key": f"/accounts/{n}", "name": name} for n, name in self.accounts.items()]
            return _container(len(known), identifier="com.plexapp.system.accounts", Account=known)
        if request.path == "/status/sessions/history/all":
            account = request.query.get("accountID")
            rows = self.viewings(int(request.query.get("viewedAt>", 0)), None if account is None else int(account))
            return self._page(request, rows)
        if request.path == "/photo/:/transcode":
            image = self.images.get(request.query.get("url", ""))
            return NOT_THERE if image is None else Reply(image, headers={"Content-Type": "image/jpeg"})
        match = re.fullmatch(r"/library/metadata/([^/]+)(/allLeaves)?", request.path)
        if match is None or match[1] not in self.shows:
            return NOT_THERE
        if match[2] is None:
            show = self.shows[match[1]]
            if request.query.get("includeGuids") != "1":
                show = {key: value for key, value in show.items() if key != "Guid"}
            return _container(1, librarySectionID=2, Metadata=[show])
        return self._page(request, self.episodes[match[1]], viewGroup="episode")

    def _page(self, request: Request, entries: Sequence[Document], **more: Any) -> Reply:
        size = _page(request, "size")
        if size is None or not self.knows_pages:
            return _container(len(entries), **more, Metadata=list(entries))
        start = _page(request, "start") or 0
        page = list(entries[start : start + size])
        # As real servers do, no Metadata where there is none.
        listed = {"Metadata": page} if page else {}
        return _container(len(page), totalSize=len(entries), offset=start, **more, **listed)


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
