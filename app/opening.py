"""Brings the database up for whoever needs it: `tellykeep serve`, and every command beside or without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import psycopg
from psycopg.conninfo import conninfo_to_dict

from app.db.migrate import migrated
from app.embedded import EmbeddedPostgres
from app.security.key_check import WrongKey, check_key
from app.services import Services, build_services
from app.settings import InvalidSettings, Settings

# A container has ten seconds to end, of which requests in flight may take five. A fast shutdown takes a tenth of one.
STOP_SECONDS = 3.0
FIRST_CONNECTION_SECONDS = 10.0


@dataclass(frozen=True)
class StartedDatabase:
    """A PostgreSQL that runs, ours or somebody else's. Printing it shows no password.

    Attributes:
        owner_url: libpq URL of the role that migrates.
        app_url: libpq URL of the application's role.
        stop: ends our use of it; an embedded server that nobody else uses is shut down.
        alive: whether the embedded server still runs; true for somebody else's, which others look after.
    """

    owner_url: str = field(repr=False)
    app_url: str = field(repr=False)
    stop: Callable[[], None]
    alive: Callable[[], bool] = lambda: True

    @property
    def app_role(self) -> str | None:
        """The application's role; None where one role owns everything."""
        return _role("DATABASE_URL", self.app_url) if self.owner_url != self.app_url else None


def start_database(settings: Settings) -> StartedDatabase:
    """The database that the settings name; the embedded one is started, or joined where another process has started it.

    Raises:
        EmbeddedPostgresError: the embedded server cannot be used.
        InvalidSettings: DATABASE_URL or DATABASE_OWNER_URL cannot be read.
    """
    if settings.database_url is None:
        postgres = EmbeddedPostgres(settings.data_dir)
        endpoint = postgres.start()
        return StartedDatabase(
            endpoint.owner_url, endpoint.app_url, partial(postgres.stop, STOP_SECONDS), postgres.alive
        )
    app_url = settings.database_url.get_secret_value()
    owner_url = settings.database_owner_url.get_secret_value() if settings.database_owner_url else app_url
    for name, url in (("DATABASE_URL", app_url), ("DATABASE_OWNER_URL", owner_url)):
        if _role(name, url) is None and owner_url != app_url:
            raise InvalidSettings(f"{name}: name the role, as in postgresql://ROLE:PASSWORD@HOST:PORT/DATABASE")
    return StartedDatabase(owner_url, app_url, lambda: None)


def open_database(services: Services, started: StartedDatabase) -> None:
    """Migrates as the owner and opens the pool as the application's role. May be called again when it failed.

    Raises:
        MigrationError: the database cannot be used by this version.
        DatabaseUnavailable, psycopg.Error: the database is away or refuses.
        WrongKey: its secrets are encrypted under another key.
    """
    with migrated(started.owner_url, started.app_role) as schema:
        services.db.open(started.app_url, schema)
        services.db.check(FIRST_CONNECTION_SECONDS)
    try:
        with services.db.connection() as connection:
            check_key(connection, services.cipher)
    except WrongKey:
        # Nothing is to be read or written with it. Webhooks go to the spool meanwhile.
        services.db.close()
        raise


@contextmanager
def open_services(settings: Settings) -> Iterator[Services]:
    """The application's parts with an open database, for one command.

    Raises:
        InvalidSettings, EmbeddedPostgresError, MigrationError, psycopg.Error: as the functions above.
    """
    services = build_services(settings)
    started = start_database(settings)
    try:
        open_database(services, started)
        yield services
    finally:
        services.close()
        started.stop()


def _role(setting: str, url: str) -> str | None:
    try:
        role = conninfo_to_dict(url).get("user")
    except psycopg.Error:
        # libpq's own message repeats the address, password included.
        raise InvalidSettings(
            f"{setting}: this is no address of a PostgreSQL database;"
            " expected postgresql://USER:PASSWORD@HOST:PORT/DATABASE, special characters as %XX"
        ) from None
    return None if role is None else str(role)
