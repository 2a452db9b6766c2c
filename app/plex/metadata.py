"""What a Plex server answers about its library, as types. As lenient as messages vary: see app.upstream.values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from app.plex.events import EARLIEST_VIEW, LATEST_VIEW, MAX_BIGINT, MAX_DURATION_MS, MAX_KEY, YEARS
from app.plex.guids import ExternalIds, episode_ids, ids_in_array, parse_guid, title_ids
from app.upstream.values import HIGHEST_ID, Answer, Day, NumberOrNone, Text, each_of, required, whole


def _key(value: object) -> str | None:
    """A rating key: text, although most look like numbers and some come as one."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return value.strip() or None if isinstance(value, str) and len(value) <= MAX_KEY else None


def _guids(value: object) -> tuple[str, ...]:
    entries = value if isinstance(value, list) else ()
    ids = (entry.get("id") for entry in entries if isinstance(entry, dict))
    return tuple(text for text in ids if isinstance(text, str))


def _files(value: object) -> tuple[str, ...]:
    """The files of `Media[].Part[]`, each once."""
    return tuple(dict.fromkeys(_each_file(value)))


def _each_file(value: object) -> Iterator[str]:
    for medium in value if isinstance(value, list) else ():
        parts = medium.get("Part") if isinstance(medium, dict) else None
        for part in parts if isinstance(parts, list) else ():
            name = part.get("file") if isinstance(part, dict) else None
            if isinstance(name, str) and name:
                yield name


def _dicts(value: object) -> tuple[dict[str, Any], ...]:
    return tuple(entry for entry in value if isinstance(entry, dict)) if isinstance(value, list) else ()


_Key = Annotated[str | None, BeforeValidator(_key)]
_Guids = Annotated[tuple[str, ...], BeforeValidator(_guids)]
_Year = Annotated[int | None, BeforeValidator(whole(YEARS.start, YEARS.stop - 1))]
_Count = Annotated[int | None, BeforeValidator(whole(0, HIGHEST_ID))]


class Identity(Answer):
    """Who a server is: what webhooks call `Server.uuid`. `name`: only it itself tells that, and only to its users."""

    uuid: _Key = Field(default=None, alias="machineIdentifier")
    version: Text = ""
    name: Text = Field(default="", alias="friendlyName")


class PlexShow(Answer):
    """A show of a library. `year` is the show's own, unlike that of its episodes in webhooks."""

    type: Text = ""
    title: Text = ""
    original_title: Text = Field(default="", alias="originalTitle")
    year: _Year = None
    raw_guid: Text = Field(default="", alias="guid")
    guids: _Guids = Field(default=(), alias="Guid")
    leaf_count: _Count = Field(default=None, alias="leafCount")
    thumb: Text = ""

    @property
    def guid(self) -> str:
        """Its GUID as events name it: without the language; "" when there is none."""
        return parse_guid(self.raw_guid).text

    @property
    def ids(self) -> ExternalIds:
        """The show's own ids: of the `Guid` list, of a legacy agent's GUID, and in its title."""
        guid = parse_guid(self.raw_guid)
        ids = ids_in_array(self.guids).filled_from(guid.ids)
        return ids.filled_from(title_ids(self.title, hama=guid.agent == "hama"))

    def is_known_as(self, guid: str | None, title: str | None) -> bool:
        """Whether it is the show that has been known by this GUID and title: a library that was rebuilt gives rating keys anew.

        Of one agent, two GUIDs are two shows. Else, and where the GUID is a rating key itself, the title has to be the same.
        """
        if (
            guid
            and self.guid
            and guid.partition("://")[0] == self.guid.partition("://")[0]
            and not parse_guid(guid).local
        ):
            return guid == self.guid
        names = {name.casefold().strip() for name in (self.title, self.original_title) if name}
        known_as = (title or "").casefold().strip()
        return not known_as or known_as in names


class PlexEpisode(Answer):
    """An episode of a library. `season` and `episode` may be missing; a daily show has the date instead."""

    rating_key: _Key = Field(default=None, alias="ratingKey")
    season: NumberOrNone = Field(default=None, alias="parentIndex")
    episode: NumberOrNone = Field(default=None, alias="index")
    title: Text = ""
    duration_ms: Annotated[int | None, BeforeValidator(whole(1, MAX_DURATION_MS))] = Field(
        default=None, alias="duration"
    )
    air_date: Day = Field(default=None, alias="originallyAvailableAt")
    view_count: _Count = Field(default=None, alias="viewCount")
    last_viewed: Annotated[int | None, BeforeValidator(whole(EARLIEST_VIEW, LATEST_VIEW))] = Field(
        default=None, alias="lastViewedAt"
    )
    raw_guid: Text = Field(default="", alias="guid")
    guids: _Guids = Field(default=(), alias="Guid")
    files: Annotated[tuple[str, ...], BeforeValidator(_files)] = Field(default=(), alias="Media")

    @property
    def last_viewed_at(self) -> datetime | None:
        """When it was last watched, by the server's clock."""
        return None if self.last_viewed is None else datetime.fromtimestamp(self.last_viewed, UTC)

    @property
    def ids(self) -> ExternalIds:
        """The episode's own ids."""
        return episode_ids(parse_guid(self.raw_guid), self.guids)

    @property
    def minutes(self) -> int | None:
        """Its runtime as the tracker keeps it."""
        return None if self.duration_ms is None else max(1, round(self.duration_ms / 60_000))


class PlexAccount(Answer):
    """Somebody whom the server knows. Number 0 has no name, 1 is the server's owner."""

    id: Annotated[int, BeforeValidator(required(whole(0, MAX_BIGINT)))]
    title: Text = Field(default="", alias="name")


class HistoryRow(Answer):
    """One viewing as the server remembers it. Of what was deleted since the keys are missing; GUIDs always are."""

    key: Text = Field(default="", alias="historyKey")
    type: Text = ""
    title: Text = ""
    show_title: Text = Field(default="", alias="grandparentTitle")
    season: NumberOrNone = Field(default=None, alias="parentIndex")
    episode: NumberOrNone = Field(default=None, alias="index")
    rating_key: _Key = Field(default=None, alias="ratingKey")
    show_key: Text = Field(default="", alias="grandparentKey")
    show_rating_key_as_sent: _Key = Field(default=None, alias="grandparentRatingKey")
    # A text here, a number in webhooks.
    section_id: _Count = Field(default=None, alias="librarySectionID")
    air_date: Day = Field(default=None, alias="originallyAvailableAt")
    viewed: Annotated[int | None, BeforeValidator(whole(EARLIEST_VIEW, LATEST_VIEW))] = Field(
        default=None, alias="viewedAt"
    )
    account_id: Annotated[int | None, BeforeValidator(whole(0, MAX_BIGINT))] = Field(default=None, alias="accountID")

    @property
    def viewed_at(self) -> datetime | None:
        """When it was watched, by the server's clock."""
        return None if self.viewed is None else datetime.fromtimestamp(self.viewed, UTC)

    @property
    def show_rating_key(self) -> str | None:
        """The show's key on that server, which most rows have as a part of an address only."""
        return self.show_rating_key_as_sent or _key(self.show_key.removeprefix("/library/metadata/"))

    @property
    def history_key(self) -> str:
        """What tells the row from every other one of its server."""
        return self.key or f"{self.rating_key or self.title}@{self.viewed}/{self.account_id}"


@dataclass(frozen=True)
class HistoryPage:
    """A part of the history.

    Attributes:
        start: how many rows come before it.
        total: how many there are in all; None when the server does not say.
        count: how many it has, with those that cannot be read.
        rows: in the order of time.
    """

    start: int
    total: int | None
    count: int
    rows: tuple[HistoryRow, ...]


class Container(Answer):
    """What every answer of a Plex server is wrapped in."""

    size: _Count = None
    total_size: _Count = Field(default=None, alias="totalSize")
    metadata: Annotated[tuple[dict[str, Any], ...], BeforeValidator(_dicts)] = Field(default=(), alias="Metadata")
    accounts: Annotated[tuple[PlexAccount, ...], BeforeValidator(each_of(PlexAccount))] = Field(
        default=(), alias="Account"
    )

    @property
    def shows(self) -> tuple[PlexShow, ...]:
        """The entries as shows."""
        shows: tuple[PlexShow, ...] = each_of(PlexShow)(self.metadata)
        return shows

    @property
    def episodes(self) -> tuple[PlexEpisode, ...]:
        """The entries as episodes."""
        episodes: tuple[PlexEpisode, ...] = each_of(PlexEpisode)(self.metadata)
        return episodes

    @property
    def history(self) -> tuple[HistoryRow, ...]:
        """The entries as rows of the history."""
        rows: tuple[HistoryRow, ...] = each_of(HistoryRow)(self.metadata)
        return rows
