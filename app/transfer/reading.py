"""A JSON export, entry by entry: neither all of its text is held nor all of what is in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn, TextIO

from app.errors import Unprocessable

_BLANK = re.compile(r"[ \t\r\n]*")
# The values of these are lists that are handed on one entry at a time.
LISTS = frozenset({"shows", "log"})
# Characters. A show with twenty thousand viewings has a third of it.
LONGEST_ENTRY = 16 * 1024 * 1024
# Of what makes lists, objects and values in as much text. Nothing else takes so much room for so few characters: five million
# empty objects were a gigabyte of memory, and seconds in which Python did nothing else. An export has a tenth of it.
MOST_SIGNS = 1_500_000
_SIGNS = "{[,"
_PIECE = 256 * 1024


class Unreadable(Unprocessable):
    """The file is no JSON, or no JSON object."""

    code = "unreadable_export"


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


_decoder = json.JSONDecoder(parse_constant=_no_constant)


def read_entries(file: TextIO) -> Iterator[tuple[str, Any]]:
    """The fields of the object that a file is, name and value as the file has them; of a list in `LISTS` each entry by itself.

    Raises:
        Unreadable: at the place where it is none; what was before it has been handed on.
        UnicodeDecodeError: likewise.
    """
    text = _Text(file)
    text.expect("{")
    if text.next() == "}":
        return
    while True:
        name = text.value()
        if not isinstance(name, str):
            raise text.unreadable()
        text.expect(":")
        if name in LISTS and text.next() == "[":
            text.expect("[")
            while text.next() != "]":
                yield name, text.value()
                if text.next() != ",":
                    break
                text.expect(",")
                if text.next() == "]":
                    raise text.unreadable()
            text.expect("]")
        else:
            yield name, text.value()
        if text.next() != ",":
            text.expect("}")
            return
        text.expect(",")


class _Text:
    """The part of a file that is looked at, and the place in it."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._text = ""
        self._at = 0
        self._lines = 1
        self._is_all = False

    def next(self) -> str:
        """The next sign that is not blank; nothing at the end."""
        while True:
            found = _BLANK.match(self._text, self._at)
            self._at = self._at if found is None else found.end()
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def expect(self, sign: str) -> None:
        """Past the next sign, which has to be this one."""
        if self.next() != sign:
            raise self.unreadable()
        self._at += 1

    def value(self) -> Any:
        """The next value, and past it."""
        self.next()
        while True:
            try:
                value, end = _decoder.raw_decode(self._text, self._at)
            except RecursionError:
                raise self.unreadable() from None
            except ValueError:
                # Its end may be missing only.
                if not self._more():
                    raise self.unreadable() from None
                continue
            length = end - self._at
            # A number may go on behind what is here: `1`, `1.`, `1e`, `1e+`.
            if end + 3 <= len(self._text) or not self._more():
                self._at += length
                return value

    def unreadable(self) -> Unreadable:
        """The complaint about this place."""
        line = self._lines + self._text.count("\n", 0, self._at)
        return Unreadable(f"the file is no JSON export: something is wrong in line {line}")

    def _more(self) -> bool:
        """Reads on, twice as far each time: what is tried again is tried seldom. False when there is no more."""
        if self._is_all:
            return False
        self._lines += self._text.count("\n", 0, self._at)
        kept = self._text[self._at :]
        self._text, self._at = kept, 0
        if len(kept) > LONGEST_ENTRY:
            raise self.unreadable()
        piece = self._file.read(min(max(_PIECE, len(kept)), LONGEST_ENTRY + _PIECE - len(kept)))
        self._is_all = not piece
        self._text = kept + piece
        if sum(map(self._text.count, _SIGNS)) > MOST_SIGNS:
            raise self.unreadable()
        return not self._is_all
