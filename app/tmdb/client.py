"""`TmdbClient`: questions to TMDB as one user, answered from the cache where it knows."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Literal, TypeVar
from urllib.parse import quote

import structlog
from pydantic import BaseModel, ValidationError

from app.db.queries import queries
from app.security.crypto import CannotDecrypt
from app.services import Services
from app.tmdb.cache import cache_key, remember, remembered
from app.tmdb.models import (
    EpisodeGroup,
    EpisodeGroups,
    EpisodeGroupSummary,
    Found,
    FoundShow,
    SearchResults,
    TmdbSeason,
    TmdbShow,
)
from app.upstream.errors import KeyMissing, KeyRejected, NotThere, UpstreamUnavailable
from app.upstream.http import Limits, Step

log = structlog.get_logger("tellykeep.tmdb")

Source = Literal["tvdb_id", "imdb_id"]
Model = TypeVar("Model", bound=BaseModel)

_KEY = re.compile(r"[!-~]+", re.ASCII)
_SHOWN = 100


class TmdbClient:
    """Asks TMDB with one key. Made for one job: cheap, and not to be shared between threads with its trace."""

    def __init__(self, services: Services, key: str, steps: list[Step]) -> None:
        """Asks nothing yet.

        Args:
            services: the application's parts.
            key: a v3 key or a v4 token.
            steps: the trace; each question adds a step.
        """
        self.services = services
        self.steps = steps
        self._key = key.strip()

    def with_steps(self, steps: list[Step]) -> TmdbClient:
        """The same with another trace, for another thread."""
        return TmdbClient(self.services, self._key, steps)

    def find(self, source: Source, external_id: int | str, *, fresh: bool = False) -> Found:
        """What an id of TheTVDB or IMDb stands for: nothing, or shows, episodes and seasons, which may be unrelated.

        Args:
            source: whose id.
            external_id: 81189, `tt0903747`.
            fresh: ask even if it is remembered, here and below.

        Raises:
            UpstreamError: here and below; see `app.upstream.errors`.
        """
        what = f"find {source.removesuffix('_id')} {external_id}"
        params = {"external_source": source}
        try:
            return self._ask(Found, f"/find/{_part(external_id)}", params, what, fresh=fresh)
        except NotThere:
            return Found()

    def show(self, tmdb_id: int, *, fresh: bool = False) -> TmdbShow:
        """A show with its external ids and other names.

        Raises:
            NotThere: there is no such show.
        """
        params = {"append_to_response": "external_ids,alternative_titles"}
        return self._ask(TmdbShow, f"/tv/{_part(tmdb_id)}", params, f"show {tmdb_id}", fresh=fresh)

    def season(self, tmdb_id: int, number: int, *, fresh: bool = False) -> TmdbSeason:
        """A season with its episodes; 0 are the specials.

        Raises:
            NotThere: there is no such season.
        """
        what = f"show {tmdb_id} season {number}"
        return self._ask(TmdbSeason, f"/tv/{_part(tmdb_id)}/season/{_part(number)}", {}, what, fresh=fresh)

    def search(self, query: str, year: int | None = None, *, fresh: bool = False) -> list[FoundShow]:
        """Shows of that name or a similar one, the likeliest first.

        Args:
            query: a title.
            year: in which it started.
            fresh: see `find`.
        """
        query = " ".join(query.split())
        if not query:
            return []
        params: dict[str, str | int] = {"query": query, "include_adult": "false"}
        what = f"search “{query[:_SHOWN]}”"
        if year is not None:
            params["first_air_date_year"] = year
            what += f" of {year}"
        return list(self._ask(SearchResults, "/search/tv", params, what, fresh=fresh).results)

    def episode_groups(self, tmdb_id: int, *, fresh: bool = False) -> list[EpisodeGroupSummary]:
        """The other orders (DVD, absolute …) that a show's episodes have."""
        what = f"orders of show {tmdb_id}"
        return list(self._ask(EpisodeGroups, f"/tv/{_part(tmdb_id)}/episode_groups", {}, what, fresh=fresh).results)

    def episode_group(self, group_id: str, *, fresh: bool = False) -> EpisodeGroup:
        """One of these orders with its episodes.

        Raises:
            NotThere: there is no such order.
        """
        return self._ask(EpisodeGroup, f"/tv/episode_group/{_part(group_id)}", {}, f"order {group_id}", fresh=fresh)

    def check_key(self, *, limits: Limits | None = None) -> None:
        """Asks whether the key counts, never from the cache.

        Args:
            limits: where somebody waits; the usual ones when None.

        Raises:
            KeyRejected: it does not.
        """
        params, headers = self._with_key({})
        self.services.tmdb.get(
            self._url("/configuration"),
            what="is the key right",
            steps=self.steps,
            params=params,
            headers=headers,
            limits=limits,
        )

    def _ask(self, model: type[Model], path: str, params: Mapping[str, str | int], what: str, *, fresh: bool) -> Model:
        started = time.monotonic()
        key = cache_key(path, params)
        known = None if fresh else remembered(self.services, key)
        if known is not None:
            status, body = known
            if body is None:
                self.services.tmdb.note_cached(what, status, started, self.steps)
                raise NotThere("tmdb", what)
            answer = _read(model, body)
            if answer is not None:
                self.services.tmdb.note_cached(what, status, started, self.steps)
                return answer
        all_params, headers = self._with_key(params)
        try:
            document = self.services.tmdb.get(
                self._url(path), what=what, steps=self.steps, params=all_params, headers=headers
            )
        except NotThere:
            remember(self.services, key, None)
            raise
        answer = _read(model, document)
        if answer is None:
            self.steps[-1]["problem"] = "the answer is not as TMDB describes it"
            raise UpstreamUnavailable("tmdb", "gave an answer that is not as it describes it")
        remember(self.services, key, answer)
        return answer

    def _url(self, path: str) -> str:
        return self.services.settings.tmdb_url + path

    def _with_key(self, params: Mapping[str, str | int]) -> tuple[dict[str, str | int], dict[str, str]]:
        """Parameters and headers of a request; a v4 token goes into the header, which reaches no log.

        Raises:
            KeyRejected: it cannot be one.
        """
        if not _KEY.fullmatch(self._key):
            raise KeyRejected("tmdb")
        if self._key.startswith("eyJ") or "." in self._key:
            return dict(params), {"Authorization": f"Bearer {self._key}"}
        return {**params, "api_key": self._key}, {}


def tmdb_key(services: Services, user_id: int) -> str | None:
    """The key to ask TMDB with: the user's own, else the installation's (TMDB_API_KEY); None when there is none."""
    with services.db.connection() as connection:
        sealed = queries().get_tmdb_key(connection, user_id=user_id)
    if sealed is not None:
        try:
            return services.cipher.decrypt(sealed, column="settings.tmdb_api_key", row=user_id)
        except CannotDecrypt as error:
            log.warning("a TMDB key cannot be read", user_id=user_id, reason=error.message)
    key = services.settings.tmdb_api_key
    return key.get_secret_value() if key is not None and key.get_secret_value().strip() else None


def tmdb_of(services: Services, user_id: int, steps: list[Step]) -> TmdbClient | None:
    """TMDB as this user asks it; None without a key."""
    key = tmdb_key(services, user_id)
    return None if key is None else TmdbClient(services, key, steps)


def need_tmdb(services: Services, user_id: int, steps: list[Step]) -> TmdbClient:
    """TMDB as this user asks it.

    Raises:
        KeyMissing: there is no key; the message says where to enter one.
    """
    client = tmdb_of(services, user_id, steps)
    if client is None:
        raise KeyMissing(
            "tmdb",
            "no TMDB key is set: make one at themoviedb.org and give it to POST /api/plex/config as tmdb_api_key,"
            " or set TMDB_API_KEY",
        )
    return client


def _part(value: int | str) -> str:
    return quote(str(value), safe="")


def _read(model: type[Model], document: object) -> Model | None:
    try:
        return model.model_validate(document)
    except ValidationError:
        return None
