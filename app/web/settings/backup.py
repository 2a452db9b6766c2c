"""Backups, for administrators: what there is, another one now, and one to take along. Restoring is for the command line."""

from __future__ import annotations

from typing import Any

import structlog
from flask import Blueprint, Response, redirect, render_template, send_file, url_for
from htmx_flask import request
from werkzeug.wrappers import Response as BaseResponse

from app.backup.archive import BLOCK
from app.backup.keeping import MOST_BY_HAND, check_room, directory_of, find_backup, list_backups
from app.errors import Invalid
from app.jobs import on_demand
from app.jobs.backup import BY_HAND, back_up_by_hand
from app.security.access import current_identity, guard_admin
from app.services import services
from app.web.confirmation import confirmed_first, is_confirmed
from app.web.notes import refusals_told, tell
from app.web.part import answer_part

log = structlog.get_logger("tellykeep.backup")

blueprint = Blueprint("settings_backup", __name__, url_prefix="/settings/backup")
guard_admin(blueprint)


@blueprint.get("")
def show() -> Response:
    """The page; or, while one is made, the part of it that asks for itself again."""
    settings = services().settings
    kept = list_backups(settings)
    values = {
        "run": _state(kept[0].stored_bytes if kept else 0),
        "kept": kept,
        "total": sum(one.bytes for one in kept),
        "by_hand": sum(one.is_by_hand for one in kept),
        "most_by_hand": MOST_BY_HAND,
        "pressed": request.args.get("pressed"),
        "is_confirmed": is_confirmed(),
    }
    around = {
        "nightly": settings.nightly_backups,
        "last_night": on_demand.last_run(services(), "backup"),
        "directory": directory_of(settings),
        "key_file": None if settings.encryption_key is not None else settings.data_dir / "encryption.key",
    }
    return answer_part(
        "settings/_backups.html", values, lambda part: render_template("settings/backup.html", part=part, **around)
    )


@blueprint.post("")
def start() -> BaseResponse:
    """Begins a backup, unless one is made already or there is no room."""
    with refusals_told():
        check_room(services().settings, list_backups(services().settings))
        if not on_demand.begin(services(), BY_HAND, back_up_by_hand):
            raise Invalid("a backup is being made already")
        log.warning("backup begun", by=current_identity().user_id)
    return _back()


@blueprint.post("/cancel")
def cancel() -> BaseResponse:
    """Ends the making of one; nothing of it stays."""
    on_demand.cancel(services(), BY_HAND)
    return _back()


@blueprint.get("/<backup>")
@confirmed_first(back="settings_backup.show")
def download(backup: str) -> BaseResponse:
    """The file. It holds everything of everybody, so the password is asked for first."""
    path = find_backup(services().settings, backup)
    log.warning("backup downloaded", backup=backup, by=current_identity().user_id)
    answer = send_file(path, mimetype="application/zip", as_attachment=True, download_name=backup, conditional=False)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.post("/<backup>/delete")
@confirmed_first(back="settings_backup.show")
def delete(backup: str) -> BaseResponse:
    """Deletes one."""
    find_backup(services().settings, backup).unlink(missing_ok=True)
    log.warning("backup deleted", backup=backup, by=current_identity().user_id)
    tell(f"{backup} is deleted.")
    return _back()


def _back() -> BaseResponse:
    return redirect(url_for("settings_backup.show", pressed="backup" if request.htmx else None), 303)


def _state(expected: int) -> dict[str, Any] | None:
    """How the last one that was asked for comes along.

    Args:
        expected: about how many bytes it will be, uncompressed; 0 where nobody knows.
    """
    run = on_demand.last_run(services(), BY_HAND)
    if run is None:
        return None
    progress = run["progress"] or {}
    # Everything is written, and then read once again.
    done = progress.get("blocks", 0) * BLOCK
    return run | {
        "is_running": run["status"] == "running" and not run["is_left"],
        "share": min(99, done * 100 // (2 * expected)) if expected and done else None,
        "result": run["result"] or {},
    }
