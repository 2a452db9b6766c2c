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
