"""Ten years in the log: what the pages ask goes by an index, also in the plan that PostgreSQL keeps for any parameters."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from app.db.queries import queries
from tests.conftest import Connection, DatabaseUrls, connect
from tests.scrobbles import receive, scrobble

ROWS = 20_000


@pytest.fixture
def long_log(conn: Connection, database_urls: DatabaseUrls, make_user: Callable[..., int]) -> int:
    """A user's log of ignored events, one every hour, the last of them now."""
    user = make_user()
    receive(conn, user, scrobble(event="media.play"))
    conn.execute(
        """insert into plex_webhook_logs
               (user_id, created_at, receipt, source, status, action_taken, event_type, trace, payload)
           select user_id, now() - make_interval(hours => %s - n), gen_random_uuid(), source, status, action_taken,
                  event_type, trace, payload
           from plex_webhook_logs, generate_series(1, %s) n""",
        (ROWS, ROWS),
    )
    with connect(database_urls.owner_url, database_urls.schema) as owner:
        owner.execute("vacuum analyze tracker.plex_webhook_logs")
    return user


def kept_plan(conn: Connection, name: str, **parameters: object) -> str:
    """How PostgreSQL does a named query in the plan that it makes once for all parameters."""
    numbered = {key: f"${number}" for number, key in enumerate(parameters, 1)}
    statement = re.sub(r"%\((\w+)\)s", lambda match: numbered[match[1]], getattr(queries(), name).sql)
    conn.execute("set plan_cache_mode = force_generic_plan")
    conn.execute(f"prepare kept as {statement}")
    try:
        given = ", ".join("null" if value is None else f"'{value}'" for value in parameters.values())
        return "\n".join(row["QUERY PLAN"] for row in conn.execute(f"explain execute kept ({given})"))
    finally:
        conn.execute("deallocate kept")
        conn.execute("reset plan_cache_mode")


@pytest.mark.parametrize("status", ["failed", "pending", "conflict", "duplicate"])
def test_what_few_rows_are_is_found_among_many(conn: Connection, long_log: int, status: str) -> None:
    everything = dict.fromkeys(("event", "source", "account", "tvshow_id", "q", "since", "until", "before", "through"))
    asked = {"user_id": long_log, "status": status, "limit": 50}
    assert "plex_webhook_logs_open" in kept_plan(conn, "rare_activity", **everything, **asked)
    asked |= {"before": None, "event": None, "q": None}
    assert "plex_webhook_logs_open" in kept_plan(conn, "list_rare_logs", **asked)


def test_figures_of_the_last_days_do_not_read_the_years_before(conn: Connection, long_log: int) -> None:
    statement = queries().event_figures.sql
    plan = "\n".join(
        row["QUERY PLAN"] for row in conn.execute("explain " + statement, {"user_id": long_log, "days": 7})
    )
    assert "plex_webhook_logs_time" in plan


def test_figures_for_monitors_read_the_index_of_what_waits(conn: Connection, long_log: int) -> None:
    plan = "\n".join(row["QUERY PLAN"] for row in conn.execute("explain " + queries().waiting_events.sql))
    assert "plex_webhook_logs_open" in plan
    assert "Seq Scan on plex_webhook_logs" not in plan
