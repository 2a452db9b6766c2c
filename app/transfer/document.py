"""What an export consists of: the shape that is believed of a file which somebody brings in."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

HIGHEST_ID = 2**31 - 1
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)


def _storable(value: Any) -> Any:
    if isinstance(value, str) and _UNSTORABLE.search(value):
        raise ValueError("text without NUL characters and lone surrogates: they cannot be stored")
    return value


def _plausible(value: datetime) -> datetime:
    if not _EARLIEST <= value <= datetime.now(UTC) + timedelta(days=1):
        raise ValueError("a moment after 1900 and not in the future")
    return value.astimezone(UTC)


Text = Annotated[str, BeforeValidator(_storable), Field(max_length=1000)]
Name = Annotated[str, BeforeValidator(_storable), Field(min_length=1, max_length=1000)]
Key = Annotated[str, BeforeValidator(_storable), Field(max_length=600)]
Moment = Annotated[AwareDatetime, AfterValidator(_plausible)]
ForeignId = Annotated[int, Field(ge=1, le=HIGHEST_ID)]
Number = Annotated[int, Field(ge=0, le=HIGHEST_ID)]
Place = Annotated[int, Field(ge=1)]
Year = Annotated[int, Field(ge=-10_000, le=10_000)]
ShowYear = Annotated[int, Field(ge=1800, le=2200)]
ImdbId = Annotated[str, Field(pattern=r"^tt[0-9]{1,12}$")]
Source = Literal["webhook", "history", "spool", "manual", "import"]


# Lists are left at their first fault: a million of them, each with its words, were more than a gigabyte.
class Part(BaseModel):
    """Of an export."""

    # What a later version adds is not a reason to refuse the rest.
    model_config = ConfigDict(extra="ignore")

    def stored(self) -> dict[str, Any]:
        """As JSON, with only what was given."""
        return self.model_dump(mode="json", exclude_none=True)


class Server(Part):
    """A Plex server that was seen."""

    server_uuid: Key
    title: Text = ""
    counts: bool | None = None


class Account(Part):
    """A Plex account that was seen."""

    server_uuid: Key = ""
    plex_account_id: Annotated[int, Field(ge=0, le=2**63 - 1)] | None = None
    title: Text = ""
    counts: bool | None = None


def _known_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("a time zone that this system knows") from None
    return value


class Settings(Part):
    """What somebody set. Where the Plex server is, is not among it: the token that is kept here would be sent there."""

    timezone: Annotated[str, Field(max_length=64), BeforeValidator(_storable), AfterValidator(_known_zone)] | None = (
        None
    )
    auto_add_shows: bool | None = None
    auto_mark_watched: bool | None = None
    map_confidence: Annotated[float, Field(ge=0.6, le=1)] | None = None
    propose_similarity: Annotated[float, Field(ge=0.1, le=0.9)] | None = None
    log_retention_days: Annotated[int, Field(ge=1, le=36_500)] | None = None
    history_poll_minutes: Annotated[int, Field(ge=1, le=1440)] | None = None
    sync_library: bool | None = None

    def given(self) -> dict[str, Any]:
        """As JSON; what is null is so by choice: the default of this installation."""
        return self.model_dump(mode="json", exclude_unset=True)


class Question(Part):
    """Something that was asked: of these it is only counted how many are open."""

    resolved: bool = True


class Rule(Part):
    """A numbering rule."""

    kind: Literal["offset", "absolute", "to_absolute", "air_date", "double"]
    source: Literal["user", "answer", "plex_file", "tmdb_group", "hama"] = "user"
    plex_season: Number | None = None
    from_episode: Number = 0
    to_episode: Number | None = None
    season: Number | None = None
    episode_offset: Annotated[int, Field(ge=-HIGHEST_ID, le=HIGHEST_ID)] = 0
    season_lengths: Annotated[list[Number], Field(max_length=1000, fail_fast=True)] | None = None
    first_episode: Number | None = None
    last_episode: Number | None = None
    removed_at: Moment | None = None


class Mapping(Part):
    """What a Plex show stands for."""

    plex_server_uuid: Key | None = None
    plex_rating_key: Key | None = None
    plex_guid: Key | None = None
    plex_title: Text = ""
    plex_year: Year | None = None
    tvdb_id: ForeignId | None = None
    imdb_id: Key | None = None
    tmdb_id: ForeignId | None = None
    match_confidence: Annotated[float, Field(ge=0, le=1)] = 1.0
    match_method: Annotated[str, Field(min_length=1, max_length=100)] = "import"
    manually_confirmed: bool = False
    sync_enabled: bool = True
    last_synced_at: Moment | None = None
    created_at: Moment | None = None
    show_key: Key | None = None
    rules: Annotated[list[Rule], Field(max_length=1000, fail_fast=True)] = Field(default_factory=list)


class _OfAnEpisode(Part):
    season: Number
    episode: Number
    source: Source = "import"
    server_uuid: Key | None = None
    account: Place | None = None
    history_key: Key | None = None
    plex_season: Number | None = None
    plex_episode: Number | None = None
    mapping: Place | None = None


class Said(_OfAnEpisode):
    """A viewing that was told, a mark or an unmark."""

    kind: Literal["viewing", "mark", "unmark"]
    occurred_at: Moment
    said_at: AwareDatetime | None = None
    withdrawn_at: Moment | None = None
    withdrawn_why: Literal["moved", "undone", "removed"] | None = None
    removed_at: Moment | None = None


class Play(_OfAnEpisode):
    """A viewing."""

    watched_at: Moment
    voided_at: Moment | None = None
    void_reason: Literal["unmarked", "same_viewing", "moved", "undone", "removed"] | None = None


class Episode(Part):
    """An episode of a season, by the names that the seasons document has."""

    episodeNumber: Number  # noqa: N815 - the stored document's own names
    title: Text | None = None
    airDate: date | None = None  # noqa: N815
    runtime: Annotated[int, Field(ge=0, le=10_000)] | None = None
    watched: bool = False
    dateWatched: Moment | None = None  # noqa: N815
    tmdbId: ForeignId | None = None  # noqa: N815


class Season(Part):
    """A season with its episodes."""

    seasonNumber: Number  # noqa: N815
    episodes: Annotated[list[Episode], Field(max_length=20_000, fail_fast=True)] = Field(default_factory=list)


class ShowName(Part):
    """Another name of a show."""

    title: Name
    kind: Literal["main", "original", "alternative", "learnt"] = "alternative"


class Show(Part):
    """A show with everything that belongs to it. Only a title is needed."""

    title: Name
    tmdb_id: ForeignId | None = None
    tvdb_id: ForeignId | None = None
    imdb_id: ImdbId | None = None
    show_start_date: date | None = None
    year: ShowYear | None = None
    status: Text | None = None
    poster_path: Text | None = None
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}(,[A-Z]{2})*$", max_length=60)] | None = None
    source: Literal["manual", "plex", "import"] = "import"
    created_at: Moment | None = None
    deleted_at: Moment | None = None
    plex_synced: bool = False
    plex_last_sync: Moment | None = None
    names: Annotated[list[ShowName], Field(max_length=1000, fail_fast=True)] = Field(default_factory=list)
    seasons: Annotated[list[Season], Field(max_length=1000, fail_fast=True)] = Field(default_factory=list)
    mappings: Annotated[list[Mapping], Field(max_length=1000, fail_fast=True)] = Field(default_factory=list)
    said: Annotated[list[Said], Field(max_length=100_000, fail_fast=True)] | None = None
    plays: Annotated[list[Play], Field(max_length=100_000, fail_fast=True)] | None = None


def what_is_wrong(error: ValidationError) -> str:
    """The first faults of an entry: the path of each, and what was expected there."""
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    told = [
        f"{'.'.join(str(part) for part in fault['loc']) or 'the entry'}: {fault['msg'].removeprefix('Value error, ')}"
        for fault in faults[:3]
    ]
    return "; ".join(told) + (f"; and {len(faults) - 3} more" if len(faults) > 3 else "")
