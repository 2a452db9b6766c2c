"""Brings a database to this version: tables by numbered migrations, functions as a schema per version.

Everything happens in one transaction under one advisory lock, so that twenty boots at once are one migration and nineteen
that find it done, and a power cut in the middle leaves what was there before (docs/adr/0001-migrations.md).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow, tuple_row

import sql as sql_package
from app.db.pool import KEEPALIVE
from app.db.versions import MIGRATION_LOCK, USE_LOCK, schema_lock_key, schema_name
from app.errors import TellykeepError

SQL_DIR = Path(sql_package.__file__).parent


class MigrationError(TellykeepError):
    """The database cannot be used by this version. The message says why and what to do."""

    code = "migration"


@dataclass(frozen=True)
class Migration:
    """One numbered file of sql/migrations."""

    version: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the file, to notice a migration that was edited after it was applied."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def read_migrations(directory: Path = SQL_DIR / "migrations") -> list[Migration]:
    """All migrations, in order.

    Raises:
        MigrationError: a name that is not NNNN_words.sql, or a gap or double in the numbers.
    """
    found = []
    for path in sorted(directory.glob("*.sql")):
        match = re.fullmatch(r"(\d{4})_(\w+)\.sql", path.name)
        if match is None:
            raise MigrationError(f"{path.name}: a migration is named NNNN_words.sql")
        found.append(Migration(int(match[1]), match[2], path.read_text(encoding="utf-8")))
    if [m.version for m in found] != list(range(1, len(found) + 1)):
        raise MigrationError("the numbers of the migrations have a gap or a double")
    return found


def read_functions(directory: Path = SQL_DIR / "functions") -> dict[str, str]:
    """Function name to source, one function a file."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(directory.glob("*.sql"))}


def migrate(
    owner_conninfo: str,
    app_role: str | None = None,
    *,
    migrations: list[Migration] | None = None,
    functions: dict[str, str] | None = None,
) -> str:
    """Migrates as `migrated` does, and returns the schema. Another version that migrates next may drop it again."""
    with migrated(owner_conninfo, app_role, migrations=migrations, functions=functions) as schema:
        return schema


@contextmanager
def migrated(
    owner_conninfo: str,
    app_role: str | None = None,
    *,
    migrations: list[Migration] | None = None,
    functions: dict[str, str] | None = None,
) -> Iterator[str]:
    """Migrates as the owner, and gives the schema of this version's functions, which is kept until the end of the block.

    Whoever opens a pool on it does so in the block: before the pool has a connection nothing else says that this version is in
    use, and another version that migrates in that moment would drop its functions.

    Args:
        owner_conninfo: libpq URL of the role that owns the tables.
        app_role: the application's role, which gets what it needs and owns nothing; None or the owner itself: no grants.

    Raises:
        MigrationError: the database is newer than this version, is not UTF-8, or an applied migration was changed.
        psycopg.Error: the database is away or refuses.
    """
    migrations = read_migrations() if migrations is None else migrations
    functions = read_functions() if functions is None else functions
    with psycopg.connect(
        owner_conninfo, application_name="tellykeep migrate", connect_timeout=5, **KEEPALIVE
    ) as connection:
        begin_migration(connection)
        apply_migrations(connection, migrations)
        schema = bring_up_functions(connection, app_role, functions)
        # Outlasts the transaction. Nobody has the exclusive one: that is taken under the lock above.
        connection.execute("select pg_advisory_lock_shared(%s, %s)", (USE_LOCK, schema_lock_key(schema)))
        connection.commit()
        yield schema


def begin_migration(connection: psycopg.Connection[Any]) -> None:
    """Takes the lock under which the schema changes, for this transaction.

    Raises:
        MigrationError: the server is too old, or the database is not UTF-8.
    """
    connection.execute("set client_min_messages = warning")
    connection.execute("select pg_advisory_xact_lock(%s, 0)", (MIGRATION_LOCK,))
    _check_server(connection)


def bring_up_functions(connection: psycopg.Connection[Any], app_role: str | None, functions: dict[str, str]) -> str:
    """Loads the functions on migrated tables, gives the application's role what it needs, and returns their schema.

    Raises:
        MigrationError: the database knows no letters beyond ASCII.
    """
    schema = schema_name(functions)
    _load_functions(connection, schema, functions)
    if app_role is not None and app_role != connection.info.user:
        _grant(connection, app_role, schema)
    _drop_unused(connection, schema)
    _check_script(connection)
    return schema


def _rows(connection: psycopg.Connection[Any]) -> psycopg.Cursor[TupleRow]:
    """A cursor whose rows are tuples, whatever else the connection makes of them."""
    return connection.cursor(row_factory=tuple_row)


def _check_server(connection: psycopg.Connection[Any]) -> None:
    if connection.info.server_version < 150000:
        version = connection.info.server_version // 10000
        raise MigrationError(f"PostgreSQL {version} is too old: Tellykeep needs 15 or later")
    row = _rows(connection).execute("show server_encoding").fetchone()
    if row is None or row[0] != "UTF8":
        raise MigrationError(
            "the database is not in UTF-8: make one with createdb --encoding=UTF8 --locale=C.UTF-8 --template=template0"
        )


def apply_migrations(connection: psycopg.Connection[Any], migrations: list[Migration]) -> None:
    """Applies those of the migrations that were not applied yet.

    Raises:
        MigrationError: the database is newer than they are, or an applied one was changed.
    """
    connection.execute("create schema if not exists tracker")
    connection.execute(
        """create table if not exists tracker.schema_migrations (
               version integer primary key, name text not null, checksum text not null,
               applied_at timestamptz not null default now())"""
    )
    rows = _rows(connection).execute("select version, checksum from tracker.schema_migrations").fetchall()
    applied: dict[int, str] = dict(rows)
    newest = max(applied, default=0)
    if newest > len(migrations):
        raise MigrationError(
            f"this database was made by a newer Tellykeep (its schema is {newest}, this version knows {len(migrations)}):"
            " run that version or a later one; going back is by restoring a backup made before the upgrade"
        )
    for migration in migrations:
        if migration.version not in applied:
            connection.execute("set local search_path = tracker, public, pg_temp")
            connection.execute(migration.text.encode())
            connection.execute(
                "insert into tracker.schema_migrations (version, name, checksum) values (%s, %s, %s)",
                (migration.version, migration.name, migration.checksum),
            )
        elif applied[migration.version] != migration.checksum:
            raise MigrationError(
                f"migration {migration.version} ({migration.name}) was applied in another form than this version has it:"
                " this is a modified or development build; use a release"
            )


def _load_functions(connection: psycopg.Connection[Any], schema: str, functions: dict[str, str]) -> None:
    row = _rows(connection).execute("select to_regnamespace(%s) is not null", (schema,)).fetchone()
    if row is not None and row[0]:
        return
    connection.execute(sql.SQL("create schema {}").format(sql.Identifier(schema)))
    connection.execute(sql.SQL("set local search_path = {}, tracker, public, pg_temp").format(sql.Identifier(schema)))
    # Functions call each other and are loaded in the order of their names; a test runs every one of them.
    connection.execute("set local check_function_bodies = off")
    for text in functions.values():
        connection.execute(text.encode())


def _grant(connection: psycopg.Connection[Any], app_role: str, schema: str) -> None:
    role, api = sql.Identifier(app_role), sql.Identifier(schema)
    for statement in (
        "revoke all on all tables in schema tracker from {role}",
        "grant usage on schema tracker, {api} to {role}",
        "grant select, insert, update, delete on all tables in schema tracker to {role}",
        # What must never be lost cannot be deleted by the application, whatever goes wrong in it.
        "revoke delete on tracker.plays, tracker.watch_events, tracker.tvshows from {role}",
        "revoke insert, update, delete on tracker.schema_migrations from {role}",
        "grant usage on all sequences in schema tracker to {role}",
        "grant execute on all functions in schema tracker, {api} to {role}",
    ):
        connection.execute(sql.SQL(statement).format(role=role, api=api))


def _drop_unused(connection: psycopg.Connection[Any], current: str) -> None:
    """Drops the functions of other versions that no connection uses.

    Reloading one schema in place made running calls fail with XX000 "cache lookup failed"; a version that is still in use
    holds a shared lock on its name (app.db.pool), so that the exclusive one is not to be had.
    """
    rows = (
        _rows(connection)
        .execute("select nspname from pg_namespace where nspname ~ '^api_[0-9a-f]{16}$' and nspname <> %s", (current,))
        .fetchall()
    )
    for (schema,) in rows:
        row = (
            _rows(connection)
            .execute("select pg_try_advisory_xact_lock(%s, %s)", (USE_LOCK, schema_lock_key(schema)))
            .fetchone()
        )
        if row is not None and row[0]:
            connection.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(schema)))


def _check_script(connection: psycopg.Connection[Any]) -> None:
    row = _rows(connection).execute("select cardinality(public.show_trgm('進撃の巨人')) > 0").fetchone()
    if row is None or not row[0]:
        raise MigrationError(
            "the database's character type knows no letters beyond ASCII, so titles in other scripts would never match:"
            " make the database with LC_CTYPE C.UTF-8 or an ICU locale"
        )
