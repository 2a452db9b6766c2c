"""What TMDB answers, as types. Only an id must be right; whatever else is odd counts as not known.

Seen in real answers: `runtime` null or missing, `air_date` null or "", `first_air_date` "", `alternative_titles` without
`results`, a season without `episodes`, ids of 0. One odd entry of a list costs that entry, never the show.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field

from app.upstream.values import Answer, Day, Id, IdOrNone, Number, NumberOrNone, Text, each_of, whole

LONGEST_RUNTIME = 10_000

_IMDB_ID = re.compile(r"tt\d{1,12}", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)


def _imdb_id(value: object) -> str | None:
    return value if isinstance(value, str) and _IMDB_ID.fullmatch(value) else None


def _countries(value: object) -> tuple[str, ...]:
    entries = value if isinstance(value, list | tuple) else ()
    return tuple(entry for entry in entries if isinstance(entry, str) and _COUNTRY.fullmatch(entry))


def _object(value: object) -> object:
    return value if isinstance(value, dict | BaseModel) else {}


Minutes = Annotated[int | None, BeforeValidator(whole(1, LONGEST_RUNTIME))]
ImdbId = Annotated[str | None, BeforeValidator(_imdb_id)]
Countries = Annotated[tuple[str, ...], BeforeValidator(_countries)]


class FoundShow(Answer):
    """A show as lists have it."""

    id: Id
    name: Text = ""
    original_name: Text = ""
    first_air_date: Day = None
    origin_country: Countries = ()
    poster_path: Text = ""
    overview: Text = ""

    @property
    def title(self) -> str:
        """What to call it."""
        return self.name or self.original_name or f"TMDB {self.id}"

    @property
    def year(self) -> int | None:
        """When it started."""
        return self.first_air_date.year if self.first_air_date else None

    @property
    def country(self) -> str | None:
        """Where it comes from first of all, as ISO 3166-1 alpha-2."""
        return self.origin_country[0] if self.origin_country else None


class FoundEpisode(Answer):
    """An episode that an external id stands for; whose `show_id` is the show's."""

    id: Id
    show_id: Id
    season_number: Number
    episode_number: Number
    name: Text = ""
    air_date: Day = None


class FoundSeason(Answer):
    """A season that an external id stands for."""

    id: Id
    show_id: Id
    season_number: Number


class Found(Answer):
    """What `/find` knows under an external id. Numbers of shows, seasons and episodes collide: take the kind asked for."""

    shows: Annotated[tuple[FoundShow, ...], BeforeValidator(each_of(FoundShow))] = Field(default=(), alias="tv_results")
    episodes: Annotated[tuple[FoundEpisode, ...], BeforeValidator(each_of(FoundEpisode))] = Field(
        default=(), alias="tv_episode_results"
    )
    seasons: Annotated[tuple[FoundSeason, ...], BeforeValidator(each_of(FoundSeason))] = Field(
        default=(), alias="tv_season_results"
    )

    def __bool__(self) -> bool:
        return bool(self.shows or self.episodes or self.seasons)


class SearchResults(Answer):
    """One page of a search."""

    results: Annotated[tuple[FoundShow, ...], BeforeValidator(each_of(FoundShow))] = ()


class AlternativeTitle(Answer):
    """Another name of a show."""

    title: Text = ""
    iso_3166_1: Text = ""


class _AlternativeTitles(Answer):
    results: Annotated[tuple[AlternativeTitle, ...], BeforeValidator(each_of(AlternativeTitle))] = ()


class TmdbExternalIds(Answer):
    """A show's ids elsewhere."""

    tvdb_id: IdOrNone = None
    imdb_id: ImdbId = None


class SeasonSummary(Answer):
    """A season as the show has it, without its episodes."""

    season_number: Number
    episode_count: NumberOrNone = None
    air_date: Day = None
    name: Text = ""


class TmdbShow(FoundShow):
    """A show asked for alone."""

    status: Text = ""
    last_air_date: Day = None
    seasons: Annotated[tuple[SeasonSummary, ...], BeforeValidator(each_of(SeasonSummary))] = ()
    external_ids: Annotated[TmdbExternalIds, BeforeValidator(_object)] = TmdbExternalIds()
    alternative_titles: Annotated[_AlternativeTitles, BeforeValidator(_object)] = _AlternativeTitles()

    @property
    def has_ended(self) -> bool:
        """Whether no more episodes are to come."""
        return self.status in ("Ended", "Canceled")

    @property
    def names(self) -> list[dict[str, str]]:
        """Its other names, each once: `{"title", "kind"}` as the SQL function add_show takes them."""
        names: dict[str, str] = {}
        if self.original_name and self.original_name != self.title:
            names[self.original_name] = "original"
        for other in self.alternative_titles.results:
            if other.title and other.title != self.title:
                names.setdefault(other.title, "alternative")
        return [{"title": title, "kind": kind} for title, kind in names.items()]


class TmdbEpisode(Answer):
    """An episode of a season."""

    id: IdOrNone = None
    episode_number: Number
    name: Text = ""
    air_date: Day = None
    runtime: Minutes = None


class TmdbSeason(Answer):
    """A season with its episodes; some have none."""

    season_number: NumberOrNone = None
    name: Text = ""
    air_date: Day = None
    episodes: Annotated[tuple[TmdbEpisode, ...], BeforeValidator(each_of(TmdbEpisode))] = ()

    @property
    def latest(self) -> date | None:
        """When its last episode airs or aired; None when that is not known of each of them."""
        days = [episode.air_date for episode in self.episodes]
        return max((day for day in days if day), default=None) if all(days) else None


class EpisodeGroupSummary(Answer):
    """Another order of a show's episodes, without them. `type`: 1 original air date, 2 absolute, 3 DVD, 4 digital,
    5 story arc, 6 production, 7 TV.
    """

    id: Text
    name: Text = ""
    type: NumberOrNone = None
    episode_count: NumberOrNone = None
    group_count: NumberOrNone = None


class EpisodeGroups(Answer):
    """The other orders that a show has."""

    results: Annotated[tuple[EpisodeGroupSummary, ...], BeforeValidator(each_of(EpisodeGroupSummary))] = ()


class GroupedEpisode(Answer):
    """An episode in another order: `order` counts from 0 within its part; the numbers are those of the usual order."""

    id: IdOrNone = None
    season_number: Number
    episode_number: Number
    order: Number
    name: Text = ""
    air_date: Day = None


class EpisodeGroupPart(Answer):
    """A season, disc or arc of another order."""

    name: Text = ""
    order: NumberOrNone = None
    episodes: Annotated[tuple[GroupedEpisode, ...], BeforeValidator(each_of(GroupedEpisode))] = ()


class EpisodeGroup(Answer):
    """Another order of a show's episodes."""

    id: Text = ""
    name: Text = ""
    type: NumberOrNone = None
    groups: Annotated[tuple[EpisodeGroupPart, ...], BeforeValidator(each_of(EpisodeGroupPart))] = ()


def as_stored(model: BaseModel) -> dict[str, Any]:
    """What the cache keeps of an answer: in TMDB's own names, so that it reads like one."""
    return model.model_dump(mode="json", by_alias=True)
