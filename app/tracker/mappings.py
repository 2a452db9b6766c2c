"""Mappings: what the appliance knows about which Plex show stands for which show of the tracker."""

from __future__ import annotations

from typing import Any

from psycopg.types.json import Jsonb

from app.db.pool import Connection
from app.db.queries import queries
from app.errors import NotFound
from app.services import Services
from app.tracker.paging import Page, Row, contains, read_page
from app.tracker.shows import add_unless_known, show_unless_known

_EVERY_ONE: dict[str, Any] = {
    "mapping_id": None,
    "before": None,
    "unmapped": None,
    "conflicts": None,
    "tracked": None,
    "confirmed": None,
    "below": None,
    "switched_on": None,
    "method": None,
    "q": None,
    "limit": 1,
}


def list_mappings(
    services: Services,
    user_id: int,
    *,
    unmapped: bool | None = None,
    conflicts: bool | None = None,
    tracked: bool | None = None,
    confirmed: bool | None = None,
    below: float | None = None,
    switched_on: bool | None = None,
    method: str | None = None,
    q: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> Page:
    """Mappings, the newest first.

    Args:
        services: the application's parts.
        user_id: whose tracker.
        unmapped: only those that stand for no show (True) or for one (False).
        conflicts: only those with an open question (True) or without (False).
        tracked: only those whose events count (True) or are left out (False).
        confirmed: only those that the user has confirmed (True) or not (False).
        below: only those with less confidence.
        switched_on: only those whose sync is on (True) or off (False).
        method: only those that were found in this way.
        q: a part of the title in Plex or in the tracker.
        before: id of the last mapping of the page before.
        limit: how many.
    """
    wanted = {
        "unmapped": unmapped,
        "conflicts": conflicts,
        "tracked": tracked,
        "confirmed": confirmed,
        "below": below,
        "switched_on": switched_on,
        "method": method,
        "q": contains(q),
        "before": before,
    }
    with services.db.connection() as connection:
        return read_page(
            limit,
            lambda n: queries().list_mappings(connection, **(_EVERY_ONE | wanted | {"user_id": user_id, "limit": n})),
        )


def get_mapping(services: Services, user_id: int, mapping_id: int) -> Row:
    """One mapping.

    Raises:
        NotFound: there is no such mapping in this tracker.
    """
    with services.db.connection() as connection:
        return _get(connection, user_id, mapping_id)


def change_mapping(services: Services, user_id: int, mapping_id: int, changes: dict[str, Any]) -> Row:
    """Changes `tvshow_id` (null: not to be tracked; or `tmdb_id`), `sync_enabled` or `manually_confirmed`.

    Another show is a correction: what came through the mapping is moved there. One that the tracker does not have, by its
    `tmdb_id`, is added from TMDB.

    Returns:
        The mapping, with the `correction`: what was moved; None when the show stays. And the `change_id` for `undo_mapping`;
        None where it was like that before.

    Raises:
        Unprocessable: the show is to be added, and there is no TMDB key.
        UpstreamError: likewise, and TMDB does not answer, or has no such show.
        psycopg.errors.UniqueViolation: likewise, and another show has one of its other ids.
        psycopg.errors.RaiseException: SQLSTATE TK404, there is no such mapping or show in this tracker.
    """
    tmdb_id = changes.get("tmdb_id")
    # Asked before the transaction; then nothing is locked while others are waited for.
    show = None if tmdb_id is None else show_unless_known(services, user_id, tmdb_id)
    with services.db.connection() as connection, connection.transaction():
        if tmdb_id is not None:
            # What keeps this Plex show's events out comes before the lock that adding a show takes.
            queries().lock_mapping(connection, user_id=user_id, mapping_id=mapping_id)
            named, added = add_unless_known(connection, user_id, tmdb_id, show)
            changes = {name: value for name, value in changes.items() if name != "tmdb_id"}
            changes |= {"tvshow_id": named, "added": added}
        correction = queries().update_mapping(
            connection, user_id=user_id, mapping_id=mapping_id, changes=Jsonb(changes)
        )
        change_id = queries().change_made(connection, user_id=user_id, mapping_id=mapping_id)
        return _get(connection, user_id, mapping_id) | {"correction": correction, "change_id": change_id}


def undo_mapping(services: Services, user_id: int, mapping_id: int, change_id: int | None = None) -> Row:
    """Takes the last change that the user made of a mapping back, if it is `change_id`; what it moved goes back too.

    Returns:
        The mapping, with the `correction`: what was moved; None when the past was left alone.

    Raises:
        psycopg.errors.RaiseException: SQLSTATE TK404, there is no such mapping; TK409, nothing can be taken back.
    """
    with services.db.connection() as connection, connection.transaction():
        correction = queries().undo_mapping(connection, user_id=user_id, mapping_id=mapping_id, change_id=change_id)
        undone = _get(connection, user_id, mapping_id) | {"correction": correction}
    # What was left out meanwhile is decided again.
    services.worker.wake()
    return undone


def list_changes(services: Services, user_id: int, mapping_id: int, *, limit: int = 50) -> list[Row]:
    """The history of a mapping, the newest first: what was changed, by whom, and whether it can be taken back."""
    with services.db.connection() as connection:
        rows = queries().list_mapping_changes(connection, user_id=user_id, mapping_id=mapping_id, limit=limit)
        return list(rows)


def list_methods(services: Services, user_id: int) -> dict[str, int]:
    """By which methods a user's mappings were found, and how many by each."""
    with services.db.connection() as connection:
        return {row["match_method"]: row["mappings"] for row in queries().mapping_methods(connection, user_id=user_id)}


def delete_mapping(services: Services, user_id: int, mapping_id: int) -> None:
    """Forgets a mapping: the next event of that Plex show is decided anew. Plays stay where they are.

    Raises:
        NotFound: there is no such mapping in this tracker.
    """
    with services.db.connection() as connection:
        if not queries().delete_mapping(connection, user_id=user_id, mapping_id=mapping_id):
            raise NotFound("there is no such mapping")


def _get(connection: Connection, user_id: int, mapping_id: int) -> Row:
    wanted = _EVERY_ONE | {"user_id": user_id, "mapping_id": mapping_id}
    row: Row | None = next(iter(list(queries().list_mappings(connection, **wanted))), None)
    if row is None:
        raise NotFound("there is no such mapping")
    return row
