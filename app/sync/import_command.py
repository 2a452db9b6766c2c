"""`tellykeep import-history`: the import in this process, with a progress bar; or a look at the one that `serve` is doing."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app.db.queries import queries
from app.errors import NotFound, Unprocessable
from app.jobs.catch_up import IMPORT, history_job
from app.jobs.running import Result, Run, run_job
from app.services import Services
from app.sync.history import import_history

_LOOK_SECONDS = 1.0


def import_for(services: Services, username: str | None, *, from_start: bool) -> bool:
    """Imports the history of everybody whose Plex server can be asked, one after the other.

    Args:
        services: the application's parts.
        username: only this account's.
        from_start: also what an earlier import has read.

    Returns:
        Whether all of it was read.

    Raises:
        NotFound: there is no such account.
        Unprocessable: there is nobody whose server can be asked.
    """
    with services.db.connection() as connection:
        users = list(queries().import_users(connection, username=username))
        if username is not None and not users:
            raise NotFound(f"there is no account {username}")
        users = [user for user in users if user["connected"]]
        if not users:
            raise Unprocessable("no Plex server can be asked: set its address and a token in the settings first")
        if from_start:
            for user in users:
                queries().forget_import_position(connection, user_id=user["user_id"])
    done = [_import(services, user["user_id"], user["username"]) for user in users]
    return all(done)


def _import(services: Services, user_id: int, username: str) -> bool:
    with _stoppable() as leaving, _bar(username) as bar:

        def read(run: Run, user_id: int) -> Result:
            return import_history(_Watched(run, bar), user_id)

        run_job(services, IMPORT, history_job(read, user_id), user_id=user_id, leaving=leaving)
        # Not begun when `serve` is at it: then its progress is shown.
        while (run := _last(services, user_id))["status"] == "running" and not leaving.wait(_LOOK_SECONDS):
            bar.show(run["progress"])
        bar.show(run["result"] or run["progress"])
    if run["status"] == "running":
        _say(f"{username}: the import goes on in the server.")
        return True
    if run["status"] != "success":
        reason = run["error_message"]
        _say(f"{username}: not all of it was read: {reason}. The next import goes on from there.", is_error=True)
        return False
    result = run["result"]
    if "skipped" in result:
        _say(f"{username}: nothing was read: {result['skipped']}.", is_error=True)
        return False
    _say(
        f"{username}: {result['read']} rows read, {result['recovered']} viewings recorded, {result['known']} known before,"
        f" {result['waiting']} waiting, {result['ignored']} ignored, {result['failed']} failed."
    )
    return not result["failed"]


def _say(text: str, *, is_error: bool = False) -> None:
    Console(stderr=is_error, soft_wrap=True).print(text, markup=False, highlight=False)


class _Bar:
    """One line that says how far an import is."""

    def __init__(self, progress: Progress, username: str) -> None:
        self._progress = progress
        self._task = progress.add_task(username, total=None, recorded=0)

    def show(self, progress: dict[str, Any]) -> None:
        self._progress.update(
            self._task,
            completed=progress.get("read", 0),
            total=progress.get("total"),
            recorded=progress.get("recovered", 0),
        )


class _Watched(Run):
    """A run whose every step the bar sees."""

    def __init__(self, run: Run, bar: _Bar) -> None:
        self.services = run.services
        self._run = run
        self._bar = bar

    def go_on(self, progress: dict[str, Any] | None = None) -> None:
        self._bar.show(progress or {})
        self._run.go_on(progress)


@contextmanager
def _bar(username: str) -> Iterator[_Bar]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[recorded]} recorded"),
        TimeElapsedColumn(),
    )
    # On stderr, so that what it prints in the end can be kept.
    with Progress(*columns, console=Console(stderr=True), refresh_per_second=4) as progress:
        yield _Bar(progress, username)


@contextmanager
def _stoppable() -> Iterator[threading.Event]:
    """Ctrl-C and SIGTERM end the import after the event in hand; a second one ends the process."""
    leaving = threading.Event()

    def leave(_signal: int, _frame: object) -> None:
        if leaving.is_set():
            raise KeyboardInterrupt
        leaving.set()

    before = {number: signal.signal(number, leave) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield leaving
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _last(services: Services, user_id: int) -> dict[str, Any]:
    with services.db.connection() as connection:
        run: dict[str, Any] | None = queries().last_history_run(connection, user_id=user_id, kind=IMPORT)
    return run or {"status": "failed", "progress": {}, "result": None, "error_message": "it did not begin"}
