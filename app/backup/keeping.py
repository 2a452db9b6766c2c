"""The backups in the data directory: those of every night, of which the newest stay, and those made by hand, which all stay."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from app.backup.archive import ArchiveReader
from app.backup.errors import BackupError
from app.errors import NotFound, StateConflict
from app.settings import Settings

DIRECTORY = "backups"
# Nothing removes them but people: so many are a habit, for which there are the nightly ones.
MOST_BY_HAND = 20

_MOMENT = r"\d{4}-\d{2}-\d{2}T\d{6}Z"
_OURS = re.compile(rf"tellykeep-(by-hand-)?({_MOMENT})\.zip", re.ASCII)
NIGHTLY = re.compile(rf"tellykeep-{_MOMENT}\.zip", re.ASCII)
_FORM = "%Y-%m-%dT%H%M%SZ"
_MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Kept:
    """A backup that is there.

    Attributes:
        name: of its file.
        made_at: by its name.
        bytes: its size.
        is_by_hand: nothing removes it but people.
        application: version of the Tellykeep that made it; None where the file cannot be read.
        rows: how many are in it.
        stored_bytes: how much it is uncompressed.
    """

    name: str
    made_at: datetime
    bytes: int
    is_by_hand: bool
    application: str | None
    rows: int = 0
    stored_bytes: int = 0


def directory_of(settings: Settings) -> Path:
    """Where they are."""
    return settings.data_dir / DIRECTORY


def new_name(*, by_hand: bool) -> str:
    """Of one that is made now."""
    return f"tellykeep-{'by-hand-' if by_hand else ''}{datetime.now(UTC):{_FORM}}.zip"


def list_backups(settings: Settings) -> list[Kept]:
    """All of ours, the newest first. Whatever else somebody has put beside them is theirs."""
    try:
        found = [kept for path in directory_of(settings).iterdir() if (kept := _read(path)) is not None]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(found, key=lambda kept: (kept.made_at, kept.name), reverse=True)


def find_backup(settings: Settings, name: str) -> Path:
    """The file of a backup.

    Raises:
        NotFound: none of ours is called that.
    """
    path = directory_of(settings) / name
    if _OURS.fullmatch(name) is None or path.is_symlink() or not path.is_file():
        raise NotFound("there is no such backup (any more)")
    return path


def check_room(settings: Settings, kept: list[Kept]) -> None:
    """Looks whether another one may be made by hand.

    Args:
        settings: name the directory, and how much of the disk has to stay free.
        kept: what is there.

    Raises:
        StateConflict: there are too many, or the disk would be almost full.
    """
    if sum(one.is_by_hand for one in kept) >= MOST_BY_HAND:
        raise StateConflict(
            f"there are {MOST_BY_HAND} backups made by hand already: delete one that is not needed any more"
        )
    # Somewhat larger than the last.
    expected = kept[0].bytes * 5 // 4 if kept else 0
    free = shutil.disk_usage(settings.data_dir).free
    if free - expected < settings.disk_reserve_mb * _MEGABYTE:
        raise StateConflict(
            f"the disk is almost full: {free // _MEGABYTE:,} MB are free, of which a backup would take"
            f" {max(1, expected // _MEGABYTE):,} MB, and {settings.disk_reserve_mb:,} MB are to stay free"
            " (DISK_RESERVE_MB). Delete a backup, or make room elsewhere"
        )


def _read(path: Path) -> Kept | None:
    found = _OURS.fullmatch(path.name)
    if found is None or path.is_symlink() or not path.is_file():
        return None
    try:
        made_at = datetime.strptime(found[2], _FORM).replace(tzinfo=UTC)
        size = path.stat().st_size
    except (ValueError, FileNotFoundError):
        return None
    try:
        with ArchiveReader(path) as archive:
            manifest = archive.manifest
    except (BackupError, OSError):
        return Kept(path.name, made_at, size, found[1] is not None, None)
    stored = sum(table.bytes for table in manifest.tables)
    return Kept(path.name, made_at, size, found[1] is not None, manifest.application, manifest.rows, stored)
