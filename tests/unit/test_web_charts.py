"""Places and lengths of bars and cells, and amounts in words."""

from __future__ import annotations

from datetime import date

import pytest

from app.web.amounts import counted, duration, milliseconds, share
from app.web.charts import Column, bar_chart, calendar_of, level_of, week_of


def column(value: float, label: str = "") -> Column:
    return Column(label, f"name {value}", value, f"{value} said", str(value))


def test_bars_share_the_width_and_the_highest_fills_the_height() -> None:
    chart = bar_chart([column(10), column(5), column(0), column(20)])
    assert [bar.height for bar in chart.bars] == [50, 25, 0, 100]
    assert [bar.middle for bar in chart.bars] == [12.5, 37.5, 62.5, 87.5]
    assert all(bar.x + bar.width <= 100 for bar in chart.bars)
    assert [bar.y for bar in chart.bars] == [50, 75, 100, 0]


def test_a_single_one_is_no_wall() -> None:
    chart = bar_chart([column(1), column(0)])
    assert chart.bars[0].height == 25
    assert chart.top == "4"


def test_few_bars_carry_their_values_and_many_do_not() -> None:
    assert [bar.value for bar in bar_chart([column(3), column(0)]).bars] == ["3", ""]
    many = bar_chart([column(number) for number in range(31)])
    assert {bar.value for bar in many.bars} == {""}
    assert (many.valued, many.top) == (False, "30")


def test_labels_at_the_edges_keep_to_the_inside_unless_they_are_narrow() -> None:
    wide = bar_chart([column(1, "26 Oct")] * 31).bars
    assert (wide[0].anchor, wide[15].anchor, wide[30].anchor) == ("start", "middle", "end")
    assert bar_chart([column(1, "J")] * 31).bars[0].anchor == "middle"


def test_no_columns_are_no_bars() -> None:
    assert bar_chart([]).bars == []


@pytest.mark.parametrize(
    ("value", "highest", "level"),
    [
        (0, 0, 0),
        (1, 1, 1),
        (2, 2, 2),
        (4, 4, 4),
        (1, 12, 1),
        (3, 12, 1),
        (4, 12, 2),
        (9, 12, 3),
        (10, 12, 4),
        (12, 12, 4),
    ],
)
def test_levels(value: int, highest: int, level: int) -> None:
    assert level_of(value, highest) == level


def test_a_calendar_has_every_day_once_in_the_row_of_its_weekday() -> None:
    months = calendar_of(2024, {}, date(2024, 12, 31))
    assert [len(month.cells) for month in months] == [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    for month in months:
        assert len({(cell.column, cell.row) for cell in month.cells}) == len(month.cells)
        assert max(cell.column for cell in month.cells) <= 5
    # The 1st of February 2024 was a Thursday, the 29th too.
    february = months[1].cells
    assert (february[0].column, february[0].row) == (0, 3)
    assert (february[28].column, february[28].row) == (4, 3)


def test_a_calendar_says_what_was_on_a_day_and_in_a_month_and_leaves_the_days_to_come_empty() -> None:
    months = calendar_of(2024, {date(2024, 3, 1): 2, date(2024, 3, 2): 1}, date(2024, 3, 2))
    assert months[2].said == "3 episodes on 2 days"
    assert months[0].said == "nothing watched"
    assert [(cell.level, cell.said) for cell in months[2].cells[:3]] == [
        (2, "Fri 1 Mar: 2 episodes"),
        (1, "Sat 2 Mar: 1 episode"),
        ("later", ""),
    ]


def test_a_week_has_its_sums_and_says_when_most_was() -> None:
    week = week_of([{"weekday": 5, "hour": 23, "episodes": 3}, {"weekday": 1, "hour": 20, "episodes": 1}])
    assert [day.episodes for day in week.days] == [1, 0, 0, 0, 3, 0, 0]
    assert (week.hours[20], week.hours[23], sum(week.hours)) == (1, 3, 4)
    assert week.days[4].hours[23].said == "Friday 23:00: 3 episodes"
    assert week.said == "Most on Fridays, and between 23:00 and 00:00."
    assert week_of([]).said == "Nothing was watched."


def test_amounts_in_words() -> None:
    assert [counted(number, "episode") for number in (0, 1, 1204)] == ["no episode", "1 episode", "1,204 episodes"]
    durations = [duration(minutes).replace("\u00a0", " ") for minutes in (0, 45, 60, 200, 4770, 90000)]
    assert durations == ["0 min", "45 min", "1 h", "3 h 20 min", "80 h", "1,500 h"]
    times = [milliseconds(time).replace("\u00a0", " ") for time in (2.94, 12.4, 1400)]
    assert times == ["2.9 ms", "12 ms", "1.4 s"]
    shares = [share(percent).replace("\u00a0", " ") for percent in (0, 0.2, 33.3, 99.6, 100)]
    assert shares == ["0 %", "< 1 %", "33 %", "> 99 %", "100 %"]
