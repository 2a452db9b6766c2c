"""`/api/export`: everything that an account owns."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Literal

from flask import Response
from pydantic import Field

from app.api.contract import api_blueprint, described
from app.api.fields import Query
from app.security.access import current_identity
from app.services import services
from app.transfer.exporting import export_json
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
    " The answer is a stream.",
    query=Export,
)
def export(query: Export) -> Response:
    """A file to keep."""
    user_id = current_identity().user_id
    pieces: Iterator[str]
    if query.format == "csv":
        pieces, media_type = export_csv(services(), user_id), "text/csv; charset=utf-8; header=present"
    else:
        pieces, media_type = export_json(services(), user_id, log=query.log), "application/json"
    response = Response((piece.encode() for piece in pieces), content_type=media_type)
    name = f"tellykeep-{'viewings' if query.format == 'csv' else 'export'}-{datetime.now(UTC):%Y-%m-%d}.{query.format}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
