"""Database → file: one snapshot, while everything goes on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from app.backup.archive import ArchiveReader, ArchiveWriter
from app.backup.errors import BackupError
from app.backup.manifest import Manifest, StoredMigration, StoredSequence, application_version
from app.db.pool import Connection
from app.db.queries import queries
from app.db.versions import MIGRATION_LOCK
from app.embedded.layout import owner_of_new_files, sync_directory
from app.services import Services


def write_backup(services: Services, path: Path, *, step: Callable[[], None] = lambda: None) -> Manifest:
    """Writes a backup to a new file of mode 0600, which is there whole or not at all, and reads it once again.

    Args:
        services: the application's parts; the database is in use meanwhile.
        path: of the file.
        step: called again and again, at least once a block; what it raises ends the backup.

    Raises:
        BackupError: there is something of this name already.
        OSError: the file cannot be written.
    """
    if path.exists():
        raise BackupError(f"{path} is there already: name a new file")
    with _new_file(path) as (file, unfinished):
        manifest = stream_backup(services, file, step)
        file.flush()
        with ArchiveReader(unfinished) as archive:
            archive.check(step)
    return manifest


def stream_backup(services: Services, file: BinaryIO, step: Callable[[], None] = lambda: None) -> Manifest:
    """Writes a backup to an open file or pipe."""
    with ArchiveWriter(file, step) as archive, services.db.connection() as connection:
        with _snapshot(connection):
            migrations = [StoredMigration.model_validate(row) for row in queries().applied_migrations(connection)]
            made_at = datetime.now(UTC)
            tables = []
            for row in list(queries().stored_tables(connection)):
                with connection.cursor().copy(row["copy_out"]) as rows:
                    tables.append(archive.write_table(row["name"], row["columns"], rows))
            # Numbers are given out past every snapshot: read last, they are behind every row that was read.
            sequences = [StoredSequence.model_validate(row) for row in queries().sequence_values(connection)]
        server = connection.info.server_version
        manifest = Manifest(
            application=application_version(),
            postgresql=f"{server // 10000}.{server % 10000}",
            made_at=made_at,
            key_fingerprint=services.cipher.fingerprint,
            migrations=migrations,
            tables=tables,
            sequences=sequences,
        )
        archive.finish(manifest)
    return manifest


@contextmanager
def _snapshot(connection: Connection) -> Iterator[None]:
    """One moment of the database for as long as the block runs; nobody migrates it meanwhile."""
    # Before the transaction: a snapshot that was taken first would be older than the migration that it waited for.
    queries().hold_off_migrations(connection, key=MIGRATION_LOCK)
    try:
        with connection.transaction():
            queries().begin_snapshot(connection)
            yield
    finally:
        if not connection.broken:
            queries().let_migrations_go_on(connection, key=MIGRATION_LOCK)


@contextmanager
def _new_file(path: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """A file that appears under its name when it is complete and on the disk; with the name that it has until then."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.partial")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            owner = owner_of_new_files(path.parent)
            if owner is not None:
                os.fchown(file.fileno(), *owner)
            yield file, unfinished
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
        sync_directory(path.parent)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
