"""The connection pool: opened when the database is ready, never at import."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import structlog
from psycopg import sql
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from app.db.versions import USE_LOCK, schema_lock_key
from app.errors import DatabaseUnavailable

Connection = psycopg.Connection[DictRow]
log = structlog.get_logger("tellykeep.database")


class Database:
    """The application role's connections. In autocommit, so that one function call is one round trip and one commit.

    Before `open` and after `close` every use raises DatabaseUnavailable: the server listens before it migrates.
    """

    def __init__(self, *, size: int = 16) -> None:
        self._size = size
        self._pool: ConnectionPool[Connection] | None = None
        self._lock = threading.Lock()

    def open(self, conninfo: str, schema: str) -> None:
        """Opens the pool.

        Args:
            conninfo: libpq URL of the application role.
            schema: the schema of the functions of this version (`app.db.migrate`).
        """

        def configure(connection: Connection) -> None:
            connection.execute(sql.SQL("set search_path = {}, tracker, public, pg_temp").format(sql.Identifier(schema)))
            # Says "this version is in use" for as long as the connection lives; see app.db.migrate.
            connection.execute("select pg_advisory_lock_shared(%s, %s)", (USE_LOCK, schema_lock_key(schema)))
            # While PostgreSQL was away nothing said so, and another version may have dropped what it saw nobody use.
            row = connection.execute("select to_regnamespace(%s) is not null as there", (schema,)).fetchone()
            if row is None or not row["there"]:
                log.error("another version has removed the functions of this one: start it again", schema=schema)
                raise psycopg.OperationalError("the functions of this version are gone")

        pool: ConnectionPool[Connection] = ConnectionPool(
            conninfo,
            connection_class=psycopg.Connection[DictRow],
            kwargs={
                "autocommit": True,
                "row_factory": dict_row,
                "application_name": "tellykeep",
                "connect_timeout": 5,
                # A machine that went away sends no end of the connection: without these, threads wait a quarter of an hour.
                "keepalives_idle": 5,
                "keepalives_interval": 2,
                "keepalives_count": 3,
                "tcp_user_timeout": 10_000,
                "options": "-c statement_timeout=15s -c lock_timeout=10s -c idle_in_transaction_session_timeout=30s"
                " -c timezone=UTC",
            },
            min_size=2,
            max_size=self._size,
            max_idle=300,
            timeout=5,
            reconnect_timeout=30,
            configure=configure,
            open=True,
            name="tellykeep",
        )
        with self._lock:
            old, self._pool = self._pool, pool
        if old is not None:
            old.close()

    def close(self) -> None:
        """Closes the pool; waits for connections in use for a few seconds."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.close(timeout=3)

    @property
    def is_open(self) -> bool:
        """Whether `open` was called. Says nothing about whether PostgreSQL answers."""
        return self._pool is not None

    @contextmanager
    def connection(self, timeout: float | None = None) -> Iterator[Connection]:
        """A connection in autocommit; use `connection.transaction()` for several statements that belong together.

        Args:
            timeout: seconds to wait for a free one.

        Raises:
            DatabaseUnavailable: none came in time.
        """
        pool = self._pool
        if pool is None:
            raise DatabaseUnavailable("the database is not ready yet")
        try:
            connection = pool.getconn(timeout)
        except PoolTimeout:
            raise DatabaseUnavailable("the database does not answer") from None
        try:
            yield connection
        finally:
            pool.putconn(connection)

    def fetch_one(self, query: str, parameters: Any = None, *, timeout: float | None = None) -> DictRow | None:
        """The first row of a query that is known to be constant text; None when there is none."""
        with self.connection(timeout) as connection:
            return connection.execute(query.encode(), parameters).fetchone()

    def check(self, timeout: float = 2.0) -> None:
        """Makes sure that PostgreSQL answers.

        Raises:
            DatabaseUnavailable: it does not, within so many seconds.
        """
        try:
            with self.connection(timeout) as connection:
                connection.execute("select 1")
        except psycopg.Error as error:
            raise DatabaseUnavailable("the database does not answer") from error
