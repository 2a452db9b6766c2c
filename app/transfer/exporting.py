"""Everything that an account owns, as JSON: a stream of pieces, so that neither side holds all of it at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.metadata import version
from typing import Any

from app.db.queries import queries
from app.errors import NotFound
from app.services import Services

FORMAT = "tellykeep-export"
VERSION = 1
_LOG_PAGE = 500


def export_json(services: Services, user_id: int, *, log: bool = False) -> Iterator[str]:
    """The export, piece by piece. No connection is held between them: who reads it may be slow.

    Each show is whole and as it was at one moment; what happens while others are read is in those that come after it.

    Args:
        services: the application's parts.
        user_id: whose.
        log: whether the log is in it as well.

    Raises:
        NotFound: there is no such account. At once, before the first piece.
    """
    with services.db.connection() as connection:
        account = queries().export_account(connection, user_id=user_id)
        if account is None:
            raise NotFound("there is no such account")
        head = {
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
        show_ids = [row["id"] for row in queries().export_show_ids(connection, user_id=user_id, deleted=True)]
    return _pieces(services, user_id, head, show_ids, log)


def _pieces(services: Services, user_id: int, head: dict[str, Any], show_ids: list[int], log: bool) -> Iterator[str]:
    yield _dumped(head)[:-1]
    yield ', "shows": ['
    yield from _listed(_shows(services, user_id, show_ids))
    if log:
        yield '\n], "log": ['
        yield from _listed(_log_rows(services, user_id))
    yield "\n]}\n"


def _shows(services: Services, user_id: int, show_ids: list[int]) -> Iterator[str]:
    for tvshow_id in show_ids:
        with services.db.connection() as connection:
            show = queries().export_show(connection, user_id=user_id, tvshow_id=tvshow_id)
        if show is not None:
            yield show


def _log_rows(services: Services, user_id: int) -> Iterator[str]:
    after = 0
    while True:
        with services.db.connection() as connection:
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
