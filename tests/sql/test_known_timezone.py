"""known_timezone: a name that PostgreSQL can use."""

from __future__ import annotations

import pytest

from tests.conftest import Connection
from tests.watch_state import value


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu"])
def test_a_zone_that_is_known_stays(conn: Connection, name: str) -> None:
    assert value(conn, "select known_timezone(%s)", (name,)) == name


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "Europe/Berlin; drop table plays"])
def test_one_that_is_not_known_is_utc(conn: Connection, name: str) -> None:
    assert value(conn, "select known_timezone(%s)", (name,)) == "UTC"


def test_a_transaction_goes_on_after_it(conn: Connection) -> None:
    value(conn, "select known_timezone('Mars/Olympus')")
    assert value(conn, "select 1") == 1
