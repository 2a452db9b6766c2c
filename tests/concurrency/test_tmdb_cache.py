"""Answers of TMDB that are remembered by several at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from tests.conftest import Connection
from tests.watch_state import value

STALE = 60


def renew(number: int, connection: Connection) -> None:
    connection.execute("select cache_tmdb(%s, 200, '{}', '1 day')", (f"/old/{number}",))


def test_what_expired_is_renewed_and_taken_away_at_once_without_waiting_for_each_other(
    conn: Connection, at_once: Callable[..., list[Any]]
) -> None:
    for _ in range(5):
        conn.execute("delete from tmdb_cache")
        conn.execute(
            """insert into tmdb_cache (cache_key, http_status, body, expires_at)
               select '/old/' || n, 200, '{}', now() - interval '8 days' from generate_series(0, %s) n""",
            (STALE - 1,),
        )
        at_once([partial(renew, number) for number in range(STALE)], connections=8)
        assert value(conn, "select count(*) from tmdb_cache where expires_at > now()") == STALE
