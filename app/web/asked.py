"""What a form or an address asks for, read into values: nothing that the database cannot hold comes through."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from app.errors import Invalid

LARGEST_ID = 2**63 - 1
LARGEST_NUMBER = 100_000
LARGEST_FOREIGN_ID = 2**31 - 1
LONGEST_QUERY = 200
MOST_TICKED = 500
VISIBLE = "letters, digits and signs without blanks, at most 1000"

_SECRET = re.compile(r"[!-~]{1,1000}", re.ASCII)


def whole_number(
    values: Mapping[str, str], name: str, *, at_least: int = 0, at_most: int = LARGEST_NUMBER
) -> int | None:
    """The number in a field; None where it is empty.

    Raises:
        Invalid: it holds something else.
    """
    text = values.get(name, "").strip()
    if not text:
        return None
    digits = text.removeprefix("-")
    if digits.isascii() and digits.isdigit() and len(digits) <= 19 and at_least <= int(text) <= at_most:
        return int(text)
    raise Invalid(
        f"{name.replace('_', ' ')} is no number that can be here",
        fields={name: f"a number from {at_least} to {at_most}"},
    )


def show_id(values: Mapping[str, str], name: str) -> int | None:
    """The id of something of ours; None where the field is empty."""
    return whole_number(values, name, at_least=1, at_most=LARGEST_ID)


def place_in_list(values: Mapping[str, str]) -> int | None:
    """After which row a list goes on; None for its beginning."""
    return whole_number(values, "before", at_least=1, at_most=LARGEST_ID)


def several_ids(values: MultiDict[str, str], name: str) -> list[int]:
    """The ids of ours that are ticked in a list.

    Raises:
        Invalid: one of them is none.
    """
    found = [show_id({name: text}, name) for text in values.getlist(name)[:MOST_TICKED]]
    return [number for number in found if number is not None]


def secret_text(values: Mapping[str, str], name: str) -> str:
    """A token or key: what can be sent in a header or an address.

    Raises:
        Invalid: it is missing, or holds something else.
    """
    text = values.get(name, "").strip()
    if not _SECRET.fullmatch(text):
        raise Invalid("that is no token" if "token" in name else "that is no key", fields={name: VISIBLE})
    return text


def query(values: Mapping[str, str]) -> str:
    """What is searched for, as the database can take it."""
    return " ".join(values.get("q", "").replace("\x00", "").split())[:LONGEST_QUERY]


def choice(values: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    """One of the choices; the first where none is made.

    Raises:
        Invalid: there is no such choice.
    """
    chosen = values.get(name) or choices[0]
    if chosen not in choices:
        raise Invalid(f"there is no such {name}", fields={name: ", ".join(choices)})
    return chosen


def local_moment(values: Mapping[str, str], name: str, tz: ZoneInfo) -> datetime:
    """A day and time as a browser's field writes them, where the user is.

    Raises:
        Invalid: it holds something else.
    """
    text = values.get(name, "").strip()
    moment: datetime | None = None
    with suppress(ValueError):
        moment = datetime.fromisoformat(text)
    if moment is None or moment.tzinfo is not None or "T" not in text or moment.year < 1900:
        raise Invalid("this is no day and time", fields={name: "such as 2026-01-31T20:15"})
    return moment.replace(tzinfo=tz)
