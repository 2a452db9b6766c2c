"""sign_in_delay: how long after how many failures."""

from __future__ import annotations

from tests.conftest import Connection
from tests.watch_state import value


def delay(conn: Connection, failures: int) -> int:
    seconds: int = value(conn, "select sign_in_delay(%s, 5, 300)", (failures,))
    return seconds


def test_the_first_failures_are_free_and_then_it_doubles_up_to_the_longest(conn: Connection) -> None:
    assert [delay(conn, n) for n in range(16)] == [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


def test_a_million_failures_are_no_number_that_is_too_large(conn: Connection) -> None:
    assert delay(conn, 1_000_000) == 300
