"""One database for all tests of a pytest process: each runs in a transaction that is rolled back."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest

from tests.conftest import Connection, DatabaseUrls, connect
from tests.postgres import PostgresServer


@pytest.fixture(scope="session")
def shared_database(postgres_server: PostgresServer, clone: Callable[[str], DatabaseUrls]) -> Iterator[DatabaseUrls]:
    """Stays empty: what the tests write is rolled back."""
    urls = clone("sql")
    yield urls
    postgres_server.drop_database(urls.name)


@pytest.fixture(scope="session")
def shared_connection(shared_database: DatabaseUrls) -> Iterator[Connection]:
    """The application's role; signing in for every test would cost more than most tests."""
    with connect(shared_database.app_url, shared_database.schema) as connection:
        yield connection


@pytest.fixture
def conn(shared_connection: Connection) -> Iterator[Connection]:
    """The application's role in a transaction that is rolled back after a commit's checks."""
    with shared_connection.transaction(force_rollback=True):
        yield shared_connection
        if shared_connection.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS:
            shared_connection.execute("set constraints all immediate")
