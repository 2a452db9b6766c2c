"""Everything that an account owns, as JSON: a stream of pieces, so that nobody holds all of it at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.metadata import version
from typing import Any

from app.db.pool import Connection
from app.db.queries import queries
from app.errors import NotFound
from app.services import Services
from app.transfer.snapshot import snapshot

FORMAT = "tellykeep-export"
VERSION = 1
_LOG_PAGE = 500


def export_json(services: Services, user_id: int, *, log: bool = False) -> Iterator[str]:
    """The export, piece by piece: the account as it was at one moment, whatever happens meanwhile.

    A connection is held until the last piece: they are for a file (`app.transfer.kept`), not for somebody who reads slowly.

    Args:
        services: the application's parts.
        user_id: whose.
        log: whether the log is in it as well.

    Raises:
        NotFound: there is no such account.
    """
    with snapshot(services) as connection:
        yield _dumped(_head(connection, user_id))[:-1]
        yield ', "shows": ['
        yield from _listed(_shows(connection, user_id))
        if log:
            yield '\n], "log": ['
            yield from _listed(_log_rows(connection, user_id))
        yield "\n]}\n"


def _head(connection: Connection, user_id: int) -> dict[str, Any]:
    account = queries().export_account(connection, user_id=user_id)
    if account is None:
        raise NotFound("there is no such account")
    return {
        "format": FORMAT,
        "version": VERSION,
        "application": version("tellykeep"),
        "made_at": datetime.now(UTC),
        "account": account["username"],
        "settings": account["settings"],
        "servers": list(queries().export_servers(connection, user_id=user_id)),
        "accounts": list(queries().export_accounts(connection, user_id=user_id)),
        "not_tracked": [row["mapping"] for row in queries().export_not_tracked(connection, user_id=user_id)],
        "questions": list(queries().export_questions(connection, user_id=user_id)),
    }


def _shows(connection: Connection, user_id: int) -> Iterator[str]:
    # One statement each: a statement may take only so long, and of all shows together it would hold all at once.
    for row in list(queries().export_show_ids(connection, user_id=user_id, deleted=True)):
        yield queries().export_show(connection, user_id=user_id, tvshow_id=row["id"])


def _log_rows(connection: Connection, user_id: int) -> Iterator[str]:
    after = 0
    while True:
        rows = list(queries().export_log(connection, user_id=user_id, after=after, limit=_LOG_PAGE))
        for row in rows:
            after = row.pop("id")
            yield _dumped(row)
        if len(rows) < _LOG_PAGE:
            return


def _listed(entries: Iterable[str]) -> Iterator[str]:
    for number, entry in enumerate(entries):
        yield f"{',' if number else ''}\n{entry}"


def _dumped(value: object) -> str:
    return json.dumps(value, default=_plain, ensure_ascii=False)


def _plain(value: object) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")
