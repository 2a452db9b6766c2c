"""tracker.spelling_key: equal for names that differ in spaces, numbers or what is in brackets behind them."""

from __future__ import annotations

import pytest

from tests.conftest import Connection
from tests.watch_state import value


def key(conn: Connection, title: str) -> str:
    answer: str = value(conn, "select tracker.spelling_key(%s) as key", (title,))
    return answer


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("One-Punch Man", "Onepunchman"),
        ("South Park", "Southpark"),
        ("Party of Five", "Party of 5"),
        ("Rocky II", "Rocky 2"),
        ("Quiz Night (2016)", "Quiz Night"),
        ("Quiz Night (UK)", "Quiz Night"),
        ("Quiz Night [tvdb-12]", "Quiz Night"),
        ("Office, The", "The Office"),
        ("Fish & Chips", "Fish 'n' Chips"),
        ("Dr. Nobody", "Doctor Nobody"),
        ("Re: Union", "Re:Union"),
    ],
)
def test_two_spellings_of_one_name_are_equal(conn: Connection, one: str, other: str) -> None:
    assert key(conn, one) == key(conn, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("The 100", "100"), ("Girlfriend", "Girlfriend, Girlfriend"), ("Night and Day", "Day and Night"), ("24", "25")],
)
def test_different_names_stay_different(conn: Connection, one: str, other: str) -> None:
    assert key(conn, one) != key(conn, other)
