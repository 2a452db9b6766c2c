"""Backups into the data directory: every night, when that is turned on, of which the newest few are kept; and by hand."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from app.backup import BackupError, Manifest, write_backup
from app.backup.keeping import NIGHTLY, directory_of, new_name
from app.jobs.running import Result, Run

# Of the job that somebody asks for. Not `backup`: it would count as the one of the night.
BY_HAND = "backup_by_hand"
_UNFINISHED = re.compile(r"\.tellykeep-.*\.partial")
# A file that is being written is touched all the time; one that a killed process left is not.
_LEFT_SECONDS = 86400
_STEP_SECONDS = 15.0
_SHOWN_SECONDS = 1.0


def back_up(run: Run) -> Result:
    """Writes a backup and removes the oldest beyond NIGHTLY_BACKUPS.

    Args:
        run: of this job.

    Returns:
        The file, its size, the rows in it, and how many are kept.
    """
    path, manifest = _write(run, by_hand=False, step=_seldom(run.go_on, _STEP_SECONDS))
    kept = rotate(path.parent, run.services.settings.nightly_backups)
    return _told(path, manifest) | {"kept": kept}


def back_up_by_hand(run: Run) -> Result:
    """Writes a backup that stays until somebody deletes it.

    Args:
        run: of this job.

    Returns:
        The file, its size and the rows in it; or the problem, in words.
    """
    blocks = 0

    def tell() -> None:
        run.go_on({"blocks": blocks})

    seldom = _seldom(tell, _SHOWN_SECONDS)

    def step() -> None:
        nonlocal blocks
        blocks += 1
        seldom()

    try:
        return _told(*_write(run, by_hand=True, step=step))
    except BackupError as error:
        return {"problem": error.message}
    except OSError as error:
        # To be told, not to be looked for in the process log: the disk is full, or not ours.
        return {"problem": f"the file cannot be written: {error.strerror}"}


def _write(run: Run, *, by_hand: bool, step: Callable[[], None]) -> tuple[Path, Manifest]:
    directory = directory_of(run.services.settings)
    directory.mkdir(mode=0o700, exist_ok=True)
    remove_left(directory)
    path = directory / new_name(by_hand=by_hand)
    return path, write_backup(run.services, path, step=step)


def _told(path: Path, manifest: Manifest) -> Result:
    return {"file": f"{path.parent.name}/{path.name}", "bytes": path.stat().st_size, "rows": manifest.rows}


def _seldom(action: Callable[[], None], seconds: float) -> Callable[[], None]:
    """The action, but not again within some seconds: it asks the database, and is offered for every block that is written."""
    last = time.monotonic()

    def act() -> None:
        nonlocal last
        if time.monotonic() - last >= seconds:
            last = time.monotonic()
            action()

    return act


def rotate(directory: Path, keep: int) -> int:
    """Removes the oldest nightly backups beyond `keep`; returns how many there are then.

    Only after a new one is complete, and only files with names that are given here: whatever else somebody puts into the
    directory is theirs, and so is what was made by hand.
    """
    ours = sorted(path for path in directory.iterdir() if NIGHTLY.fullmatch(path.name))
    for path in ours[: max(0, len(ours) - keep)]:
        path.unlink(missing_ok=True)
    return min(keep, len(ours))


def remove_left(directory: Path) -> None:
    """Removes what killed processes and power cuts left of unfinished backups, before another one takes room."""
    for path in directory.iterdir():
        if _UNFINISHED.fullmatch(path.name):
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > _LEFT_SECONDS:
                    path.unlink()
