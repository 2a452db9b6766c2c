"""What a backup says about itself: `manifest.json` in it."""

from __future__ import annotations

from datetime import datetime
from importlib.metadata import version

from pydantic import BaseModel, Field, ValidationError

from app.backup.errors import BackupError

FORMAT = 1


def application_version() -> str:
    """Of this Tellykeep."""
    return version("tellykeep")


class StoredMigration(BaseModel):
    """A migration that made the schema which the tables are in."""

    version: int
    checksum: str


class StoredTable(BaseModel):
    """A table's rows, in PostgreSQL's text format of COPY, in the order of its primary key.

    Attributes:
        columns: in the order of the fields of a line; generated columns are not among them.
        rows, bytes, sha256: of the entry `tables/NAME.copy`, uncompressed.
    """

    name: str = Field(pattern=r"^[a-z_][a-z0-9_]*$")
    columns: list[str]
    rows: int
    bytes: int
    sha256: str

    @property
    def entry(self) -> str:
        """Its name in the archive."""
        return f"tables/{self.name}.copy"


class StoredSequence(BaseModel):
    """The last number that a sequence gave; None: none yet."""

    name: str
    value: int | None


class Manifest(BaseModel):
    """The whole of it.

    Attributes:
        format: of the archive; a higher one is of a later version.
        application: version of the Tellykeep that wrote it.
        postgresql: version of the server that it was read from.
        made_at: the moment that it shows.
        key_fingerprint: names the key that the secrets in it are encrypted under. The key itself is not in it.
    """

    format: int = FORMAT
    application: str
    postgresql: str
    made_at: datetime
    key_fingerprint: str
    migrations: list[StoredMigration]
    tables: list[StoredTable]
    sequences: list[StoredSequence]

    @property
    def schema_version(self) -> int:
        """Number of the last migration."""
        return max((migration.version for migration in self.migrations), default=0)

    @property
    def rows(self) -> int:
        """Of all tables."""
        return sum(table.rows for table in self.tables)


class _Head(BaseModel):
    format: int


def read_manifest(text: bytes) -> Manifest:
    """The manifest that this JSON is.

    Raises:
        BackupError: it is of a later format, or none.
    """
    try:
        if _Head.model_validate_json(text).format > FORMAT:
            raise BackupError("this backup was made by a later Tellykeep: restore it with that version or a later one")
        return Manifest.model_validate_json(text)
    except ValidationError:
        raise BackupError("this is no backup of Tellykeep, or it is damaged: its manifest cannot be read") from None
