"""Single values of other servers' answers."""

from __future__ import annotations

from datetime import date

import pytest

from app.upstream.values import LONGEST_TEXT, Answer, Number, Text, day, each_of, text, whole


class Thing(Answer):
    """Something in a list."""

    number: Number
    name: Text = ""


@pytest.mark.parametrize(("value", "number"), [(6, 6), ("6", 6), (6.0, 6), (0, 0), ("0", 0), (10, 10)])
def test_a_whole_number_may_be_written_in_several_ways(value: object, number: int) -> None:
    assert whole(0, 10)(value) == number


@pytest.mark.parametrize(
    "value", [11, -1, True, None, "", "six", "²", "6.0", "-1", 6.5, float("nan"), float("inf"), [], {}, "1" * 5000]
)
def test_what_is_no_whole_number_in_its_bounds_is_not_known(value: object) -> None:
    assert whole(0, 10)(value) is None


@pytest.mark.parametrize("value", ["2024-02-29", "2024-02-29 00:00:00", "2024-02-29T20:00:00Z"])
def test_a_date_may_have_a_time_behind_it(value: str) -> None:
    assert day(value) == date(2024, 2, 29)


@pytest.mark.parametrize(
    "value", ["", None, "2023-02-29", "2024", "20240229", 20240229, "2024-02-29x", "0000-01-01", "٢٠٢٤-٠٢-٢٩"]
)
def test_what_is_no_date_is_not_known(value: object) -> None:
    assert day(value) is None


def test_a_text_is_taken_whole_or_not_at_all() -> None:
    assert [text(value) for value in (" a ", "", None, 7, "x" * LONGEST_TEXT, "x" * (LONGEST_TEXT + 1))] == [
        "a",
        "",
        "",
        "",
        "x" * LONGEST_TEXT,
        "",
    ]


def test_an_odd_entry_of_a_list_costs_that_entry() -> None:
    things = each_of(Thing)(
        [{"number": "1", "name": "one", "more": 7}, {"name": "none"}, None, "x", {"number": 2, "name": 3}]
    )
    assert [(thing.number, thing.name) for thing in things] == [(1, "one"), (2, "")]
    assert each_of(Thing)({"number": 1}) == ()
    assert each_of(Thing)(None) == ()
