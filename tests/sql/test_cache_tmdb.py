"""cache_tmdb: what TMDB answered, for as long as it counts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.watch_state import one

DAY = timedelta(days=1)


def cache(conn: Connection, key: str, body: Any, *, status: int = 200, age: timedelta = DAY) -> None:
    conn.execute("select cache_tmdb(%s, %s, %s, %s)", (key, status, None if body is None else Jsonb(body), age))


def keys(conn: Connection) -> set[str]:
    return {row["cache_key"] for row in conn.execute("select cache_key from tmdb_cache").fetchall()}


def test_an_answer_is_kept_with_its_age(conn: Connection) -> None:
    cache(conn, "/tv/1", {"id": 1}, age=timedelta(hours=12))
    row = one(conn, "select *, expires_at - fetched_at as age from tmdb_cache where cache_key = '/tv/1'")
    assert (row["http_status"], row["body"], row["age"]) == (200, {"id": 1}, timedelta(hours=12))


def test_that_there_is_no_such_thing_is_kept_too(conn: Connection) -> None:
    cache(conn, "/tv/2", None, status=404)
    row = one(conn, "select * from tmdb_cache where cache_key = '/tv/2'")
    assert (row["http_status"], row["body"]) == (404, None)


def test_a_new_answer_takes_the_place_of_the_old_one(conn: Connection) -> None:
    cache(conn, "/tv/3", None, status=404)
    conn.execute("update tmdb_cache set fetched_at = now() - interval '2 days', expires_at = now() - interval '1 day'")
    cache(conn, "/tv/3", {"id": 3})
    row = one(conn, "select *, expires_at > now() as counts, fetched_at = now() as new from tmdb_cache")
    assert (row["http_status"], row["body"], row["counts"], row["new"]) == (200, {"id": 3}, True, True)


def test_what_expired_long_ago_goes_a_few_at_a_time(conn: Connection) -> None:
    conn.execute(
        """insert into tmdb_cache (cache_key, http_status, body, expires_at)
           select '/old/' || n, 200, '{}', now() - interval '8 days' from generate_series(1, 25) n"""
    )
    cache(conn, "/yesterday", {}, age=-DAY)
    assert len(keys(conn)) == 6
    cache(conn, "/tv/4", {})
    assert keys(conn) == {"/yesterday", "/tv/4"}


def test_an_answer_that_expired_long_ago_is_renewed(conn: Connection) -> None:
    cache(conn, "/tv/5", {"id": 5}, age=timedelta(days=-8))
    cache(conn, "/tv/5", {"id": 6})
    assert one(conn, "select body from tmdb_cache")["body"] == {"id": 6}
