"""tracker.without_author: what stands behind a first and a last name in the genitive."""

from __future__ import annotations

import pytest

from tests.conftest import Connection
from tests.watch_state import value


@pytest.mark.parametrize(
    ("title", "rest"),
    [
        ("Agatha Christie's Poirot", "Poirot"),
        ("Philip K. Dick's Electric Dreams", "Electric Dreams"),
        ("Guillermo del Toro’s Cabinet", "Cabinet"),
        ("Charlie's Angels", None),
        ("The Time Traveler's Wife", None),
        ("My Brother's Keeper", None),
        ("Dark", None),
    ],
)
def test_only_a_persons_full_name_is_taken_off(conn: Connection, title: str, rest: str | None) -> None:
    assert value(conn, "select tracker.without_author(%s) as rest", (title,)) == rest
