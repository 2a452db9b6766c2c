"""Numbering rules: how the numbers that Plex gives a show's episodes become those of the tracker."""

from __future__ import annotations

from typing import Any

from psycopg.types.json import Jsonb

from app.db.pool import Connection
from app.db.queries import queries
from app.services import Services
from app.tracker.mappings import get_mapping
from app.tracker.paging import Row

Rule = dict[str, Any]


def list_rules(services: Services, user_id: int, mapping_id: int) -> list[Row]:
    """The rules of a mapping, in the order of Plex's episodes.

    Raises:
        NotFound: there is no such mapping in this tracker.
    """
    get_mapping(services, user_id, mapping_id)
    with services.db.connection() as connection:
        return _rules(connection, user_id, mapping_id)


def save_rules(
    services: Services,
    user_id: int,
    mapping_id: int,
    rules: list[Rule],
    *,
    source: str = "user",
    replace: bool = False,
    apply_to_past: bool = False,
) -> Row:
    """Adds rules to a mapping.

    Args:
        services: the application's parts.
        user_id: whose tracker.
        mapping_id: the mapping.
        rules: each with every field that a stored one has, None where it says nothing.
        source: who says so: `user`, `answer`, `plex_file` or `tmdb_group`.
        replace: the rules of this source that are there go.
        apply_to_past: what came through the mapping before is moved to where the rules say it belongs.

    Returns:
        All `rules` of the mapping, and the `correction`: what was moved, None without `apply_to_past`.

    Raises:
        psycopg.errors.RaiseException: SQLSTATE TK404, there is no such mapping; TK422, two rules for one episode.
    """
    with services.db.connection() as connection, connection.transaction():
        correction = queries().save_rules(
            connection,
            user_id=user_id,
            mapping_id=mapping_id,
            rules=Jsonb(rules),
            source=source,
            replace=replace,
            apply=apply_to_past,
        )
        return {"rules": _rules(connection, user_id, mapping_id), "correction": correction}


def preview_rules(
    services: Services,
    user_id: int,
    mapping_id: int,
    rules: list[Rule],
    *,
    source: str = "user",
    replace: bool = False,
) -> Row:
    """What `save_rules` with these arguments would move of the past, and `examples` of what would come to be.

    Raises:
        psycopg.errors.RaiseException: as `save_rules`.
    """
    with services.db.connection() as connection:
        preview: Row = queries().preview_rules(
            connection, user_id=user_id, mapping_id=mapping_id, rules=Jsonb(rules), source=source, replace=replace
        )
    return preview


def remove_rules(
    services: Services, user_id: int, mapping_id: int, rule_id: int | None = None, *, apply_to_past: bool = False
) -> Row:
    """Takes one rule of a mapping away, or all (None).

    Returns:
        As `save_rules`.

    Raises:
        psycopg.errors.RaiseException: SQLSTATE TK404, there is no such mapping or rule.
    """
    with services.db.connection() as connection, connection.transaction():
        answer = queries().remove_rules(
            connection, user_id=user_id, mapping_id=mapping_id, rule_id=rule_id, apply=apply_to_past
        )
        return {"rules": _rules(connection, user_id, mapping_id), "correction": answer["correction"]}


def _rules(connection: Connection, user_id: int, mapping_id: int) -> list[Row]:
    return list(queries().list_rules(connection, user_id=user_id, mapping_id=mapping_id))
