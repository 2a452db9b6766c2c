"""A JSON export, entry by entry: the text is held, but never all of what is in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from app.errors import Unprocessable

_BLANK = re.compile(r"[ \t\r\n]*")
# The values of these are lists that are handed on one entry at a time.
LISTS = frozenset({"shows", "log"})


class Unreadable(Unprocessable):
    """The file is no JSON, or no JSON object."""

    code = "unreadable_export"


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


_decoder = json.JSONDecoder(parse_constant=_no_constant)


def read_entries(text: str) -> Iterator[tuple[str, Any]]:
    """The fields of the object that a text is, name and value as the file has them; of a list in `LISTS` each entry by itself.

    Raises:
        Unreadable: at the place where it is none; what was before it has been handed on.
    """
    at = _expect(text, 0, "{")
    if _next(text, at) == "}":
        return
    while True:
        name, at = _value(text, at)
        if not isinstance(name, str):
            raise _unreadable(text, at)
        at = _expect(text, at, ":")
        if name in LISTS and _next(text, at) == "[":
            at = _expect(text, at, "[")
            if _next(text, at) == "]":
                at = _expect(text, at, "]")
            else:
                while True:
                    entry, at = _value(text, at)
                    yield name, entry
                    if _next(text, at) != ",":
                        at = _expect(text, at, "]")
                        break
                    at = _expect(text, at, ",")
        else:
            value, at = _value(text, at)
            yield name, value
        if _next(text, at) != ",":
            _expect(text, at, "}")
            return
        at = _expect(text, at, ",")


def _skip(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return at if found is None else found.end()


def _next(text: str, at: int) -> str:
    at = _skip(text, at)
    return text[at : at + 1]


def _expect(text: str, at: int, sign: str) -> int:
    at = _skip(text, at)
    if text[at : at + 1] != sign:
        raise _unreadable(text, at)
    return at + 1


def _value(text: str, at: int) -> tuple[Any, int]:
    at = _skip(text, at)
    try:
        return _decoder.raw_decode(text, at)
    except (ValueError, RecursionError):
        raise _unreadable(text, at) from None


def _unreadable(text: str, at: int) -> Unreadable:
    return Unreadable(f"the file is no JSON export: something is wrong in line {text.count(chr(10), 0, at) + 1}")
