"""The viewings of an account as CSV, for spreadsheets and other trackers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from app.db.queries import queries
from app.services import Services
from app.transfer.cells import defused
from app.transfer.snapshot import snapshot

COLUMNS = (
    "show",
    "year",
    "tmdb_id",
    "tvdb_id",
    "imdb_id",
    "season",
    "episode",
    "episode_title",
    "watched_at",
    "source",
    "account",
)


def export_csv(services: Services, user_id: int) -> Iterator[str]:
    """The viewings that count at one moment, show by show, in the order of time; a piece for each show.

    A connection is held until the last piece, as for `export_json`.

    Args:
        services: the application's parts.
        user_id: whose.
    """
    yield _lines([list(COLUMNS)])
    with snapshot(services) as connection:
        for show in list(queries().export_show_ids(connection, user_id=user_id, deleted=False)):
            rows = list(queries().export_viewings(connection, user_id=user_id, tvshow_id=show["id"]))
            if rows:
                yield _lines([[_cell(row["title" if name == "show" else name]) for name in COLUMNS] for row in rows])


def _lines(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return defused(value) if isinstance(value, str) else str(value)
