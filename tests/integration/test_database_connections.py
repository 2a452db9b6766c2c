"""The pool's connections: none of them waits for a server that says nothing, and none is used again that broke."""

from __future__ import annotations

import time

import psycopg
import pytest
from psycopg import sql

from app.db.pool import Database, NoAnswer
from app.errors import DatabaseUnavailable, unavailable
from tests.conftest import Connection, DatabaseUrls


def test_a_statement_that_takes_longer_than_the_patience_is_given_up_and_its_connection_too(db: Database) -> None:
    began = time.monotonic()
    with db.connection() as connection:
        connection.patience = 0.2
        with pytest.raises(NoAnswer) as caught:
            connection.execute("select pg_sleep(5)")
    assert time.monotonic() - began < 2
    assert unavailable(caught.value)
    assert connection.closed
    with db.connection() as another:
        assert another is not connection
        assert another.execute("select 1 as n").fetchone() == {"n": 1}


def test_patience_is_for_one_use_of_a_connection(db: Database) -> None:
    with db.connection() as connection:
        usual = connection.patience
        connection.patience = 0.1
    with db.connection() as again, db.connection() as other:
        assert [again.patience, other.patience] == [usual, usual]
        again.execute("select pg_sleep(0.3)")


def test_one_broken_connection_takes_its_idle_neighbours_with_it(db: Database, conn: Connection) -> None:
    with db.connection() as first, db.connection() as second, db.connection():
        first.execute("select 1")
        second.execute("select 1")
    conn.execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tellykeep'")
    failures = 0
    for _ in range(5):
        try:
            db.check()
        except DatabaseUnavailable:
            failures += 1
    assert failures <= 1


def test_a_pool_whose_server_was_away_connects_as_soon_as_somebody_asks(database_urls: DatabaseUrls) -> None:
    db = Database(size=4)
    db.open("postgresql://nobody@127.0.0.1:1/nothing", database_urls.schema)
    try:
        began = time.monotonic()
        with pytest.raises(DatabaseUnavailable):
            db.check()
        assert time.monotonic() - began < 3
    finally:
        db.close()


def test_the_pool_leaves_nothing_to_the_compiler_of_the_server(database_urls: DatabaseUrls) -> None:
    with psycopg.connect(database_urls.owner_url, autocommit=True) as owner:
        owner.execute(sql.SQL("alter database {} set jit = on").format(sql.Identifier(database_urls.name)))
    db = Database(size=2)
    db.open(database_urls.app_url, database_urls.schema)
    try:
        with db.connection() as connection:
            assert connection.execute("show jit").fetchone() == {"jit": "off"}
    finally:
        db.close()
