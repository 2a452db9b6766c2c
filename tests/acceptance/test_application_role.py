"""Attacks as the application's role of a served installation: on its embedded server, whose rights are set up at the start."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from app.embedded import EmbeddedPostgres
from tests.acceptance.appliance import Appliance
from tests.postgres import PostgresServer
from tests.role_attacks import OTHER_DATABASES, REFUSED, REFUSED_AS_SERVED, allowed


@pytest.fixture(scope="module")
def app_url(running: Appliance) -> Iterator[str]:
    """The address by which the application comes in."""
    with EmbeddedPostgres(running.directory / "data") as postgres:
        yield postgres.start().app_url


def test_it_can_do_nothing_but_its_work(app_url: str) -> None:
    with psycopg.connect(app_url, autocommit=True) as session:
        assert allowed(session, REFUSED | REFUSED_AS_SERVED) == {}


@pytest.mark.parametrize("name", OTHER_DATABASES)
def test_it_enters_no_other_database(app_url: str, name: str) -> None:
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(PostgresServer.url_of(app_url, name))


def test_what_every_role_may_change_of_itself_does_not_outlive_a_start(app_url: str, running: Appliance) -> None:
    """Its password, which each start sets, and its defaults, which the application's own connections do not take."""
    with psycopg.connect(app_url, autocommit=True) as session:
        session.execute("alter role tellykeep set statement_timeout = 0")
        session.execute("alter role tellykeep set search_path = pg_temp")
        session.execute("alter role tellykeep password 'changed'")
    running.stop()
    running.start()
    assert running.call("GET", "/api/shows") == {"shows": [], "next": None}
    with psycopg.connect(app_url, autocommit=True) as session:
        session.execute("alter role tellykeep reset all")
