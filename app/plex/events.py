"""Plex's webhook messages: from the parsed JSON to a typed, storable :class:`PlexEvent`.

Three rules decide what happens to a value that is not as expected:

* **What decides which episode is marked, and for whom, is strict.** ``event``, ``type``, the titles,
  ``index``, ``parentIndex``, the rating keys, the GUIDs, ``Account``, ``Server``, ``user`` and ``owner``: a
  wrong type or size is refused with the field's path in Plex's own names (:class:`InvalidPayload`). Nothing
  is cut to fit: half a title could be another show's.
* **What only helps is lenient.** Nonsense in ``duration``, ``viewOffset``, ``viewCount``, ``lastViewedAt``,
  ``year``, ``originallyAvailableAt``, ``subtype``, ``live``, ``Guid`` or ``Player`` is treated as missing: it
  must not cost a watch.
* **Messages vary**, so for all of them: a missing key, ``null`` and an empty string are the same, whole
  numbers may be strings ("6", from Tautulli) or floats (6.0), and unknown keys are dropped.

Text is made storable on the way: NUL and lone surrogates, which JSON can carry (``\\u0000``, ``\\ud800``),
become U+FFFD, because PostgreSQL's text and jsonb accept neither and UTF-8 cannot encode the latter. They
would otherwise surface as an error long after the webhook was taken.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import blake2b
from typing import Annotated, Any, NoReturn

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationError
from pydantic_core import PydanticCustomError

from app.plex.guids import ExternalIds, episode_ids, parse_guid, show_guid, show_ids

MAX_EVENT = 100
MAX_KEY = 100
MAX_TITLE = 1_000
MAX_GUID = 500
MAX_SHOW_KEY = 600
MAX_INTEGER = 2**31 - 1  # PostgreSQL's integer
MAX_BIGINT = 2**63 - 1
MAX_GUIDS = 20  # a Guid array has three entries,
MAX_GUIDS_ENTRY = 100  # all of them short
MAX_DURATION_MS = 24 * 60 * 60 * 1000
# An episode of year 5 would rule out every show, since its show cannot have started after it.
YEARS = range(1900, 2201)
EARLIEST_VIEW = int(datetime(1990, 1, 1, tzinfo=UTC).timestamp())
LATEST_VIEW = int(datetime(2200, 1, 1, tzinfo=UTC).timestamp())

_SHOWN = 60
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_ISO_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ].*)?", re.ASCII)
_TRUE = frozenset({"true", "1"})
_FALSE = frozenset({"false", "0"})


class InvalidPayload(Exception):
    """The message cannot be taken; ``fields`` tells the sender why.

    ``fields``: path in Plex's own names (``Metadata.index``; ``payload`` for the whole) → what was expected,
    one sentence.
    """

    def __init__(self, fields: Mapping[str, str]) -> None:
        self.fields = dict(fields)
        super().__init__("; ".join(f"{name}: {message}" for name, message in self.fields.items()))


def storable(text: str) -> str:
    """Return ``text`` with every character that PostgreSQL cannot store replaced by U+FFFD: NUL and lone
    surrogates.
    """
    if text.isascii():
        return text.replace("\0", "\ufffd") if "\0" in text else text
    return _UNSTORABLE.sub("\ufffd", text)


def _shown(value: object) -> str:
    """Return a value for an error message, short and storable."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + storable(value[:_SHOWN]) + ("…" if len(value) > _SHOWN else "") + '"'
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "an array"
    if isinstance(value, int) and value.bit_length() > 200:
        return "a very large number"  # Python refuses to write out more than 4,300 digits
    return str(value)[:_SHOWN]


def _refuse(expected: str, value: object) -> NoReturn:
    # The sentence goes through the context, since braces in a message template are placeholders.
    raise PydanticCustomError("plex", "{why}", {"why": f"expected {expected}, got {_shown(value)}"})


def _number(value: object) -> int | None:
    """Return the whole number that a JSON value stands for (6, "6", 6.0), else ``None``."""
    if isinstance(value, int):
        return None if isinstance(value, bool) else value
    if isinstance(value, str):
        digits = value.strip()
        # isdigit() alone takes "²" and other scripts; the length keeps Python from parsing megabytes of
        # digits.
        return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 20 else None
    if isinstance(value, float) and value.is_integer():  # false for NaN and infinity
        return int(value)
    return None


def _is_missing(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


# The strict ones.


def _event(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_EVENT:
        _refuse(f"the event's name, a string of 1 to {MAX_EVENT} characters", value)
    return storable(value)


def _type(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > MAX_EVENT:
        _refuse(f"a string of at most {MAX_EVENT} characters", value)
    return storable(value)


def _text(value: object, longest: int) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        _refuse(f"a string of at most {longest} characters", value)
    if len(value) > longest:
        _refuse(f"a string of at most {longest} characters, not {len(value)}", value)
    return storable(value) if value.strip() else None


def _title(value: object) -> str | None:
    return _text(value, MAX_TITLE)


def _guid(value: object) -> str | None:
    return _text(value, MAX_GUID)


def _key(value: object) -> str | None:
    """Read a rating key or a server's uuid: text, although most rating keys look like numbers and some come
    as one.
    """
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() <= 200:
        return str(value)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > MAX_KEY:
        _refuse(f"a string of at most {MAX_KEY} characters or a whole number", value)
    return storable(value.strip()) or None


def _index(value: object) -> int | None:
    """Read a season or episode number. 0 is one: season 0 holds the specials."""
    number = _number(value)
    if number is not None and 0 <= number <= MAX_INTEGER:
        return number
    if _is_missing(value):
        return None
    _refuse(f"a whole number from 0 to {MAX_INTEGER}", value)


def _account_id(value: object) -> int | None:
    number = _number(value)
    if number is not None and 0 <= number <= MAX_BIGINT:
        return number
    if _is_missing(value):
        return None
    _refuse(f"a whole number from 0 to {MAX_BIGINT}", value)


def _flag(value: object) -> bool | None:
    known = _known_flag(value)
    if known is None and not _is_missing(value):
        _refuse("true or false", value)
    return known


def _known_flag(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        word = value.strip().lower()
        return True if word in _TRUE else False if word in _FALSE else None
    if isinstance(value, int | float) and value in (0, 1):
        return bool(value)
    return None


# The lenient ones: what they cannot read is missing.


def _live(value: object) -> bool:
    return _known_flag(value) is True


def _helper(value: object, lowest: int, highest: int) -> int | None:
    if isinstance(value, float) and math.isfinite(value):
        value = int(value)  # a fraction of a second or of a millisecond helps nobody
    number = _number(value)
    return number if number is not None and lowest <= number <= highest else None


def _count(value: object) -> int | None:
    return _helper(value, 0, MAX_INTEGER)


def _duration(value: object) -> int | None:
    # 0 means unknown; and viewings closer together than the runtime are one, so a runtime of days would
    # swallow rewatches.
    return _helper(value, 1, MAX_DURATION_MS)


def _year(value: object) -> int | None:
    return _helper(value, YEARS.start, YEARS.stop - 1)


def _viewed_at(value: object) -> int | None:
    return _helper(value, EARLIEST_VIEW, LATEST_VIEW)


def _date(value: object) -> date | None:
    match = _ISO_DATE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    try:
        day = date.fromisoformat(match[1])
    except ValueError:
        return None
    return day if day.year in YEARS else None


def _optional_text(value: object, longest: int) -> str | None:
    if not isinstance(value, str) or len(value) > longest or not value.strip():
        return None
    return storable(value)


def _subtype(value: object) -> str | None:
    return _optional_text(value, MAX_EVENT)


def _guids(value: object) -> tuple[str, ...]:
    """Read the ``Guid`` array, ``[{"id": "tmdb://8002033"}, …]``, to the texts in it."""
    if not isinstance(value, list):
        return ()
    texts = []
    for entry in value[:MAX_GUIDS]:
        text = entry.get("id") if isinstance(entry, dict) else None
        if isinstance(text, str) and "://" in text and len(text) <= MAX_GUIDS_ENTRY:
            texts.append(storable(text))
    return tuple(texts)


def _player(value: object) -> str | None:
    return _optional_text(value.get("title"), MAX_TITLE) if isinstance(value, dict) else None


# Validators in Python for every field, instead of pydantic's own: in its lax mode true is the number 1, and
# its messages speak of Python's types and not of Plex's fields.
_Title = Annotated[str | None, PlainValidator(_title)]
_Key = Annotated[str | None, PlainValidator(_key)]
_Guid = Annotated[str | None, PlainValidator(_guid)]
_Index = Annotated[int | None, PlainValidator(_index)]
_Count = Annotated[int | None, PlainValidator(_count)]
_Flag = Annotated[bool | None, PlainValidator(_flag)]


class _Part(BaseModel):
    """A part of a message; keys that are not declared are dropped."""

    model_config = ConfigDict(extra="ignore")


class Account(_Part):
    """Who watched. ``id`` is 1 for most servers' owners and the plex.tv id for others; it may be missing."""

    id: Annotated[int | None, PlainValidator(_account_id)] = None
    title: _Title = None


class Server(_Part):
    """Where. ``title`` may be empty."""

    uuid: _Key = None
    title: _Title = None


class Metadata(_Part):
    """What. ``guid`` and ``Guid`` are two keys that differ in case only, as are ``rating`` and ``Rating``."""

    type: Annotated[str, PlainValidator(_type)] = ""
    subtype: Annotated[str | None, PlainValidator(_subtype)] = None
    live: Annotated[bool, PlainValidator(_live)] = False
    title: _Title = None
    parent_title: _Title = Field(default=None, alias="parentTitle")
    grandparent_title: _Title = Field(default=None, alias="grandparentTitle")
    index: _Index = None
    parent_index: _Index = Field(default=None, alias="parentIndex")
    rating_key: _Key = Field(default=None, alias="ratingKey")
    grandparent_rating_key: _Key = Field(default=None, alias="grandparentRatingKey")
    guid: _Guid = None
    grandparent_guid: _Guid = Field(default=None, alias="grandparentGuid")
    guids: Annotated[tuple[str, ...], PlainValidator(_guids)] = Field(default=(), alias="Guid")
    air_date: Annotated[date | None, PlainValidator(_date)] = Field(default=None, alias="originallyAvailableAt")
    year: Annotated[int | None, PlainValidator(_year)] = None
    duration: Annotated[int | None, PlainValidator(_duration)] = None
    view_offset: _Count = Field(default=None, alias="viewOffset")
    view_count: _Count = Field(default=None, alias="viewCount")
    last_viewed_at: Annotated[int | None, PlainValidator(_viewed_at)] = Field(default=None, alias="lastViewedAt")


class Envelope(_Part):
    """A whole message."""

    event: Annotated[str, PlainValidator(_event)]
    user: _Flag = None
    owner: _Flag = None
    account: Account | None = Field(default=None, alias="Account")
    server: Server | None = Field(default=None, alias="Server")
    metadata: Metadata | None = Field(default=None, alias="Metadata")
    player_title: Annotated[str | None, PlainValidator(_player)] = Field(default=None, alias="Player")


@dataclass(frozen=True, slots=True)
class PlexEvent:
    """One webhook message, with everything that is ever decided upon. Text that was missing or empty is
    ``None``.

    * ``live``: seen on live TV. ``user``, ``owner``: whose webhook it is (not who watched); ``None`` when
      missing.
    * ``server_uuid``, ``server_title``: "" when missing.
    * ``rating_key``, ``show_rating_key``: unique on one server only.
    * ``guid``, ``grandparent_guid``: as sent. ``show_guid``: the show's, canonical (see
      :func:`app.plex.guids.show_guid`); ``show_guid_is_local`` when it counts on that server only. Only an
      episode has a show.
    * ``show_title``: ``grandparentTitle`` as sent, with "(2016)" or "[tvdb-900100]" if that is in it. For a
      track it is the artist. ``parent_title``: the season's name; the show's, when a season was rated.
    * ``index``, ``parent_index``: as sent, also for things that are no episode; see ``season`` and
      ``episode``.
    * ``guids``: the texts of the ``Guid`` array. ``show_ids`` and ``episode_ids`` never mix.
    * ``episode_year``: the *episode's* year, which is not the show's.
    * ``duration_ms`` (1 ms to 24 h) and ``view_offset_ms``: milliseconds. ``last_viewed_at``: aware, UTC.
    """

    event: str
    type: str
    subtype: str | None
    live: bool
    user: bool | None
    owner: bool | None
    server_uuid: str
    server_title: str
    account_id: int | None
    account_title: str | None
    rating_key: str | None
    show_rating_key: str | None
    guid: str | None
    grandparent_guid: str | None
    guids: tuple[str, ...]
    show_guid: str | None
    show_guid_is_local: bool
    show_title: str | None
    parent_title: str | None
    title: str | None
    index: int | None
    parent_index: int | None
    air_date: date | None
    episode_year: int | None
    duration_ms: int | None
    view_offset_ms: int | None
    view_count: int | None
    last_viewed_at: datetime | None
    show_ids: ExternalIds
    episode_ids: ExternalIds
    player_title: str | None

    @property
    def is_scrobble(self) -> bool:
        """Whether the message says that something was watched."""
        return self.event == "media.scrobble"

    @property
    def is_episode(self) -> bool:
        """Whether it is about an episode. A show carries ``index: 1`` too, which is no episode number."""
        return self.type == "episode"

    @property
    def season(self) -> int | None:
        """The episode's season, 0 for specials; ``None`` when missing or no episode."""
        return self.parent_index if self.type == "episode" else None

    @property
    def episode(self) -> int | None:
        """The episode's number, 0 included; ``None`` when missing (date-based shows) or no episode."""
        return self.index if self.type == "episode" else None

    @property
    def show_key(self) -> str:
        """One stable key for the show as Plex tells it, at most 600 characters; "" for what is no episode.

        It is what "one open conflict per show" counts. The show's GUID; where that is missing or a local one,
        the server's uuid with the local GUID or rating key, and the title, as a rebuilt library gives the
        keys to other shows; else the title alone.
        """
        if self.type != "episode":
            return ""
        if self.show_guid is not None and not self.show_guid_is_local:
            return _fitted(self.show_guid)
        title = " ".join((self.show_title or "").casefold().split())
        if self.show_guid is not None:
            return _fitted(f"{self.server_uuid}|{self.show_guid}|{title}")
        if self.show_rating_key is not None:
            return _fitted(f"{self.server_uuid}|key/{self.show_rating_key}|{title}")
        return _fitted(f"title/{title}")

    @property
    def event_key(self) -> str:
        """32 hex digits that are the same for an exact repeat of the message, whatever else was sent with it.

        A rewatch differs in ``lastViewedAt``, ``viewCount`` or ``viewOffset``. The player is left out: it
        describes the sender. So are pictures, which the server may change between two tries.
        """
        parts: tuple[object, ...] = (
            self.event,
            self.server_uuid,
            self.account_id,
            self.account_title,
            self.rating_key,
            self.guid,
            self.show_guid,
            self.season,
            self.episode,
            self.air_date.isoformat() if self.air_date else None,
            _seconds(self.last_viewed_at),
            self.view_count,
            self.view_offset_ms,
        )
        if self.is_episode and self.rating_key is None and self.guid is None:
            # Nothing above names the item: S01E01 of two shows, two unnumbered episodes of one.
            parts += (self.show_rating_key, self.show_title, self.title)
        # JSON, as it tells None from "" and where one part ends; ASCII, as it then is the same on every
        # Python.
        return blake2b(json.dumps(parts).encode("ascii"), digest_size=16).hexdigest()

    def decision(self) -> dict[str, Any]:
        """Return what the SQL function ``receive_event`` decides by, ready for JSON. Unknown and empty values
        are left out.

        ``last_viewed_at`` is in Unix seconds, ``air_date`` is "YYYY-MM-DD", ``duration_ms`` milliseconds.
        """
        values: dict[str, Any] = {
            "event": self.event,
            "type": self.type,
            "subtype": self.subtype,
            "live": self.live,
            "user": self.user,
            "owner": self.owner,
            "server_uuid": self.server_uuid,
            "server_title": self.server_title,
            "account_id": self.account_id,
            "account_title": self.account_title,
            "rating_key": self.rating_key,
            "show_rating_key": self.show_rating_key,
            "show_guid": self.show_guid,
            "show_guid_local": self.show_guid_is_local,
            "show_key": self.show_key,
            "show_title": self.show_title,
            "title": self.title,
            "season": self.season,
            "episode": self.episode,
            "air_date": self.air_date.isoformat() if self.air_date else None,
            "episode_year": self.episode_year,
            "duration_ms": self.duration_ms,
            "last_viewed_at": _seconds(self.last_viewed_at),
            "show_ids": self.show_ids.as_dict() or None,
            "episode_ids": self.episode_ids.as_dict() or None,
            "event_key": self.event_key,
        }
        return _without_missing(values)

    def kept(self) -> dict[str, Any]:
        """Return the part of the message that goes into the log, in Plex's own names and nesting.

        Posters, cast, summaries and addresses are gone. For a scrobble, :func:`parse_event` makes an equal
        event of it; so a stored one can be decided again. Of other messages, which change nothing, only what
        names the item is kept.
        """
        metadata: dict[str, Any] = {
            "type": self.type,
            "title": self.title,
            "parentTitle": self.parent_title,
            "grandparentTitle": self.show_title,
            "index": self.index,
            "parentIndex": self.parent_index,
            "ratingKey": self.rating_key,
            "grandparentRatingKey": self.show_rating_key,
            "guid": self.guid,
            "grandparentGuid": self.grandparent_guid,
            "Guid": [{"id": text} for text in self.guids] or None,
        }
        if self.is_scrobble:
            metadata["subtype"] = self.subtype
            metadata["live"] = self.live or None
            metadata["originallyAvailableAt"] = self.air_date.isoformat() if self.air_date else None
            metadata["year"] = self.episode_year
            metadata["duration"] = self.duration_ms
            metadata["viewOffset"] = self.view_offset_ms
            metadata["viewCount"] = self.view_count
            metadata["lastViewedAt"] = _seconds(self.last_viewed_at)
        message: dict[str, Any] = {
            "event": self.event,
            "user": self.user,
            "owner": self.owner,
            "Account": _without_missing({"id": self.account_id, "title": self.account_title}) or None,
            "Server": _without_missing({"title": self.server_title, "uuid": self.server_uuid}) or None,
            "Player": {"title": self.player_title} if self.player_title and self.is_scrobble else None,
            "Metadata": _without_missing(metadata) or None,
        }
        message = _without_missing(message)
        if self.is_scrobble:
            message.setdefault("Metadata", {})  # a scrobble is refused without it
        return message


def parse_event(payload: object) -> PlexEvent:
    """Read a message that was parsed from JSON.

    :raises InvalidPayload: with every field that is wrong, see the head of this module for which can be.
    """
    if not isinstance(payload, dict):
        raise InvalidPayload({"payload": f"expected an object, got {_shown(payload)}"})
    try:
        message = Envelope.model_validate(payload)
    except ValidationError as error:
        raise InvalidPayload(_fields(error)) from None
    account = message.account or _NO_ACCOUNT
    server = message.server or _NO_SERVER
    item = message.metadata
    is_scrobble = message.event == "media.scrobble"
    if item is None:
        if is_scrobble:
            raise InvalidPayload({"Metadata": "expected an object that tells what was watched, got nothing"})
        item = _NO_METADATA

    guid = parse_guid(item.guid)
    is_episode = item.type == "episode"
    show = show_guid(guid, parse_guid(item.grandparent_guid)) if is_episode else _NO_GUID
    if (
        is_scrobble
        and is_episode
        and not (show or item.grandparent_title is not None or item.grandparent_rating_key is not None)
    ):
        raise InvalidPayload(
            {
                "Metadata.grandparentTitle": "expected the show's title, since one of grandparentTitle, "
                "grandparentGuid and grandparentRatingKey is needed to tell the show; got none of them"
            }
        )
    viewed_at = item.last_viewed_at
    return PlexEvent(
        event=message.event,
        type=item.type,
        subtype=item.subtype,
        live=item.live,
        user=message.user,
        owner=message.owner,
        server_uuid=server.uuid or "",
        server_title=server.title or "",
        account_id=account.id,
        account_title=account.title,
        rating_key=item.rating_key,
        show_rating_key=item.grandparent_rating_key,
        guid=item.guid,
        grandparent_guid=item.grandparent_guid,
        guids=item.guids,
        show_guid=show.text or None,
        show_guid_is_local=show.local,
        show_title=item.grandparent_title,
        parent_title=item.parent_title,
        title=item.title,
        index=item.index,
        parent_index=item.parent_index,
        air_date=item.air_date,
        episode_year=item.year,
        duration_ms=item.duration,
        view_offset_ms=item.view_offset,
        view_count=item.view_count,
        last_viewed_at=None if viewed_at is None else datetime.fromtimestamp(viewed_at, UTC),
        show_ids=show_ids(guid, show, item.grandparent_title) if is_episode else _NO_IDS,
        episode_ids=episode_ids(guid, item.guids) if is_episode else _NO_IDS,
        player_title=message.player_title,
    )


_NO_ACCOUNT = Account()
_NO_SERVER = Server()
_NO_METADATA = Metadata()
_NO_GUID = parse_guid(None)
_NO_IDS = ExternalIds()


def _fields(error: ValidationError) -> dict[str, str]:
    """Return pydantic's errors as field path → sentence. The paths have Plex's names, as those are the
    aliases.
    """
    fields = {}
    for found in error.errors(include_url=False, include_context=False):
        name = ".".join(str(part) for part in found["loc"])
        if found["type"] == "plex":
            fields[name] = found["msg"]
        elif found["type"] == "missing":  # only the event's name has no default
            fields[name] = f"expected the event's name, a string of 1 to {MAX_EVENT} characters, got nothing"
        else:  # Account, Server or Metadata
            fields[name] = f"expected an object, got {_shown(found['input'])}"
    return fields


def _without_missing(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values that are neither ``None`` nor ""; 0 and false are values."""
    return {name: value for name, value in values.items() if value is not None and value != ""}


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())


def _fitted(key: str) -> str:
    """Return the key in at most 600 characters: the end of a longer one is replaced by a hash, so that none
    meet.
    """
    if len(key) <= MAX_SHOW_KEY:
        return key
    digest = blake2b(key.encode(), digest_size=16).hexdigest()
    return f"{key[: MAX_SHOW_KEY - 33]}#{digest}"
