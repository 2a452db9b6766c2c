"""The file of a backup: a zip whose entries are written and read as streams, in constant memory."""

from __future__ import annotations

import hashlib
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from app.backup.errors import BackupError
from app.backup.manifest import Manifest, StoredTable, read_manifest

MANIFEST = "manifest.json"
BLOCK = 1 << 18
_LONGEST_MANIFEST = 4 << 20
# What zipfile raises where bytes are not what they were: it names them in no one place.
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)


class ArchiveWriter:
    """Writes the entries one after the other, to anything that can be written to: a pipe will do."""

    def __init__(self, file: BinaryIO, step: Callable[[], None] = lambda: None) -> None:
        self._step = step
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6)

    def __enter__(self) -> ArchiveWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Unfinished, it would write its directory when it is collected, to a file that is closed by then.
        self._zip.fp = None

    def write_table(
        self, name: str, columns: list[str], blocks: Iterable[bytes | bytearray | memoryview]
    ) -> StoredTable:
        """Writes the rows of a table, one block a row, and returns what the manifest says about them."""
        table = StoredTable(name=name, columns=columns, rows=0, bytes=0, sha256="")
        digest = hashlib.sha256()
        # A row is too little for one call each of hash and compression.
        waiting = bytearray()
        with self._zip.open(_entry(table.entry), "w", force_zip64=True) as entry:
            for block in blocks:
                waiting += block
                table.rows += 1
                if len(waiting) >= BLOCK:
                    digest.update(waiting)
                    entry.write(waiting)
                    table.bytes += len(waiting)
                    waiting.clear()
                    self._step()
            digest.update(waiting)
            entry.write(waiting)
            table.bytes += len(waiting)
        table.sha256 = digest.hexdigest()
        return table

    def finish(self, manifest: Manifest) -> None:
        """Writes the manifest, last because it holds what was counted, and closes the archive."""
        self._zip.writestr(_entry(MANIFEST), manifest.model_dump_json(indent=1))
        self._zip.close()


def _entry(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    return info


class ArchiveReader:
    """An archive that is there; whatever is wrong with it is a BackupError."""

    def __init__(self, path: Path) -> None:
        """Opens it.

        Raises:
            BackupError: it is none, of a later format, or damaged.
            OSError: it cannot be opened.
        """
        file = path.open("rb")
        try:
            self._zip = zipfile.ZipFile(file)
            info = self._zip.getinfo(MANIFEST)
            if info.file_size > _LONGEST_MANIFEST:
                raise BackupError(f"{path} is no backup of Tellykeep")
            self.manifest = read_manifest(self._zip.read(info))
        except (*_DAMAGED, KeyError):
            file.close()
            raise BackupError(f"{path} is no backup of Tellykeep, or it is damaged") from None
        except BackupError:
            file.close()
            raise
        self._file = file

    def __enter__(self) -> ArchiveReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()
        self._file.close()

    def read_table(self, table: StoredTable) -> Iterator[bytes]:
        """The rows of a table, in blocks that know nothing of lines.

        Raises:
            BackupError: at the latest at the end, when they are not what the manifest says.
        """
        digest = hashlib.sha256()
        try:
            with self._zip.open(table.entry) as entry:
                while block := entry.read(BLOCK):
                    digest.update(block)
                    yield block
        except (*_DAMAGED, KeyError):
            raise BackupError(f"the backup is damaged: {table.entry} cannot be read") from None
        if digest.hexdigest() != table.sha256:
            raise BackupError(f"the backup is damaged: {table.entry} is not what was written")

    def check(self, step: Callable[[], None] = lambda: None) -> None:
        """Reads all of it once; `step` is called at every block.

        Raises:
            BackupError: something in it is not what was written.
        """
        for table in self.manifest.tables:
            for _ in self.read_table(table):
                step()
