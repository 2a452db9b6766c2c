"""Unit tests use neither network nor database: sockets are blocked, and the database's fixtures refuse."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import pytest_socket


@pytest.fixture(autouse=True)
def _no_sockets() -> Iterator[None]:
    pytest_socket.disable_socket()
    yield
    pytest_socket.enable_socket()


@pytest.fixture(scope="session")
def postgres_server() -> None:
    pytest.fail("a unit test asks for a database: it belongs in tests/sql or tests/integration")
