"""Log rows as pages list them: a group per day in the user's time zone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby

from app.tracker.paging import Row
from app.web.moments import day_in_words, user_zone


@dataclass(frozen=True)
class Day:
    """What happened on one day.

    Attributes:
        day: the date where the user is.
        heading: "Today", "Yesterday" or the date in words.
        rows: its log rows, the newest first.
    """

    day: date
    heading: str
    rows: list[Row]


def by_day(rows: Iterable[Row]) -> list[Day]:
    """Groups rows, which are in the order of their arrival."""
    tz = user_zone()
    today = datetime.now(UTC).astimezone(tz).date()
    return [
        Day(day, day_in_words(day, today), list(group))
        for day, group in groupby(rows, key=lambda row: row["created_at"].astimezone(tz).date())
    ]
