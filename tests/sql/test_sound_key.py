"""tracker.sound_key: one form for what transliterations write in several."""

from __future__ import annotations

import pytest

from tests.conftest import Connection
from tests.watch_state import value


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("shoujo kakumei", "shojo kakumei"),
        ("mahou tsukai", "maho tukai"),
        ("yuu gi ou", "yu gi oh"),
        ("muetter vaeter", "mutter vater"),
        ("chii", "chi"),
    ],
)
def test_two_transliterations_are_equal(conn: Connection, one: str, other: str) -> None:
    query = "select tracker.sound_key(%s) = tracker.sound_key(%s) as equal"
    assert value(conn, query, (one, other))


def test_numbers_are_not_shortened(conn: Connection) -> None:
    assert value(conn, "select tracker.sound_key('1122') as key") == "1122"


@pytest.mark.parametrize(
    ("words", "key"), [("", ""), ("aa bb", "ab"), ("éé ßß", "éß"), ("111 444", "111444"), ("onneonneonne", "oneoneone")]
)
def test_a_letter_that_is_there_twice_counts_once(conn: Connection, words: str, key: str) -> None:
    assert value(conn, "select tracker.sound_key(%s) as key", (words,)) == key
