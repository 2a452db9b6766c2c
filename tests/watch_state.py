"""What the database holds, for assertions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg
import pytest

from tests.conftest import Connection


def one(connection: Connection, query: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> dict[str, Any]:
    """The single row of a query."""
    rows = connection.execute(query.encode(), parameters).fetchall()
    assert len(rows) == 1, f"{len(rows)} rows"
    return rows[0]


def value(connection: Connection, query: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> Any:
    """The single value of a query."""
    (answer,) = one(connection, query, parameters).values()
    return answer


def show_row(connection: Connection, show_id: int) -> dict[str, Any]:
    """One row of tvshows."""
    return one(connection, "select * from tvshows where id = %s", (show_id,))


def episode_entry(connection: Connection, show_id: int, season: int, episode: int) -> dict[str, Any]:
    """One episode as it stands in the seasons document."""
    for document in show_row(connection, show_id)["seasons"]:
        if document["seasonNumber"] == season:
            for entry in document["episodes"]:
                if entry["episodeNumber"] == episode:
                    return dict(entry)
    raise AssertionError(f"no season {season} episode {episode}")


def log_row(connection: Connection, log_id: int) -> dict[str, Any]:
    """One row of the log."""
    return one(connection, "select * from plex_webhook_logs where id = %s", (log_id,))


def conflict_row(connection: Connection, conflict_id: int) -> dict[str, Any]:
    """One row of plex_conflicts."""
    return one(connection, "select * from plex_conflicts where id = %s", (conflict_id,))


def plays(connection: Connection, show_id: int) -> list[dict[str, Any]]:
    """The viewings of a show in the order of time, without those that turned out to be part of another one."""
    return connection.execute(
        """select * from plays where tvshow_id = %s and void_reason is distinct from 'same_viewing'
           order by watched_at, id""",
        (show_id,),
    ).fetchall()


def live_plays(connection: Connection, show_id: int) -> list[dict[str, Any]]:
    """The viewings that count."""
    return [play for play in plays(connection, show_id) if play["voided_at"] is None]


def live_times(connection: Connection, show_id: int) -> list[datetime]:
    """When the viewings were that count."""
    return [play["watched_at"] for play in live_plays(connection, show_id)]


def assert_totals_are_a_recount(connection: Connection, show_id: int) -> None:
    """The three totals of a show are what its document says."""
    row = one(
        connection,
        """select row(total_episodes, watched_episodes, total_minutes)::text as kept,
                  (select r::text from recount(seasons) r) as counted
           from tvshows where id = %s""",
        (show_id,),
    )
    assert row["kept"] == row["counted"]


@contextmanager
def refused(connection: Connection, sqlstate: str, constraint: str | None = None) -> Iterator[None]:
    """The block must fail with this SQLSTATE (and constraint); the transaction around it goes on."""
    with pytest.raises(psycopg.Error) as raised, connection.transaction():
        yield
    assert raised.value.sqlstate == sqlstate, raised.value
    if constraint is not None:
        assert raised.value.diag.constraint_name == constraint
