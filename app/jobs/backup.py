"""The nightly backup, when it is turned on: into the data directory, of which the newest few are kept."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from app.backup import write_backup
from app.jobs.running import Result, Run

DIRECTORY = "backups"
_NAME = re.compile(r"tellykeep-\d{4}-\d{2}-\d{2}T\d{6}Z\.zip")
_UNFINISHED = re.compile(r"\.tellykeep-.*\.partial")
# A file that is being written is touched all the time; one that a killed process left is not.
_LEFT_SECONDS = 86400
_STEP_SECONDS = 15.0


def back_up(run: Run) -> Result:
    """Writes a backup and removes the oldest beyond NIGHTLY_BACKUPS.

    Args:
        run: of this job.

    Returns:
        The file, its size, the rows in it, and how many are kept.
    """
    settings = run.services.settings
    directory = settings.data_dir / DIRECTORY
    directory.mkdir(mode=0o700, exist_ok=True)
    path = directory / f"tellykeep-{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}.zip"
    manifest = write_backup(run.services, path, step=_seldom(run.go_on))
    kept = rotate(directory, settings.nightly_backups)
    return {"file": f"{DIRECTORY}/{path.name}", "bytes": path.stat().st_size, "rows": manifest.rows, "kept": kept}


def _seldom(action: Callable[[], None]) -> Callable[[], None]:
    """The action, but not again within some seconds: it asks the database, and is offered for every block that is written."""
    last = time.monotonic()

    def act() -> None:
        nonlocal last
        if time.monotonic() - last >= _STEP_SECONDS:
            last = time.monotonic()
            action()

    return act


def rotate(directory: Path, keep: int) -> int:
    """Removes the oldest backups of ours beyond `keep`, and what killed processes left; returns how many there are then.

    Only after a new one is complete, and only files with names that are given here: whatever else somebody puts into the
    directory is theirs.
    """
    ours = sorted(path for path in directory.iterdir() if _NAME.fullmatch(path.name))
    for path in ours[: max(0, len(ours) - keep)]:
        path.unlink(missing_ok=True)
    for path in directory.iterdir():
        if _UNFINISHED.fullmatch(path.name):
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > _LEFT_SECONDS:
                    path.unlink()
    return min(keep, len(ours))
