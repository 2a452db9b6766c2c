"""Cells of a CSV: no spreadsheet takes one for a formula, and each is read as the text that it was made of."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.transfer.cells import as_meant, defused
from app.transfer.viewings import COLUMNS, _cell, _lines

SIGNS = "=+-@\t\r\n"
# With much of what matters: the signs, what may stand before them, and what a CSV is made of.
TEXT = st.text(
    st.one_of(st.sampled_from(SIGNS + "' \"',;|\u00a0\uff1d\u200b"), st.characters(exclude_categories=["Cs"]))
)


@given(TEXT)
@example("=1+1")
@example("'=1+1")
@example("''=1+1")
@example("' -1")
def test_a_text_is_read_as_it_was_and_is_no_formula(text: str) -> None:
    cell = defused(text)

    assert as_meant(cell) == text
    assert not cell.startswith(tuple(SIGNS))
    assert not cell.lstrip(" \u00a0").startswith(tuple(SIGNS))


@given(st.lists(TEXT, min_size=len(COLUMNS), max_size=len(COLUMNS)))
def test_whatever_stands_in_whichever_column_no_cell_of_the_line_is_a_formula(texts: list[str]) -> None:
    line = _lines([[_cell(text) for text in texts]])

    (read,) = csv.reader(io.StringIO(line, newline=""))

    assert not any(cell.startswith(tuple(SIGNS)) for cell in read)
    assert [as_meant(cell) for cell in read] == texts


@pytest.mark.parametrize("text", ["Harbour Lights", "'Allo 'Allo!", "1-2", "a=b", ""])
def test_a_text_that_is_none_stays_as_it_is(text: str) -> None:
    assert defused(text) == as_meant(text) == text


def test_numbers_and_moments_are_no_text() -> None:
    assert [_cell(value) for value in (None, 0, 2020)] == ["", "0", "2020"]
    assert _cell(datetime(2024, 10, 14, 20, 15, tzinfo=UTC)) == "2024-10-14T20:15:00Z"
