"""A JSON export is read entry by entry, wherever the pieces of the file are cut."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.transfer import reading
from app.transfer.document import Show
from app.transfer.reading import Unreadable, read_entries

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


class _Drip(io.StringIO):
    """Gives so many characters at once, however many are asked for."""

    def __init__(self, text: str, most: int) -> None:
        super().__init__(text)
        self.most = most

    def read(self, size: int | None = -1) -> str:
        return super().read(self.most)


@given(st.dictionaries(st.text() | st.just("shows"), plain, max_size=5), st.integers(1, 9), st.sampled_from([None, 1]))
def test_it_does_not_matter_where_the_file_is_cut(document: dict[str, Any], most: int, indent: int | None) -> None:
    expected: list[tuple[str, Any]] = []
    for name, value in document.items():
        expected += (
            [(name, entry) for entry in value] if name in reading.LISTS and isinstance(value, list) else [(name, value)]
        )
    assert list(read_entries(_Drip(json.dumps(document, indent=indent), most))) == expected


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("[]", 1),
        ("{", 1),
        ('{"a": 1', 1),
        ('{"a" 1}', 1),
        ("{1: 2}", 1),
        ('{"shows": [1,\n2,\n]}', 3),
        ('{"shows": [1 2]}', 1),
        ('{"shows": [1', 1),
        ('{"a":\n\nNaN}', 3),
        ('{"a": ' + "[" * 5000, 1),
    ],
)
def test_what_is_no_json_is_said_with_its_line(text: str, line: int) -> None:
    for most in (1, 1000):
        with pytest.raises(Unreadable, match=f"line {line}$"):
            list(read_entries(_Drip(text, most)))


def test_an_entry_without_an_end_is_not_read_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LONGEST_ENTRY", 1000)
    monkeypatch.setattr(reading, "_PIECE", 100)
    endless = io.StringIO('{"a": "' + "x" * 1_000_000)
    with pytest.raises(Unreadable):
        list(read_entries(endless))
    assert endless.tell() < 5000


@pytest.mark.parametrize("many", ["{},", "[],", "1e1,", '"ab",'])
def test_what_takes_much_more_room_in_memory_than_in_the_file_is_refused(many: str) -> None:
    with pytest.raises(Unreadable):
        list(read_entries(io.StringIO('{"servers": [' + many * (reading.MOST_SIGNS + 1) + "0]}")))


def test_an_entry_with_a_hundred_thousand_viewings_is_taken() -> None:
    viewing = {"kind": "viewing", "season": 1, "episode": 1, "occurred_at": "2024-05-01T20:00:00Z", "source": "webhook"}
    show = {"title": "Long", "said": [viewing] * 100_000}
    assert [name for name, _ in read_entries(io.StringIO(json.dumps({"shows": [show]})))] == ["shows"]


def test_of_a_million_faults_the_first_is_told() -> None:
    broken = {"title": "Broken", "seasons": [{"seasonNumber": 1, "episodes": [{}] * 20_000}] * 10}
    with pytest.raises(ValidationError) as refused:
        Show.model_validate(broken)
    assert refused.value.error_count() == 1
