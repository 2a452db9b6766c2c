"""Lists in pages: each begins where the one before ended, however the list has changed since (keyset pagination)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class Page:
    """A part of a list.

    Attributes:
        rows: in the order of the list.
        next_id: id of the last row, from which the next page goes on; None at the end of the list.
    """

    rows: list[Row]
    next_id: int | None


def read_page(limit: int, read: Callable[[int], Iterable[Row]]) -> Page:
    """A page of at most `limit` rows; `read` is asked for one more, which tells whether there is another page."""
    rows = list(read(limit + 1))
    if len(rows) <= limit:
        return Page(rows, None)
    return Page(rows[:limit], rows[limit - 1]["id"])


def contains(text: str | None) -> str | None:
    """The pattern of LIKE for "contains this text", with its wildcards taken literally; None for no text."""
    return f"%{_literal(text)}%" if text else None


def begins(text: str) -> str:
    """The pattern of LIKE for "begins with this text"."""
    return f"{_literal(text)}%"


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
