"""Sessions that do things at once, on a database of the test's own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier
from typing import Any, TypeVar

import psycopg
import pytest

from tests.conftest import Connection, DatabaseUrls, connect
from tests.watch_state import value

T = TypeVar("T")


class Session:
    """A connection with a thread of its own: what it is told to do may wait for another session."""

    def __init__(self, connection: Connection, observer: Connection) -> None:
        self.connection = connection
        self._observer = observer
        self._thread = ThreadPoolExecutor(1)

    def does(self, action: Callable[..., T], *arguments: Any, **keywords: Any) -> Future[T]:
        """Starts `action(connection, …)` and returns at once."""
        return self._thread.submit(action, self.connection, *arguments, **keywords)

    def begin(self) -> None:
        """From now on nothing is committed until `commit`."""
        self.connection.execute("begin")

    def commit(self) -> None:
        self.connection.execute("commit")

    def rollback(self) -> None:
        self.connection.execute("rollback")

    def waits_for(self, other: Session) -> None:
        """Returns when PostgreSQL says that this session waits for a lock of the other one."""
        mine, theirs = self.connection.info.backend_pid, other.connection.info.backend_pid
        deadline = time.monotonic() + 20
        while theirs not in value(self._observer, "select pg_blocking_pids(%s) as pids", (mine,)):
            assert time.monotonic() < deadline, "it does not wait"
            time.sleep(0.01)

    def close(self) -> None:
        self._thread.shutdown(wait=True)
        self.connection.close()


def with_patience(action: Callable[..., T], *arguments: Any, **keywords: Any) -> T:
    """As app.sync.receive does: what was overtaken by another session, or waited too long for it, is called again."""
    overtaken, deadline = 0, time.monotonic() + 60
    while overtaken < 5 and time.monotonic() < deadline:
        try:
            return action(*arguments, **keywords)
        except psycopg.errors.SerializationFailure:
            overtaken += 1
        except psycopg.errors.LockNotAvailable:
            continue
    raise AssertionError(f"overtaken {overtaken} times, or waited for a minute")


@pytest.fixture
def new_session(database_urls: DatabaseUrls) -> Iterator[Callable[[], Session]]:
    """Makes sessions of the application's role, in autocommit."""
    with ExitStack() as stack:
        observer = stack.enter_context(connect(database_urls.app_url, database_urls.schema))

        def make() -> Session:
            session = Session(connect(database_urls.app_url, database_urls.schema), observer)
            stack.callback(session.close)
            return session

        yield make


@pytest.fixture
def two_sessions(new_session: Callable[[], Session]) -> tuple[Session, Session]:
    """The first and the second of a named interleaving."""
    return new_session(), new_session()


@pytest.fixture
def at_once(database_urls: DatabaseUrls) -> Callable[..., list[Any]]:
    """Runs actions, each `action(connection)`, from several connections that start together; their answers in order.

    An exception of one of them is raised, after all have ended.
    """

    def run(actions: Sequence[Callable[[Connection], Any]], connections: int = 16) -> list[Any]:
        connections = min(connections, len(actions))
        start = Barrier(connections)
        answers: list[Any] = [None] * len(actions)

        def work(number: int) -> None:
            with connect(database_urls.app_url, database_urls.schema) as connection:
                start.wait(30)
                for index in range(number, len(actions), connections):
                    answers[index] = actions[index](connection)

        with ThreadPoolExecutor(connections) as threads:
            for future in [threads.submit(work, number) for number in range(connections)]:
                future.result()
        return answers

    return run
