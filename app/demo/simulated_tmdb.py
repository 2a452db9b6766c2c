"""A TMDB over real HTTP that knows what it was told: the shapes of real answers, invented in content."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from zlib import crc32

from app.demo.simulated_server import Reply, Request, SimulatedServer

BASE = "/3"
IMAGES = "/t/p"

Episode = dict[str, Any]
Document = dict[str, Any]

NOT_THERE = Reply(
    {"success": False, "status_code": 34, "status_message": "The resource you requested could not be found."}, 404
)
KEY_REJECTED = Reply(
    {"status_code": 7, "status_message": "Invalid API key: You must be granted a valid key.", "success": False}, 401
)


class SimulatedTmdb(SimulatedServer):
    """Answers find, show, season, search, episode groups and configuration, and is the host of its images.

    Attributes:
        key: the v3 key or v4 token that it takes; None takes any, and none.
        shows: by TMDB id, as `/tv/{id}` answers them.
        seasons: by TMDB id and number, as `/tv/{id}/season/{n}` answers them.
        found: by source (`tvdb_id`, `imdb_id`) and id, as `/find` answers; beside what follows from `shows`.
        images: by `poster_path`, as the host of images answers; the same in every size.
        groups: by group id, as `/tv/episode_group/{id}` answers; with the show's id under `show_id`.
    """

    def __init__(self, key: str | None = None) -> None:
        super().__init__()
        self.key = key
        self.shows: dict[int, Document] = {}
        self.seasons: dict[tuple[int, int], Document] = {}
        self.found: dict[tuple[str, str], Document] = {}
        self.groups: dict[str, Document] = {}
        self.images: dict[str, bytes] = {}

    @property
    def url(self) -> str:
        """What TMDB_URL is set to."""
        return self.address + BASE

    @property
    def image_url(self) -> str:
        """What TMDB_IMAGE_URL is set to."""
        return self.address + IMAGES

    def add_show(
        self,
        tmdb_id: int,
        name: str,
        *,
        seasons: Mapping[int, int | Iterable[Episode]] | None = None,
        tvdb_id: int | None = None,
        imdb_id: str | None = None,
        first_air_date: str | None = "2020-01-05",
        status: str = "Returning Series",
        original_name: str | None = None,
        alternative: Iterable[str] = (),
        country: str = "US",
        runtime: int | None = 45,
        **more: Any,
    ) -> Document:
        """Makes a show known, and returns it as `/tv/{id}` answers it, to be changed at will.

        Args:
            tmdb_id: its id.
            name: its title.
            seasons: number to how many episodes, which count from 1, or to the episodes themselves; what those do
                not say is made up. `tvdb_id` and `imdb_id` of an episode are found too.
            tvdb_id, imdb_id: by which it is found.
            first_air_date: "" and None are possible too.
            status: "Ended", "Canceled", …
            original_name: the name when None.
            alternative: other names.
            country: of origin.
            runtime: minutes of each episode.
            more: further keys of the answer; they win.
        """
        listed = []
        for number, given in (seasons or {}).items():
            episodes = [{} for _ in range(given)] if isinstance(given, int) else [dict(entry) for entry in given]
            self.seasons[tmdb_id, number] = self._season(tmdb_id, number, episodes, runtime)
            listed.append(
                {
                    "air_date": None,
                    "episode_count": len(episodes),
                    "id": _id("season", tmdb_id, number),
                    "name": f"Season {number}" if number else "Specials",
                    "overview": "",
                    "poster_path": None,
                    "season_number": number,
                }
            )
        show: Document = {
            "adult": False,
            "backdrop_path": None,
            "episode_run_time": [],
            "first_air_date": first_air_date,
            "genres": [{"id": 18, "name": "Drama"}],
            "id": tmdb_id,
            "in_production": status == "Returning Series",
            "last_air_date": None,
            "name": name,
            "next_episode_to_air": None,
            "number_of_seasons": len([entry for entry in listed if entry["season_number"]]),
            "origin_country": [country] if country else [],
            "original_language": "en",
            "original_name": original_name or name,
            "overview": "",
            "popularity": 10.5,
            "poster_path": f"/poster{tmdb_id}.jpg",
            "seasons": listed,
            "status": status,
            "type": "Scripted",
            "vote_average": 7.5,
            "external_ids": {"tvdb_id": tvdb_id, "imdb_id": imdb_id, "tvrage_id": None, "wikidata_id": None},
            "alternative_titles": {
                "results": [{"iso_3166_1": "DE", "title": title, "type": ""} for title in alternative]
            },
            **more,
        }
        self.shows[tmdb_id] = show
        return show

    def reply(self, request: Request) -> Reply:
        """As TMDB would, 401 without the key; its images are for everybody."""
        if request.path.startswith(f"{IMAGES}/"):
            return self._image(request.path)
        if self.key is not None:
            given = request.headers.get("authorization", "").removeprefix("Bearer ") or request.query.get("api_key")
            if given != self.key:
                return KEY_REJECTED
        for pattern, answer in _ROUTES:
            match = re.fullmatch(BASE + pattern, request.path)
            if match is not None:
                document = answer(self, request, *match.groups())
                return NOT_THERE if document is None else Reply(document)
        return NOT_THERE

    def _season(self, tmdb_id: int, number: int, episodes: list[Episode], runtime: int | None) -> Document:
        return {
            "_id": f"{tmdb_id:012x}{number:012x}",
            "air_date": None,
            "episodes": [
                {
                    "air_date": f"20{20 + number % 60:02d}-03-{1 + position % 28:02d}",
                    "episode_number": position + 1,
                    "episode_type": "standard",
                    "id": _id("episode", tmdb_id, number, position + 1),
                    "name": f"Episode {position + 1}",
                    "overview": "",
                    "production_code": "",
                    "runtime": runtime,
                    "season_number": number,
                    "show_id": tmdb_id,
                    "still_path": None,
                    "crew": [],
                    "guest_stars": [],
                    **episode,
                }
                for position, episode in enumerate(episodes)
            ],
            "id": _id("season", tmdb_id, number),
            "name": f"Season {number}" if number else "Specials",
            "overview": "",
            "poster_path": None,
            "season_number": number,
        }

    def _find(self, request: Request, external_id: str) -> Document:
        source = request.query.get("external_source", "")
        told = self.found.get((source, external_id), {})
        shows = [
            _listed(show, media_type="tv")
            for show in self.shows.values()
            if str((show.get("external_ids") or {}).get(source)) == external_id
        ]
        episodes = [
            {key: value for key, value in episode.items() if key not in ("crew", "guest_stars", "tvdb_id", "imdb_id")}
            for season in self.seasons.values()
            for episode in season.get("episodes", [])
            if str(episode.get(source)) == external_id
        ]
        return {
            "movie_results": [],
            "person_results": [],
            "tv_results": shows,
            "tv_episode_results": episodes,
            "tv_season_results": [],
        } | told

    def _show(self, request: Request, tmdb_id: str) -> Document | None:
        show = self.shows.get(int(tmdb_id))
        if show is None:
            return None
        appended = set(request.query.get("append_to_response", "").split(","))
        left_out = {"external_ids", "alternative_titles"} - appended
        return {key: value for key, value in show.items() if key not in left_out}

    def _one_season(self, _request: Request, tmdb_id: str, number: str) -> Document | None:
        return self.seasons.get((int(tmdb_id), int(number)))

    def _search(self, request: Request) -> Document:
        wanted = request.query.get("query", "").casefold()
        year = request.query.get("first_air_date_year")
        found = [
            _listed(show)
            for show in self.shows.values()
            if any(wanted in name.casefold() for name in _names(show))
            and (year is None or str(show.get("first_air_date") or "").startswith(year))
        ]
        return {"page": 1, "results": found[:20], "total_pages": 1, "total_results": len(found)}

    def _groups(self, _request: Request, tmdb_id: str) -> Document | None:
        if int(tmdb_id) not in self.shows:
            return None
        of_show = [group for group in self.groups.values() if group.get("show_id") == int(tmdb_id)]
        summaries = [
            {key: group.get(key) for key in ("description", "id", "name", "network", "type")}
            | {
                "episode_count": sum(len(part["episodes"]) for part in group["groups"]),
                "group_count": len(group["groups"]),
            }
            for group in of_show
        ]
        return {"results": summaries, "id": int(tmdb_id)}

    def _group(self, _request: Request, group_id: str) -> Document | None:
        return self.groups.get(group_id)

    def _image(self, path: str) -> Reply:
        match = re.fullmatch(IMAGES + r"/(?:w\d+|original)(/[^/]+)", path)
        content = self.images.get(match[1]) if match is not None else None
        return NOT_THERE if content is None else Reply(content, headers={"Content-Type": "image/jpeg"})

    def _configuration(self, _request: Request) -> Document:
        return {"images": {"secure_base_url": "https://image.tmdb.org/t/p/", "poster_sizes": ["w342"]}}


def _id(*name: object) -> int:
    """The same for the same thing, and small enough for an id."""
    return 1_000_000 + crc32("/".join(map(str, name)).encode()) % 1_000_000_000


def _names(show: Document) -> Iterable[str]:
    yield str(show.get("name") or "")
    yield str(show.get("original_name") or "")
    for other in (show.get("alternative_titles") or {}).get("results", []):
        yield str(other["title"])


_LISTED = (
    *("adult", "backdrop_path", "id", "name", "original_language", "original_name", "overview", "poster_path"),
    *("first_air_date", "origin_country", "popularity", "vote_average"),
)


def _listed(show: Document, **more: Any) -> Document:
    return {key: show[key] for key in _LISTED if key in show} | more


_ROUTES: tuple[tuple[str, Callable[..., Document | None]], ...] = (
    (r"/find/([^/]+)", SimulatedTmdb._find),
    (r"/tv/(\d+)", SimulatedTmdb._show),
    (r"/tv/(\d+)/season/(\d+)", SimulatedTmdb._one_season),
    (r"/tv/(\d+)/episode_groups", SimulatedTmdb._groups),
    (r"/tv/episode_group/([^/]+)", SimulatedTmdb._group),
    (r"/search/tv", SimulatedTmdb._search),
    (r"/configuration", SimulatedTmdb._configuration),
)
