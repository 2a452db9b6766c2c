"""Bars and calendars that the server draws: places and lengths for the SVG of the templates, and what is read of them."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from app.web.amounts import counted

LEVELS = 4
# A chart whose highest bar is 1 would otherwise be a wall.
_LEAST_HIGHEST = 4
# So many bars have room for their value above them.
_VALUED = 14
# A label of so many letters fits below the first bar too.
_NARROW = 2


@dataclass(frozen=True)
class Bar:
    """One bar of a chart; lengths in per cent of the picture.

    Attributes:
        x, width: where it stands.
        height: how high it is.
        middle: where its label stands.
        anchor: how the label stands there: the first and the last keep to the inside.
        label: below it; empty where there is no room.
        value: above it; empty where there is no room.
        name: of what, in full.
        said: its value in words.
    """

    x: float
    width: float
    height: float
    middle: float
    anchor: str
    label: str
    value: str
    name: str
    said: str

    @property
    def y(self) -> float:
        """Where it begins, from the top."""
        return round(100 - self.height, 2)


@dataclass(frozen=True)
class Chart:
    """A chart of bars. `top` is the value at its upper edge, in words."""

    bars: list[Bar]
    top: str

    @property
    def valued(self) -> bool:
        """Whether the bars carry their values, so that the edge need not."""
        return any(bar.value for bar in self.bars)


@dataclass(frozen=True)
class Column:
    """What one bar stands for: `label` below it (may be empty), `name` in full, the value, and the value in words."""

    label: str
    name: str
    value: float
    said: str
    short: str


def bar_chart(columns: Sequence[Column]) -> Chart:
    """Places a bar for each column."""
    highest = max((column.value for column in columns), default=0)
    scale = max(highest, _LEAST_HIGHEST)
    pitch = 100 / max(len(columns), 1)
    gap = 0.28 if len(columns) <= 31 else 0.2
    bars = []
    for place, column in enumerate(columns):
        middle = round((place + 0.5) * pitch, 2)
        bars.append(
            Bar(
                x=round((place + gap / 2) * pitch, 2),
                width=round((1 - gap) * pitch, 2),
                height=round(column.value * 100 / scale, 2),
                middle=middle,
                anchor=_anchor(middle, column.label),
                label=column.label,
                value=column.short if column.value and len(columns) <= _VALUED else "",
                name=column.name,
                said=column.said,
            )
        )
    tallest = max(columns, key=lambda column: column.value, default=None)
    return Chart(bars, tallest.short if tallest and highest >= _LEAST_HIGHEST else str(_LEAST_HIGHEST))


def _anchor(middle: float, label: str) -> str:
    if len(label) <= _NARROW or 5 <= middle <= 95:
        return "middle"
    return "start" if middle < 5 else "end"


@dataclass(frozen=True)
class Cell:
    """A day of a calendar, or an hour of a week.

    Attributes:
        column, row: where it stands.
        level: how much, from 0 to 4; `later` for a day that is still to come.
        said: what it says; empty for a day to come.
    """

    column: int
    row: int
    level: int | str
    said: str


@dataclass(frozen=True)
class Month:
    """A month of a calendar: its cells, how many weeks it touches, and what a reader hears of it."""

    name: str
    short: str
    cells: list[Cell]
    said: str


def level_of(value: float, highest: float) -> int:
    """From 0 (nothing) to 4; a single one of few is not as much as there can be."""
    if value <= 0:
        return 0
    return min(LEVELS, int((value * LEVELS - 1) // max(highest, LEVELS)) + 1)


def calendar_of(year: int, episodes: Mapping[date, int], today: date) -> list[Month]:
    """Twelve months, a column for each week (they begin on Monday).

    Args:
        year: which one.
        episodes: how many were watched, by day.
        today: where the user is.
    """
    highest = max(episodes.values(), default=0)
    months = []
    for number in range(1, 13):
        first_weekday, length = calendar.monthrange(year, number)
        days = [date(year, number, day) for day in range(1, length + 1)]
        cells = [
            Cell(
                column=(day.day - 1 + first_weekday) // 7,
                row=day.weekday(),
                level=level_of(episodes.get(day, 0), highest) if day <= today else "later",
                said=f"{day:%a} {day.day} {day:%b}: {counted(episodes.get(day, 0), 'episode')}" if day <= today else "",
            )
            for day in days
        ]
        watched = [episodes[day] for day in days if episodes.get(day)]
        said = f"{counted(sum(watched), 'episode')} on {counted(len(watched), 'day')}" if watched else "nothing watched"
        months.append(Month(f"{days[0]:%B}", f"{days[0]:%b}", cells, said))
    return months


@dataclass(frozen=True)
class WeekDay:
    """A row of the week: its name, its 24 levels with what they say, and how many in all."""

    name: str
    short: str
    hours: list[Cell]
    episodes: int


@dataclass(frozen=True)
class Week:
    """When in the week: a row for each day, the hours' own sums, and the busiest weekday and hour in words."""

    days: list[WeekDay]
    hours: list[int]
    said: str


def week_of(rows: Sequence[Mapping[str, int]]) -> Week:
    """Seven rows of 24 cells.

    Args:
        rows: `weekday` (1 is Monday), `hour` and `episodes`.
    """
    counts = {(row["weekday"], row["hour"]): row["episodes"] for row in rows}
    highest = max(counts.values(), default=0)
    days = []
    for weekday in range(1, 8):
        name = calendar.day_name[weekday - 1]
        cells = [
            Cell(
                column=hour,
                row=weekday - 1,
                level=level_of(counts.get((weekday, hour), 0), highest),
                said=f"{name} {hour:02d}:00: {counted(counts.get((weekday, hour), 0), 'episode')}",
            )
            for hour in range(24)
        ]
        total = sum(number for (day, _), number in counts.items() if day == weekday)
        days.append(WeekDay(name, name[:3], cells, total))
    hours = [sum(number for (_, at), number in counts.items() if at == hour) for hour in range(24)]
    said = "Nothing was watched."
    if highest:
        most = max(days, key=lambda day: day.episodes)
        at = max(range(24), key=lambda hour: hours[hour])
        said = f"Most on {most.name}s, and between {at:02d}:00 and {(at + 1) % 24:02d}:00."
    return Week(days, hours, said)
