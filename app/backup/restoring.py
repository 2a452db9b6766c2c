"""File → an empty installation, of the schema that the backup is of or a later one."""

from __future__ import annotations

import hashlib
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from app.backup.archive import ArchiveReader
from app.backup.errors import BackupError
from app.backup.manifest import Manifest, StoredTable
from app.db.migrate import (
    Migration,
    apply_migrations,
    begin_migration,
    bring_up_functions,
    read_functions,
    read_migrations,
)
from app.db.pool import Connection
from app.db.queries import queries
from app.opening import start_database
from app.security.crypto import Cipher, has_key, load_key
from app.security.key_check import name_key
from app.settings import Settings

# What is filled without anybody's doing.
_OF_EVERY_INSTALLATION = frozenset({"installation", "job_runs", "tmdb_cache"})


def restore_backup(settings: Settings, path: Path, *, without_key: bool = False) -> Manifest:
    """Brings a backup back, all of it or nothing, and migrates it to this version.

    Args:
        settings: name the installation; its database may be running and served.
        path: of the backup.
        without_key: go on although the secrets in it cannot be read with this installation's key.

    Raises:
        BackupError: the file is damaged or of a later version, the key is another one, or the installation is not empty.
        MigrationError, EmbeddedPostgresError, InvalidSettings, psycopg.Error: the database cannot be used.
    """
    with ArchiveReader(path) as archive:
        manifest, migrations = archive.manifest, read_migrations()
        _check_schema(manifest, migrations)
        archive.check()
        if not without_key:
            _check_key(settings, manifest)
        started = start_database(settings)
        try:
            with psycopg.connect(
                started.owner_url,
                application_name="tellykeep restore",
                connect_timeout=5,
                row_factory=dict_row,
                autocommit=True,
            ) as connection:
                with connection.transaction():
                    begin_migration(connection)
                    queries().begin_loading(connection)
                    _clear(connection)
                    apply_migrations(connection, migrations[: manifest.schema_version])
                    _load(connection, archive)
                    apply_migrations(connection, migrations)
                    if without_key:
                        # The key here is that of what will be written; what is there cannot be read by any.
                        queries().use_schema(connection, path="tracker, public, pg_temp")
                        name_key(connection, Cipher(load_key(settings)))
                    bring_up_functions(connection, started.app_role, read_functions())
                # The planner knows nothing about tables that were just filled.
                connection.execute("analyze")
        finally:
            started.stop()
    return manifest


def _check_schema(manifest: Manifest, migrations: list[Migration]) -> None:
    if manifest.schema_version > len(migrations):
        raise BackupError(
            f"this backup is of a later Tellykeep (its schema is {manifest.schema_version}, this version knows"
            f" {len(migrations)}): restore it with Tellykeep {manifest.application} or later"
        )
    known = [(migration.version, migration.checksum) for migration in migrations[: manifest.schema_version]]
    if known != [(migration.version, migration.checksum) for migration in manifest.migrations]:
        raise BackupError(
            "this backup was made by a modified or development build, whose schema this version does not know"
        )


def _check_key(settings: Settings, manifest: Manifest) -> None:
    # Not made by looking for it: the backup's own key is to be put in that place.
    fingerprint = Cipher(load_key(settings)).fingerprint if has_key(settings) else None
    if fingerprint != manifest.key_fingerprint:
        is_there = "there is no key here" if fingerprint is None else f"the key here is {fingerprint}"
        raise BackupError(
            f"the secrets in this backup are encrypted under the key {manifest.key_fingerprint}, and {is_there}: set"
            f" ENCRYPTION_KEY or put your copy of the key into {settings.data_dir / 'encryption.key'}, and start Tellykeep"
            " again if it runs. Without that key, --without-key restores all but the Plex token, the TMDB key and the"
            " webhook's address, which are then to be set anew"
        )


def _clear(connection: Connection) -> None:
    """Makes way for the schema of the backup.

    Raises:
        BackupError: the installation holds something.
    """
    if queries().schema_is_there(connection):
        filled = [
            row["name"]
            for row in list(queries().stored_tables(connection))
            if row["name"] not in _OF_EVERY_INSTALLATION and _is_true(connection, row["is_filled"])
        ]
        if filled:
            raise BackupError(
                f"this installation is not empty ({', '.join(filled)}): a backup is restored into a new one only"
            )
    for row in list(queries().schemas_to_replace(connection)):
        connection.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(row["name"])))


def _is_true(connection: Connection, question: Any) -> bool:
    row = connection.execute(question).fetchone()
    return row is not None and bool(next(iter(row.values())))


def _load(connection: Connection, archive: ArchiveReader) -> None:
    """Fills the tables, and holds what PostgreSQL then has against what the backup says."""
    manifest = archive.manifest
    stored = {row["name"]: row for row in queries().stored_tables(connection)}
    if {table.name: table.columns for table in manifest.tables} != {n: row["columns"] for n, row in stored.items()}:
        raise BackupError("the backup is damaged: its tables are not those of its schema")
    connection.execute(
        sql.SQL("truncate {}").format(sql.SQL(", ").join(sql.Identifier("tracker", name) for name in stored))
    )
    for row in stored.values():
        connection.execute(row["triggers_off"])
    tables = {table.name: table for table in manifest.tables}
    for name in loading_order(connection, set(tables)):
        _fill(connection, stored[name]["copy_in"], archive, tables[name])
    for sequence in manifest.sequences:
        if sequence.value is not None:
            queries().set_sequence(connection, name=sequence.name, value=sequence.value)
    queries().check_deferred_now(connection)
    for row in stored.values():
        connection.execute(row["triggers_on"])
    for table in manifest.tables:
        _compare(connection, stored[table.name]["copy_out"], table)


def loading_order(connection: Connection, tables: set[str]) -> list[str]:
    """The tables so that what a row points to is there before it."""
    needs: dict[str, set[str]] = {name: set() for name in sorted(tables)}
    for row in queries().stored_references(connection):
        needs[row["name"]].add(row["needs"])
    return list(TopologicalSorter(needs).static_order())


def _fill(connection: Connection, copy_in: Any, archive: ArchiveReader, table: StoredTable) -> None:
    cursor = connection.cursor()
    try:
        with cursor.copy(copy_in) as rows:
            for block in archive.read_table(table):
                rows.write(block)
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        raise BackupError(f"the backup is damaged: {table.name} does not fit: {error.diag.message_primary}") from None
    if cursor.rowcount != table.rows:
        raise BackupError(
            f"the backup is damaged: {table.name} has {cursor.rowcount} rows and should have {table.rows}"
        )


def _compare(connection: Connection, copy_out: Any, table: StoredTable) -> None:
    digest = hashlib.sha256()
    with connection.cursor().copy(copy_out) as rows:
        for row in rows:
            digest.update(row)
    if digest.hexdigest() != table.sha256:
        raise BackupError(f"what was restored into {table.name} is not what the backup holds; nothing was changed")
