"""tracker.part_keys: parts of a title by which it may be called."""

from __future__ import annotations

import pytest

from tests.conftest import Connection
from tests.watch_state import value


def keys(conn: Connection, title: str) -> list[str]:
    answer: list[str] = value(conn, "select tracker.part_keys(%s) as keys", (title,))
    return answer


def test_what_is_before_and_behind_a_colon_is_a_part(conn: Connection) -> None:
    assert {"lanternislands", "homecoming"} <= set(keys(conn, "Lantern Islands: Homecoming"))
    assert {"lanternislands", "homecoming"} <= set(keys(conn, "Lantern Islands - Homecoming"))


def test_the_authors_name_may_be_left_out(conn: Connection) -> None:
    assert "poirot" in keys(conn, "Agatha Christie's Poirot")


def test_the_last_words_may_be_letters_and_all_of_them_are_marked(conn: Connection) -> None:
    found = keys(conn, "Northern Patrol: Special Rescue Unit")
    assert "northernpatrolsru" in found
    assert ".npsru" in found
    assert "npsru" not in found


@pytest.mark.parametrize("title", ["Dark", "", ":", "***", "A: ", " - "])
def test_a_title_of_one_part_has_none(conn: Connection, title: str) -> None:
    assert keys(conn, title) == []
