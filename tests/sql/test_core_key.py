"""tracker.core_key: what is left of a title without articles and studios."""

from __future__ import annotations

import pytest

from tests.conftest import Connection
from tests.watch_state import value


def key(conn: Connection, title: str) -> str:
    answer: str = value(conn, "select tracker.core_key(%s) as key", (title,))
    return answer


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Marvel's The Punisher", "The Punisher"),
        ("Star Wars: Andor", "Andor"),
        ("The Office (US)", "Office"),
        ("Gallery / Star Wars: The Robot", "Gallery: The Robot"),
    ],
)
def test_article_and_studio_make_no_difference(conn: Connection, one: str, other: str) -> None:
    assert key(conn, one) == key(conn, other)


@pytest.mark.parametrize("title", ["Star Wars", "The", "***", "進撃の巨人", "BBC / ITV"])
def test_something_is_always_left(conn: Connection, title: str) -> None:
    assert key(conn, title) != ""
