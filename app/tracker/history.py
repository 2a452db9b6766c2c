"""Reading a Plex server's history, as the API and the pages see it: how far it is, what it found, and how it is begun."""

from __future__ import annotations

from typing import Any

from app.db.pool import Connection
from app.db.queries import queries
from app.jobs.catch_up import CATCH_UP, IMPORT, LIBRARY
from app.services import Services
from app.sync.history import gap_text, recovered_of
from app.tracker.paging import Row
from app.upstream.errors import KeyMissing

CANCELLED = "cancelled by the user"
_GAPS = 20


def get_history(services: Services, user_id: int) -> Row:
    """How far the history was read, what an import under way has done, and what the last catch-ups have found."""
    with services.db.connection() as connection:
        return _read(connection, user_id)


def start_import(services: Services, user_id: int, *, from_start: bool = False) -> Row:
    """Asks for everything ever watched; it begins within seconds, and goes on where an earlier one was stopped.

    Args:
        services: the application's parts.
        user_id: whose server.
        from_start: read all of it again.

    Raises:
        KeyMissing: there is no Plex token or address.
    """
    with services.db.connection() as connection, connection.transaction():
        _check_connected(connection, user_id)
        queries().want_history_import(connection, user_id=user_id, from_start=from_start)
        return _read(connection, user_id)


def cancel_import(services: Services, user_id: int) -> Row:
    """Ends an import, under way or waiting. What it has found stays, and the next one goes on from there."""
    with services.db.connection() as connection, connection.transaction():
        queries().end_history_import(connection, user_id=user_id, error=CANCELLED)
        return _read(connection, user_id)


def start_catch_up(services: Services, user_id: int) -> Row:
    """Asks for a catch-up now rather than by the clock.

    Raises:
        KeyMissing: there is no Plex token or address.
    """
    with services.db.connection() as connection:
        _check_connected(connection, user_id)
        services.history.add(user_id)
        return _read(connection, user_id)


def _check_connected(connection: Connection, user_id: int) -> None:
    if not queries().history_settings(connection, user_id=user_id)["connected"]:
        raise KeyMissing("plex", "the history is read from the Plex server: set its address and a token")


def _read(connection: Connection, user_id: int) -> Row:
    settings = queries().history_settings(connection, user_id=user_id)
    return {
        "connected": settings["connected"],
        "poll_minutes": settings["poll_minutes"],
        "sync_library": settings["sync_library"],
        "import": _import(connection, user_id, settings),
        "catch_up": _catch_up(connection, user_id),
        "library": _last(connection, user_id, LIBRARY),
        "gaps": [
            {"id": run["id"], "at": run["started_at"], **_gap(connection, user_id, run["result"])}
            for run in queries().history_gaps(connection, user_id=user_id, limit=_GAPS)
        ],
    }


def _import(connection: Connection, user_id: int, settings: Row) -> Row:
    run = _last(connection, user_id, IMPORT)
    wanted_at = settings["history_import_wanted_at"]
    positions = settings["positions"] or []
    state = "never" if run is None else run["status"]
    if wanted_at is not None and state != "running":
        # Not begun, or to be gone on with after a restart or a failure.
        state = "waiting"
    resumes_at = max((p["imported_to"] for p in positions if p["imported_to"] is not None), default=None)
    return {
        "status": state,
        "started_at": None if run is None else run["started_at"],
        "finished_at": None if run is None else run["finished_at"],
        "progress": {} if run is None else run["progress"],
        "result": None if run is None else run["result"],
        "error": None if run is None else run["error"],
        "resumes_at": resumes_at,
    }


def _catch_up(connection: Connection, user_id: int) -> Row | None:
    run = _last(connection, user_id, CATCH_UP)
    if run is not None and run["result"] is not None:
        run["result"] = run["result"] | _gap(connection, user_id, run["result"])
    return run


def _last(connection: Connection, user_id: int, kind: str) -> Row | None:
    run: Row | None = queries().last_history_run(connection, user_id=user_id, kind=kind)
    if run is not None:
        run["error"] = run.pop("error_message")
    return run


def _gap(connection: Connection, user_id: int, result: dict[str, Any]) -> dict[str, Any]:
    """The gap report as it is by now: what was waiting may have been looked up, or answered, since."""
    gap = {name: result.get(name) for name in ("missed", "recovered", "waiting", "failed", "from", "until", "text")}
    if not result.get("waiting"):
        return gap
    outcomes = queries().history_outcomes(
        connection, user_id=user_id, first_log_id=result["first_log_id"], last_log_id=result["last_log_id"]
    )
    now = recovered_of(list(outcomes))
    if now["missed"] != gap["missed"]:
        # The log was purged meanwhile: what the run said then is the best there is.
        return gap
    return gap | now | {"text": gap_text(gap["missed"], now["recovered"], now["waiting"], gap["from"], gap["until"])}
