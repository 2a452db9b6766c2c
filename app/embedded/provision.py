"""Roles, database, rights and extension of a running server."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiosql
import psycopg

from app.embedded.configuration import APP, DATABASE, OWNER, PORT, SUPERUSER
from app.embedded.errors import EmbeddedPostgresError
from app.embedded.passwords import Passwords, scram_verifier

TITLE = "進撃の巨人"
CONNECT_SECONDS = 10
ASK_SECONDS = 2  # a server that hangs takes connections and says nothing; who asks tries again


def url(role: str, password: str, socket_directory: Path, database: str = DATABASE) -> str:
    """A libpq URL over the unix socket; the environment's PGPORT, PGSSLMODE and such change nothing."""
    host = quote(str(socket_directory), safe="", errors="surrogateescape")
    fixed = f"host={host}&port={PORT}&sslmode=disable&gssencmode=disable&channel_binding=disable"
    return f"postgresql://{role}:{password}@/{database}?{fixed}"


def owner_url(passwords: Passwords, socket_directory: Path) -> str:
    """For migrations: the role that owns the database."""
    return url(OWNER, passwords.owner, socket_directory)


def app_url(passwords: Passwords, socket_directory: Path) -> str:
    """For the application: a role that owns nothing."""
    return url(APP, passwords.app, socket_directory)


def superuser_url(passwords: Passwords, socket_directory: Path) -> str:
    """For provisioning, and to ask whether the server is ready."""
    address = url(SUPERUSER, passwords.superuser, socket_directory, "postgres")
    return f"{address}&connect_timeout={ASK_SECONDS}"


def connect(address: str) -> "psycopg.Connection[Any]":
    """A connection in autocommit mode."""
    return psycopg.connect(address, autocommit=True, connect_timeout=CONNECT_SECONDS)


def provision(passwords: Passwords, socket_directory: Path) -> None:
    """Makes sure of all that `provision.sql` names.

    Raises EmbeddedPostgresError when the cluster's locale does not know Japanese, psycopg.Error when a
    statement fails.
    """
    queries = aiosql.from_path(Path(__file__).with_name("provision.sql"), "psycopg")
    with connect(superuser_url(passwords, socket_directory)) as connection:
        for role, password in ((OWNER, passwords.owner), (APP, passwords.app)):
            queries.hand_over_password(connection, role=role, verifier=scram_verifier(password))
        queries.ensure_roles(connection)
        if not queries.database_exists(connection):
            queries.create_database(connection)
        queries.ensure_database_rights(connection)
    with connect(url(SUPERUSER, passwords.superuser, socket_directory)) as connection:
        queries.forbid_large_objects(connection)
        queries.ensure_extension(connection)
        if not queries.trigrams(connection, title=TITLE):
            raise EmbeddedPostgresError(
                f"This database sees no letters in {TITLE} (pg_trgm), so Japanese titles could not be "
                "matched: its LC_CTYPE does not know them. Run `tellykeep backup FILE`, move the directory "
                "postgres in the data directory away, install the locale C.UTF-8, and `tellykeep restore "
                "FILE`."
            )


def is_provisioned(passwords: Passwords, socket_directory: Path) -> bool:
    """Whether both roles come in and the extension works: then a server that others use is left alone."""
    queries = aiosql.from_path(Path(__file__).with_name("provision.sql"), "psycopg")
    try:
        with connect(owner_url(passwords, socket_directory)):
            pass
        with connect(app_url(passwords, socket_directory)) as connection:
            return bool(queries.trigrams(connection, title=TITLE))
    except psycopg.Error:
        return False
