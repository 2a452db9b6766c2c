"""The named reads of sql/queries, loaded with aiosql: no query text in Python."""

from __future__ import annotations

from functools import cache
from typing import Any

import aiosql

from app.db.migrate import SQL_DIR


@cache
def queries() -> Any:
    """All named queries. Loaded at first use, not at import; every one takes a connection and keyword parameters."""
    return aiosql.from_path(SQL_DIR / "queries", "psycopg")
