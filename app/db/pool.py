"""The connection pool: opened when the database is ready, never at import."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import structlog
from psycopg import pq, sql
from psycopg.abc import RV, PQGen
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from app.db.versions import USE_LOCK, schema_lock_key
from app.errors import DatabaseUnavailable

Connection = psycopg.Connection[DictRow]
log = structlog.get_logger("tellykeep.database")

# Longer than statement_timeout: a server that lives ends the statement itself, and the connection can be used again.
STATEMENT_SECONDS = 15
PATIENCE_SECONDS = 20.0
WAIT_SECONDS = 5.0
RECONNECT_SECONDS = 1.0
# What was answered with success is on a disk, also where a server or a role has been told not to wait for it.
# The official image compiles what it takes for long work (JIT). A decision takes milliseconds; its nested functions, compiled
# anew in each connection, took a hundred times that.
SESSION_OPTIONS = (
    f"-c statement_timeout={STATEMENT_SECONDS}s -c lock_timeout=10s -c idle_in_transaction_session_timeout=30s"
    " -c synchronous_commit=on -c timezone=UTC -c jit=off"
)
# A machine that went away sends no end of the connection: without these, threads wait a quarter of an hour.
KEEPALIVE: dict[str, Any] = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


class NoAnswer(psycopg.OperationalError):
    """PostgreSQL took the statement and said nothing in time. Whether it was carried out is not known."""


class PatientConnection(psycopg.Connection[DictRow]):
    """A connection that waits for its server only so long.

    statement_timeout is kept by the server, so one that is frozen (a suspended machine, a disk that hangs) keeps nothing: each
    thread that asks it would wait for good.

    Attributes:
        patience: seconds that a statement may take; the pool sets it back when the connection is returned.
    """

    patience: float = PATIENCE_SECONDS

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """As psycopg's, which every statement waits in.

        Raises:
            NoAnswer: the patience is over. The connection is closed, as the answer to this statement may come yet.
        """
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        began, patience = time.monotonic(), self.patience
        try:
            return super().wait(gen, interval, patience)
        except psycopg.OperationalError as error:
            if error.sqlstate is not None or time.monotonic() - began < patience:
                raise
            self.pgconn.finish()
            raise NoAnswer(f"the database did not answer within {patience:.1f} s") from None


class Database:
    """The application role's connections. In autocommit, so that one function call is one round trip and one commit.

    Before `open` and after `close` every use raises DatabaseUnavailable: the server listens before it migrates.
    """

    def __init__(self, *, size: int = 16) -> None:
        self._size = size
        self._pool: ConnectionPool[PatientConnection] | None = None
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

        pool: ConnectionPool[PatientConnection] = ConnectionPool(
            conninfo,
            connection_class=PatientConnection,
            kwargs={
                "autocommit": True,
                "row_factory": dict_row,
                "application_name": "tellykeep",
                "connect_timeout": 5,
                **KEEPALIVE,
                "options": SESSION_OPTIONS,
            },
            min_size=2,
            max_size=self._size,
            max_idle=300,
            # Given up soon: it would wait twice as long after each failure. Who needs a connection makes it try anew.
            reconnect_timeout=RECONNECT_SECONDS,
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
    def connection(self, timeout: float | None = None) -> Iterator[PatientConnection]:
        """A connection in autocommit; use `connection.transaction()` for several statements that belong together.

        Args:
            timeout: seconds to wait for a free one.

        Raises:
            DatabaseUnavailable: none came in time.
        """
        pool = self._pool
        if pool is None:
            raise DatabaseUnavailable("the database is not ready yet")
        connection = _taken_from(pool, WAIT_SECONDS if timeout is None else timeout)
        try:
            yield connection
        finally:
            connection.patience = PATIENCE_SECONDS
            if connection.pgconn.status != pq.ConnStatus.OK:
                # Those that lie idle beside it are of the same server: nobody else shall find out one by one.
                pool.drain()
            pool.putconn(connection)

    def fetch_one(self, query: str, parameters: Any = None, *, timeout: float | None = None) -> DictRow | None:
        """The first row of a query that is known to be constant text; None when there is none."""
        with self.connection(timeout) as connection:
            return connection.execute(query.encode(), parameters).fetchone()

    def check(self, timeout: float = 1.5) -> None:
        """Makes sure that PostgreSQL answers.

        Raises:
            DatabaseUnavailable: it does not, within about so many seconds.
        """
        try:
            with self.connection(timeout) as connection:
                connection.patience = timeout
                connection.execute("select 1")
        except psycopg.Error as error:
            raise DatabaseUnavailable("the database does not answer") from error


def _taken_from(pool: ConnectionPool[PatientConnection], seconds: float) -> PatientConnection:
    """A free connection, or the first one that can be made within so many seconds.

    Raises:
        DatabaseUnavailable: there was none.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            return pool.getconn(min(RECONNECT_SECONDS, max(0.001, deadline - time.monotonic())))
        except PoolTimeout:
            # Asked again, a pool that has given up connecting begins anew.
            if time.monotonic() >= deadline:
                raise DatabaseUnavailable("the database does not answer") from None
