"""One moment of the database, for an export: a show, what was said of it and its mappings belong together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from app.db.pool import PatientConnection
from app.db.queries import queries
from app.services import Services

# Of `begin_export`, and a little.
_PATIENCE_SECONDS = 70.0


@contextmanager
def snapshot(services: Services) -> Iterator[PatientConnection]:
    """A connection that reads everything as it was at the first look, and changes nothing. Nobody waits for it.

    Raises:
        DatabaseUnavailable: no connection is free.
    """
    with services.db.connection() as connection:
        connection.patience = _PATIENCE_SECONDS
        with connection.transaction():
            queries().begin_export(connection)
            yield connection
