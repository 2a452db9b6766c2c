"""DatabaseKeeper: brings the database up behind the server, whatever goes wrong meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import MagicMock

import pytest

from app import server
from app.errors import DatabaseUnavailable
from app.opening import StartedDatabase
from app.server import DatabaseKeeper
from app.services import Readiness


class Clusters:
    """Stands in for the embedded server; remembers how often it was started."""

    def __init__(self) -> None:
        self.started = 0
        self.is_alive = True

    def start(self, _settings: Any) -> StartedDatabase:
        self.started += 1
        self.is_alive = True
        return StartedDatabase("postgresql://owner", "postgresql://app", stop=lambda: None, alive=lambda: self.is_alive)


@pytest.fixture
def clusters(monkeypatch: pytest.MonkeyPatch) -> Clusters:
    made = Clusters()
    monkeypatch.setattr(server, "start_database", made.start)
    monkeypatch.setattr(server, "open_database", lambda *_: None)
    monkeypatch.setattr(server, "ensure_setup_code", lambda _: None)
    monkeypatch.setattr(server, "LOOK_AFTER_SECONDS", 0.01)
    return made


@pytest.fixture
def keeper() -> Iterator[DatabaseKeeper]:
    made = DatabaseKeeper(MagicMock(readiness=Readiness()))
    yield made
    made.finish()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_setup_code_that_could_not_be_kept_is_made_again(
    clusters: Clusters, keeper: DatabaseKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    answers: list[Any] = [DatabaseUnavailable("away"), "ABCD-EFGH"]

    def code(_services: Any) -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    monkeypatch.setattr(server, "ensure_setup_code", code)
    monkeypatch.setattr(server, "_print_setup_code", lambda _settings, text: shown.append(text))
    keeper.start()
    wait_for(lambda: shown == ["ABCD-EFGH"])
    assert keeper._services.readiness.started


def test_a_server_that_ends_before_the_first_migration_is_started_again(
    clusters: Clusters, keeper: DatabaseKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = threading.Event()

    def open_database(*_: Any) -> None:
        if clusters.started == 1:
            clusters.is_alive = False
            tried.set()
            raise DatabaseUnavailable("it ended")

    monkeypatch.setattr(server, "open_database", open_database)
    keeper.start()
    assert tried.wait(10)
    wait_for(lambda: keeper._services.readiness.started)
    assert clusters.started == 2


def test_a_server_that_ends_later_is_started_again_and_nothing_is_wrong_any_more(
    clusters: Clusters, keeper: DatabaseKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper.start()
    wait_for(lambda: keeper._services.readiness.started)
    start = clusters.start
    failures = [DatabaseUnavailable("no room")]

    def start_at_the_second_try(settings: Any) -> StartedDatabase:
        if failures:
            raise failures.pop()
        return start(settings)

    monkeypatch.setattr(server, "start_database", start_at_the_second_try)
    clusters.is_alive = False
    wait_for(lambda: clusters.started == 2)
    wait_for(lambda: keeper._services.readiness.problem is None)
