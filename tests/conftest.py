"""Fixtures that every folder shares. Databases are clones of one that is migrated once per pytest process."""

from __future__ import annotations

import hashlib
import itertools
import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import psycopg
import pytest
from psycopg import sql
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import Jsonb

from app.db.migrate import migrate
from app.db.pool import Database
from tests.leaks import leaks
from tests.postgres import APP, PostgresServer, described, running_server

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from app.services import Services
    from tests.fakes.plex import FakePlex
    from tests.fakes.plex_tv import FakePlexTv
    from tests.fakes.tmdb import FakeTmdb

pytest_plugins = ["tests.leak_guard", "pytester"]

Connection = psycopg.Connection[DictRow]

# On a busy machine a case takes as long as it takes.
hypothesis.settings.register_profile("patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("patient")

ENCRYPTION_KEY = leaks.secret("7e" * 32, "an encryption key")


def pytest_report_header() -> str:
    return described()


@dataclass(frozen=True)
class DatabaseUrls:
    """One migrated database.

    Attributes:
        owner_url, app_url: libpq URLs of the two roles.
        schema: of the functions of this version.
        name: of the database.
    """

    owner_url: str
    app_url: str
    schema: str
    name: str


@dataclass(frozen=True)
class TemplateDatabase:
    """The migrated database that the others are copied from; nobody is connected to it."""

    name: str
    schema: str


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A server of this pytest process."""
    directory = tmp_path_factory.mktemp("postgres", numbered=True)
    leaks.watch(directory / "postgres.log")
    with running_server(directory) as server:
        yield server


@pytest.fixture(scope="session")
def new_database_name() -> Callable[[str], str]:
    """Names that no other process on the same server uses."""
    run, numbers = f"{os.getpid()}_{secrets.token_hex(3)}", itertools.count(1)
    return lambda purpose: f"test_{purpose}_{run}_{next(numbers)}"


@pytest.fixture(scope="session")
def template_database(
    postgres_server: PostgresServer, new_database_name: Callable[[str], str]
) -> Iterator[TemplateDatabase]:
    """Migrated once per pytest process."""
    name = new_database_name("template")
    postgres_server.create_database(name)
    schema = migrate(postgres_server.url_of(postgres_server.owner_url, name), APP)
    yield TemplateDatabase(name, schema)
    postgres_server.drop_database(name)


@pytest.fixture(scope="session")
def clone(
    postgres_server: PostgresServer,
    template_database: TemplateDatabase,
    new_database_name: Callable[[str], str],
) -> Callable[[str], DatabaseUrls]:
    """Makes another migrated database; whoever calls it drops it."""

    def make(purpose: str) -> DatabaseUrls:
        name = new_database_name(purpose)
        postgres_server.create_database(name, template_database.name)
        return DatabaseUrls(
            postgres_server.url_of(postgres_server.owner_url, name),
            postgres_server.url_of(postgres_server.app_url, name),
            template_database.schema,
            name,
        )

    return make


@pytest.fixture
def database_urls(postgres_server: PostgresServer, clone: Callable[[str], DatabaseUrls]) -> Iterator[DatabaseUrls]:
    """A migrated database of the test's own: it may commit, and break things."""
    urls = clone("own")
    yield urls
    postgres_server.drop_database(urls.name)


@pytest.fixture
def empty_database(postgres_server: PostgresServer, new_database_name: Callable[[str], str]) -> Iterator[DatabaseUrls]:
    """A database that nothing was done to; `schema` is empty."""
    name = new_database_name("empty")
    postgres_server.create_database(name)
    yield DatabaseUrls(
        postgres_server.url_of(postgres_server.owner_url, name),
        postgres_server.url_of(postgres_server.app_url, name),
        "",
        name,
    )
    postgres_server.drop_database(name)


def connect(url: str, schema: str) -> Connection:
    """A connection in autocommit whose settings are those of the application (but for its time-outs)."""
    connection = psycopg.connect(url, autocommit=True, row_factory=dict_row, options="-c timezone=UTC -c jit=off")
    connection.execute(sql.SQL("set search_path = {}, tracker, public, pg_temp").format(sql.Identifier(schema)))
    return connection


@pytest.fixture
def conn(database_urls: DatabaseUrls) -> Iterator[Connection]:
    """The application's role, in autocommit, on the test's own database: that of `db`, `services`, `client`.

    tests/sql overrides it by one whose transaction is rolled back.
    """
    with connect(database_urls.app_url, database_urls.schema) as connection:
        yield connection


@pytest.fixture
def make_user(conn: Connection) -> Callable[..., int]:
    """Makes an account as the first sign-in leaves it, without hashing a password, and returns its id.

    `secret` opens its webhook (`secret-of-NAME` unless given); other keywords are columns of plex_config.
    """
    numbers = itertools.count(1)

    def make(username: str | None = None, *, secret: str | None = None, timezone: str = "UTC", **config: Any) -> int:
        username = username or f"user{next(numbers)}"
        secret = leaks.secret(secret or f"secret-of-{username}", "a webhook's secret")
        row = conn.execute(
            "insert into users (username, password_hash, timezone) values (%s, 'none', %s) returning id",
            (username, timezone),
        ).fetchone()
        assert row is not None
        user_id: int = row["id"]
        conn.execute("insert into settings (user_id) values (%s)", (user_id,))
        columns = {
            "user_id": user_id,
            "webhook_secret": "00:00:00",
            "webhook_secret_hash": hashlib.sha256(secret.encode()).digest(),
        } | config
        conn.execute(
            sql.SQL("insert into plex_config ({}) values ({})").format(
                sql.SQL(", ").join(map(sql.Identifier, columns)),
                sql.SQL(", ").join(sql.Placeholder() * len(columns)),
            ),
            list(columns.values()),
        )
        return user_id

    return make


def season_documents(numbers: dict[int, int], *, runtime: int | None = 22) -> list[dict[str, Any]]:
    """What `seasons` of a show holds, from season number to how many episodes. They count from 1."""
    return [
        {
            "seasonNumber": season,
            "episodes": [
                {"episodeNumber": episode, "title": f"Episode {episode}", "airDate": None, "runtime": runtime}
                for episode in range(1, count + 1)
            ],
        }
        for season, count in numbers.items()
    ]


@pytest.fixture
def make_show(conn: Connection) -> Callable[..., int]:
    """Adds a show and returns its id.

    `seasons`: documents, or season number to how many episodes; other keywords go to add_show.
    """

    def make(
        user_id: int,
        title: str = "Bob's Burgers",
        *,
        seasons: list[dict[str, Any]] | dict[int, int] | None = None,
        runtime: int | None = 22,
        **show: Any,
    ) -> int:
        if seasons is None or isinstance(seasons, dict):
            seasons = season_documents(seasons or {0: 2, 1: 12, 2: 12}, runtime=runtime)
        row = conn.execute(
            "select add_show(%s, %s) as id", (user_id, Jsonb({"title": title, "seasons": seasons} | show))
        ).fetchone()
        assert row is not None
        show_id: int = row["id"]
        return show_id

    return make


@pytest.fixture
def db(database_urls: DatabaseUrls) -> Iterator[Database]:
    """The application's pool, open."""
    database = Database(size=20)
    database.open(database_urls.app_url, database_urls.schema)
    yield database
    database.close()


# Nobody listens there: a test that asks TMDB without the fixture `fake_tmdb` is refused at once.
NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def services(db: Database, database_urls: DatabaseUrls, tmp_path: Path) -> Iterator[Services]:
    """The parts that views and jobs share, on a fresh database, ready."""
    from pydantic import SecretStr

    from app.security.crypto import Cipher
    from app.security.webhook_secrets import WebhookSecrets
    from app.services import Readiness, Services
    from app.settings import load_settings

    (tmp_path / "data").mkdir()
    settings = load_settings(
        database_url=SecretStr(database_urls.app_url),
        database_owner_url=SecretStr(database_urls.owner_url),
        data_dir=tmp_path / "data",
        encryption_key=SecretStr(ENCRYPTION_KEY),
        tmdb_api_key=None,
        tmdb_url=f"{NOBODY}/3",
        tmdb_image_url=f"{NOBODY}/t/p",
        plex_tv_url=NOBODY,
    )
    cipher = Cipher(bytes.fromhex(ENCRYPTION_KEY))
    services = Services(settings, db, cipher, WebhookSecrets(db), readiness=Readiness(started=True))
    yield services
    services.close()


@pytest.fixture
def fake_tmdb(services: Services) -> Iterator[FakeTmdb]:
    """A TMDB that `services` asks, with a key of the installation."""
    from pydantic import SecretStr

    from tests.fakes.tmdb import KEY, FakeTmdb

    with FakeTmdb() as server:
        services.settings.tmdb_url = server.url
        services.settings.tmdb_image_url = server.image_url
        services.settings.tmdb_api_key = SecretStr(KEY)
        yield server
        services.tmdb.close()
        services.posters.close()


@pytest.fixture
def fake_plex(services: Services) -> Iterator[FakePlex]:
    """A Plex server; `use_plex` makes it a user's."""
    from tests.fakes.plex import FakePlex

    with FakePlex() as server:
        yield server
        services.plex.close()
        services.posters.close()


@pytest.fixture
def fake_plex_tv(services: Services, fake_plex: FakePlex) -> Iterator[FakePlexTv]:
    """A plex.tv that `services` asks; its account owns `fake_plex`."""
    from tests.fakes.plex_tv import FakePlexTv

    with FakePlexTv() as server:
        server.add_server(fake_plex.name, fake_plex.uuid, fake_plex.url)
        services.settings.plex_tv_url = services.settings.plex_app_url = server.url
        yield server
        services.plex_tv.close()


@pytest.fixture
def use_plex(services: Services, fake_plex: FakePlex) -> Callable[..., None]:
    """Connects a user to `fake_plex`: `use_plex(user_id)`; keywords are columns of plex_config."""
    from app.db.queries import queries
    from tests.fakes.plex import TOKEN

    def connect_to(user_id: int, *, token: str = TOKEN, **columns: Any) -> None:
        changes = {
            "plex_token": services.cipher.encrypt(token, column="plex_config.plex_token", row=user_id),
            "plex_server_url": fake_plex.url,
            "plex_server_uuid": fake_plex.uuid,
        } | columns
        with services.db.connection() as connection:
            queries().update_plex_config(connection, user_id=user_id, changes=Jsonb(changes))

    return connect_to


@pytest.fixture
def client(services: Services) -> FlaskClient:
    """Flask's test client on `services`."""
    from app import create_app

    return create_app(services).test_client()
