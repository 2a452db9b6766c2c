"""viewing_time: when an episode was watched."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.watch_state import value

RECEIVED = datetime(2026, 1, 1, 20, 0, 0, 250000, tzinfo=UTC)


def viewing_time(conn: Connection, event: dict[str, Any]) -> datetime:
    answer = value(conn, "select viewing_time(%s, %s) as at", (Jsonb(event), RECEIVED))
    assert isinstance(answer, datetime)
    return answer


def test_the_history_is_believed_whenever_it_was(conn: Connection) -> None:
    told = datetime(2014, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert viewing_time(conn, {"last_viewed_at": int(told.timestamp()), "history_key": "/status/1"}) == told


@pytest.mark.parametrize(("ahead", "told"), [(420, 420), (-420, -420), (3600, 3590)])
def test_how_much_the_servers_clock_is_ahead_is_taken_out(conn: Connection, ahead: int, told: int) -> None:
    received = RECEIVED.replace(microsecond=0)
    event = Jsonb({"last_viewed_at": int(received.timestamp()) + told})
    at = value(conn, "select viewing_time(%s, %s, %s)", (event, received, ahead))
    assert at == received + timedelta(seconds=told - ahead)
    assert value(conn, "select viewing_time(%s, %s, null)", (event, received)) is not None


@pytest.mark.parametrize("seconds", [-1800, -60, 0, 60, 1800])
def test_plex_is_believed_near_the_receipt(conn: Connection, seconds: int) -> None:
    told = RECEIVED.replace(microsecond=0) + timedelta(seconds=seconds)
    if seconds == -1800:
        told += timedelta(seconds=1)
    assert viewing_time(conn, {"last_viewed_at": int(told.timestamp())}) == told


@pytest.mark.parametrize("distance", [timedelta(seconds=1802), timedelta(days=400), timedelta(days=-400)])
def test_an_older_or_later_time_is_that_of_another_viewing(conn: Connection, distance: timedelta) -> None:
    told = RECEIVED - distance
    assert viewing_time(conn, {"last_viewed_at": int(told.timestamp())}) == RECEIVED


@pytest.mark.parametrize("event", [{}, {"last_viewed_at": None}])
def test_without_a_time_the_receipt_counts(conn: Connection, event: dict[str, Any]) -> None:
    assert viewing_time(conn, event) == RECEIVED
