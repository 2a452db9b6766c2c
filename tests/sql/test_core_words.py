"""tracker.core_words: a part of a title without studio and article."""

from __future__ import annotations

import pytest

from tests.conftest import Connection
from tests.watch_state import value


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("Marvel's The Punisher", "punisher"),
        ("The Office", "office"),
        ("A Team", "team"),
        ("Star Wars", ""),
        ("The", "the"),
        ("Netflix Originals Nowhere", "nowhere"),
        ("Marvelous Mrs. Nobody", "marvelous mrs nobody"),
        ("BBC", ""),
    ],
)
def test_studio_and_article_go(conn: Connection, part: str, words: str) -> None:
    assert value(conn, "select tracker.core_words(%s) as words", (part,)) == words
