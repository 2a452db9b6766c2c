"""Reading single values of other servers' answers: what is odd counts as not known, and never costs the rest."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

HIGHEST_ID = 2**31 - 1  # PostgreSQL's integer
HIGHEST_NUMBER = 100_000  # of a season or an episode; those of personal media can be dates
LONGEST_TEXT = 1_000

_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ].*)?", re.ASCII)


class Answer(BaseModel):
    """A part of an answer; what is not declared is dropped."""

    model_config = ConfigDict(extra="ignore", frozen=True)


def whole(lowest: int, highest: int) -> Callable[[object], int | None]:
    """Reads a whole number (6, "6", 6.0) in these bounds; None for all else."""

    def read(value: object) -> int | None:
        if isinstance(value, str):
            # Not isdigit() alone, which takes other scripts; and not of megabytes of digits.
            value = int(value) if value.isascii() and value.isdigit() and len(value) < 20 else None
        elif isinstance(value, float):
            value = int(value) if value.is_integer() else None
        if not isinstance(value, int) or isinstance(value, bool):
            return None
        return value if lowest <= value <= highest else None

    return read


def text(value: object) -> str:
    """Reads a text, without blanks around it; "" for all else. Nothing is cut: half a title could be another show's."""
    stripped = value.strip() if isinstance(value, str) else ""
    return stripped if len(stripped) <= LONGEST_TEXT else ""


def day(value: object) -> date | None:
    """Reads a date, perhaps with a time behind it; None for all else, such as ""."""
    match = _DAY.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    try:
        return date.fromisoformat(match[1])
    except ValueError:
        return None


def each_of(model: type[BaseModel]) -> Callable[[object], tuple[Any, ...]]:
    """Reads a list of things, and leaves out those that are none."""

    def read(value: object) -> tuple[BaseModel, ...]:
        found = []
        for entry in value if isinstance(value, list | tuple) else ():
            try:
                found.append(model.model_validate(entry))
            except ValidationError:
                continue
        return tuple(found)

    return read


def required(read: Callable[[object], int | None]) -> Callable[[object], int]:
    """The same reader where there must be a number: without it the thing is none."""

    def read_required(value: object) -> int:
        number = read(value)
        if number is None:
            raise ValueError("a whole number")
        return number

    return read_required


_id = whole(1, HIGHEST_ID)
_number = whole(0, HIGHEST_NUMBER)

Id = Annotated[int, BeforeValidator(required(_id))]
Number = Annotated[int, BeforeValidator(required(_number))]
IdOrNone = Annotated[int | None, BeforeValidator(_id)]
NumberOrNone = Annotated[int | None, BeforeValidator(_number)]
Text = Annotated[str, BeforeValidator(text)]
Day = Annotated[date | None, BeforeValidator(day)]
