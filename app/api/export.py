"""`/api/export`: everything that an account owns."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from flask import Response, send_file
from pydantic import Field

from app.api.contract import api_blueprint, described
from app.api.fields import Query
from app.security.access import current_identity
from app.services import services
from app.transfer.exporting import export_json
from app.transfer.kept import kept_in_file
from app.transfer.viewings import export_csv

blueprint = api_blueprint("export", __name__)


class Export(Query):
    """What is wanted."""

    format: Literal["json", "csv"] = Field(default="json", description="json: everything; csv: the viewings.")
    log: bool = Field(default=False, description="json only: the log as well.")


@blueprint.get("/export")
@described(
    "Export everything",
    description="json: shows with seasons, names, mappings with rules, viewings (those that do not count as well) and what they"
    " come from, questions with their answers, settings; no secrets. Such a file can be imported in the settings."
    " csv: one line for each viewing that counts; a cell that a spreadsheet would take for a formula begins with an apostrophe."
    " All of it is as it was at one moment.",
    query=Export,
    errors={507: "The disk of the data directory is full."},
)
def export(query: Export) -> Response:
    """A file to keep."""
    user_id = current_identity().user_id
    is_csv = query.format == "csv"
    pieces = export_csv(services(), user_id) if is_csv else export_json(services(), user_id, log=query.log)
    file = kept_in_file(services(), pieces)
    response = send_file(
        file,  # type: ignore[arg-type]
        "text/csv; charset=utf-8; header=present" if is_csv else "application/json",
        as_attachment=True,
        download_name=f"tellykeep-{'viewings' if is_csv else 'export'}-{datetime.now(UTC):%Y-%m-%d}.{query.format}",
        etag=False,
    )
    response.headers["Cache-Control"] = "no-store"
    response.content_length = file.size
    return response
