"""Real processes: one appliance for the tests that only send, one of its own for those that stop or kill it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.appliance import Appliance
from tests.acceptance.database import OtherPostgres
from tests.leaks import leaks


def _in_its_own_directory() -> Iterator[Appliance]:
    # Not tmp_path: its parents are closed to the user that PostgreSQL runs as under root, which has a test of its own.
    directory = Path(tempfile.mkdtemp(prefix="tellykeep-test-"))
    appliance = Appliance(directory)
    try:
        yield appliance
    finally:
        if appliance.process is not None and appliance.process.poll() is None:
            appliance.stop()
        leaks.read_files()
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def appliance() -> Iterator[Appliance]:
    """Not started yet."""
    yield from _in_its_own_directory()


@pytest.fixture(scope="module")
def running() -> Iterator[Appliance]:
    """Started, with the user `sam`; shared by the tests of a module."""
    for appliance in _in_its_own_directory():
        appliance.start()
        appliance.add_user()
        yield appliance


@pytest.fixture
def postgres() -> Iterator[OtherPostgres]:
    """A server that the appliance does not look after; running."""
    directory = Path(tempfile.mkdtemp(prefix="tellykeep-test-"))
    server = OtherPostgres(directory)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)
