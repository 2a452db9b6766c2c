"""Export, and import of such an export, which goes on when the page is left."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, redirect, render_template, url_for
from flask import request as upload
from htmx_flask import request
from werkzeug.wrappers import Response as BaseResponse

from app.errors import Invalid, TellykeepError, TooLarge
from app.jobs import on_demand
from app.jobs.running import Job, Result, Run
from app.security.access import current_identity, guard_pages, session_identity
from app.services import services
from app.transfer.importing import MOST_BYTES, import_file
from app.web.notes import refusals_told
from app.web.part import answer_part

KIND = "import"
DIRECTORY = "imports"
# Beside the file, a form has a few lines.
_AROUND_THE_FILE = 64 * 1024

blueprint = Blueprint("settings_transfer", __name__, url_prefix="/settings/transfer")


def _allow_a_large_file() -> None:
    """More than other pages may be sent; before the guard reads the form, and only from who is signed in."""
    if request.endpoint != "settings_transfer.start" or session_identity() is None:
        return
    upload.max_content_length = MOST_BYTES + _AROUND_THE_FILE
    if (upload.content_length or 0) > upload.max_content_length:
        raise TooLarge(
            f"An import may have {MOST_BYTES // 1024 // 1024} MB, and this file is larger."
            " Without the log, an export is much smaller."
        )


blueprint.before_request(_allow_a_large_file)
guard_pages(blueprint)


@blueprint.get("")
def show() -> Response:
    """The page; or, while something is imported, the part of it that asks for itself again."""
    values = {"run": _state(), "pressed": request.args.get("pressed")}
    return answer_part(
        "settings/_import.html", values, lambda part: render_template("settings/transfer.html", part=part)
    )


@blueprint.post("/import")
def start() -> BaseResponse:
    """Keeps the file, and begins to read it."""
    with refusals_told():
        user_id = current_identity().user_id
        path = _kept(user_id)
        job = _import(path, user_id, settings=upload.form.get("settings") == "yes")
        if not on_demand.begin(services(), KIND, job, user_id=user_id):
            path.unlink(missing_ok=True)
            raise Invalid("an import is under way already")
    return redirect(url_for("settings_transfer.show", pressed="import" if request.htmx else None), 303)


@blueprint.post("/cancel")
def cancel() -> BaseResponse:
    """Ends an import after the show that it is at."""
    on_demand.cancel(services(), KIND, current_identity().user_id)
    return redirect(url_for("settings_transfer.show", pressed="import" if request.htmx else None), 303)


def _kept(user_id: int) -> Path:
    """The uploaded file in the data directory, for as long as it is read; what a killed process left of this account goes.

    Raises:
        Invalid: there is none.
    """
    sent = upload.files.get("file")
    if sent is None or not sent.filename:
        raise Invalid("choose a file first")
    directory = services().settings.data_dir / DIRECTORY
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    state = on_demand.last_run(services(), KIND, user_id)
    if state is None or state["status"] != "running" or state["is_left"]:
        for left in directory.glob(f"{user_id}-*"):
            left.unlink(missing_ok=True)
    path = directory / f"{user_id}-{secrets.token_hex(8)}"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        sent.save(file)
    return path


def _import(path: Path, user_id: int, *, settings: bool) -> Job:
    def job(run: Run) -> Result:
        try:
            return import_file(run.services, user_id, path, settings=settings, step=run.go_on)
        except TellykeepError as error:
            # Of the file, or the database is away: to be told, not to be looked for in the process log.
            return {"problem": error.message}
        finally:
            path.unlink(missing_ok=True)

    return job


def _state() -> dict[str, Any] | None:
    run = on_demand.last_run(services(), KIND, current_identity().user_id)
    if run is None:
        return None
    is_running = run["status"] == "running" and not run["is_left"]
    return run | {
        "is_running": is_running,
        "counts": run["progress"] if is_running else run["result"] or run["progress"],
    }
