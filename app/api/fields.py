"""The kinds of values that requests carry, each with the sentence that says what was expected."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from app.plex.addresses import EXPECTED, is_server_address

HIGHEST_ID = 2**63 - 1
HIGHEST_FOREIGN_ID = 2**31 - 1
LONGEST_TITLE = 1000

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class Body(BaseModel):
    """What a request's body holds: exactly these fields, of exactly these JSON types."""

    model_config = ConfigDict(strict=True, extra="forbid")


def _without_defaults(schema: dict[str, Any]) -> None:
    for field in schema.get("properties", {}).values():
        field.pop("default", None)


class Changes(Body):
    """A part of a thing: only the fields that are given count, so that the defaults are never used nor shown."""

    model_config = ConfigDict(json_schema_extra=_without_defaults)

    def given(self) -> dict[str, Any]:
        """The fields that the request had."""
        return self.model_dump(exclude_unset=True)


class Query(BaseModel):
    """What stands behind the question mark; texts that are turned into numbers and booleans."""

    model_config = ConfigDict(extra="forbid")


def refuse(expected: str, *, field: str | None = None) -> PydanticCustomError:
    """The error of a field.

    Args:
        expected: what was expected; goes through the context, since braces in a template are placeholders.
        field: its name, where the check is about the whole request.
    """
    context = {"expected": expected} if field is None else {"expected": expected, "field": field}
    return PydanticCustomError("expected", "{expected}", context)


def _storable(value: Any) -> Any:
    if isinstance(value, str) and _UNSTORABLE.search(value):
        raise refuse("text without NUL characters and lone surrogates: they cannot be stored")
    return value


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _empty_is_null(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def _moment(value: Any, info: ValidationInfo) -> datetime:
    zone = (info.context or {}).get("zone", UTC)
    if not isinstance(value, str) or len(value) > 40:
        raise refuse("a moment such as 2026-01-31T20:15:00Z")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise refuse("a moment such as 2026-01-31T20:15:00Z") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    if moment < _EARLIEST:
        raise refuse("a moment after 1900")
    # A day of grace: clocks and time zones of clients are not always right.
    if moment > datetime.now(UTC) + timedelta(days=1):
        raise refuse("a moment that is not in the future")
    return moment.astimezone(UTC)


def _day(value: Any) -> date:
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise refuse("a date such as 2026-01-31")


def _server_url(value: str) -> str:
    if not is_server_address(value):
        raise refuse(EXPECTED)
    return value.rstrip("/")


Storable = BeforeValidator(_storable)
Stripped = BeforeValidator(_stripped)

Title = Annotated[str, Storable, Stripped, Field(min_length=1, max_length=LONGEST_TITLE)]
Text = Annotated[str, Storable, Stripped, Field(max_length=LONGEST_TITLE)]
Year = Annotated[int, Field(ge=1800, le=2200)]
Id = Annotated[int, Field(ge=1, le=HIGHEST_ID)]
ForeignId = Annotated[int, Field(ge=1, le=HIGHEST_FOREIGN_ID)]
ImdbId = Annotated[str, Field(pattern=r"^tt[0-9]{1,12}$")]
Number = Annotated[int, Field(ge=0, le=100_000)]
Minutes = Annotated[int, Field(ge=0, le=10_000)]
Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema(
        {
            "type": "string",
            "format": "date-time",
            "description": "ISO 8601; without an offset it is in the user's time zone."
            " Not more than a day in the future.",
        }
    ),
]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
OrNull = BeforeValidator(_empty_is_null)
# Sent to servers in a header or an address: nothing but visible ASCII can be part of one.
Token = Annotated[str, Storable, Stripped, Field(min_length=1, max_length=1000, pattern=r"^[!-~]+$")]
ServerUrl = Annotated[str, Storable, Stripped, Field(min_length=1, max_length=2000), AfterValidator(_server_url)]
Search = Annotated[str, Storable, Stripped, Field(max_length=200)]


def zone_of(timezone: str) -> ZoneInfo:
    """The zone in which a user's moments without an offset are; UTC when the name is not known on this machine."""
    try:
        return ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")
