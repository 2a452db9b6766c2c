"""tracker.leading_article: the article that sorting put behind goes to the front again."""

from __future__ import annotations

import pytest

from tests.conftest import Connection
from tests.watch_state import value


@pytest.mark.parametrize(
    ("title", "front"),
    [
        ("Office, The", "The Office"),
        ("Boot, Das", "Das Boot"),
        ("Team, a", "a Team"),
        ("Hello, Goodbye", "Hello, Goodbye"),
        ("The Good, the Bad", "The Good, the Bad"),
        (", The", ", The"),
        ("", ""),
    ],
)
def test_an_article_at_the_end_goes_to_the_front(conn: Connection, title: str, front: str) -> None:
    assert value(conn, "select tracker.leading_article(%s) as title", (title,)) == front
