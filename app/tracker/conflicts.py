"""Conflicts: the questions that the appliance could not decide, and the answers."""

from __future__ import annotations

from typing import Any

from psycopg.types.json import Jsonb

from app.db.pool import Connection
from app.db.queries import queries
from app.errors import NotFound, StateConflict
from app.services import Services
from app.tracker.logs import stored_event
from app.tracker.paging import Page, Row, read_page
from app.tracker.show_to_add import show_to_add


def list_conflicts(
    services: Services,
    user_id: int,
    *,
    resolved: bool | None = False,
    before: int | None = None,
    limit: int = 50,
) -> Page:
    """Conflicts, the newest first, each with how many events it holds.

    Args:
        services: the application's parts.
        user_id: whose tracker.
        resolved: open ones (False), answered ones (True) or all (None).
        before: id of the last conflict of the page before.
        limit: how many.
    """
    with services.db.connection() as connection:
        return read_page(
            limit,
            lambda n: queries().list_conflicts(
                connection, user_id=user_id, conflict_ids=None, resolved=resolved, before=before, limit=n
            ),
        )


def get_conflict(services: Services, user_id: int, conflict_id: int) -> Row:
    """One conflict.

    Raises:
        NotFound: there is no such conflict in this tracker.
    """
    with services.db.connection() as connection:
        return _get(connection, user_id, conflict_id)


def get_conflicts(services: Services, user_id: int, conflict_ids: list[int]) -> list[Row]:
    """Those of these conflicts that are there, the newest first."""
    if not conflict_ids:
        return []
    with services.db.connection() as connection:
        rows = queries().list_conflicts(
            connection, user_id=user_id, conflict_ids=conflict_ids, resolved=None, before=None, limit=len(conflict_ids)
        )
        return list(rows)


def count_open_conflicts(services: Services, user_id: int) -> int:
    """How many questions are open."""
    with services.db.connection() as connection:
        count: int = queries().count_open_conflicts(connection, user_id=user_id)
    return count


def answered_events(services: Services, user_id: int, conflict_ids: list[int]) -> dict[int, list[Row]]:
    """What became of the events that answered conflicts held: by conflict, one row for each outcome."""
    if not conflict_ids:
        return {}
    outcomes: dict[int, list[Row]] = {}
    with services.db.connection() as connection:
        for row in queries().answered_events(connection, user_id=user_id, conflict_ids=conflict_ids):
            outcomes.setdefault(row["conflict_id"], []).append(row)
    return outcomes


def resolve_conflict(
    services: Services,
    user_id: int,
    conflict_id: int,
    action: str,
    *,
    tvshow_id: int | None = None,
    tmdb_id: int | None = None,
    season: int | None = None,
    episode: int | None = None,
) -> Row:
    """Answers a conflict; the answer is applied to every event that waited for it, in one transaction.

    Args:
        services: the application's parts.
        user_id: whose tracker.
        conflict_id: the question.
        action: `select`, `create_new`, `ignore`, `ignore_forever` or `search_again`.
        tvshow_id: `select`: the show of the tracker; None takes the one that was found and lacks the episode.
        tmdb_id: `select` and `create_new`: the show with this id, which is added when the tracker does not have it, with
            its episodes where TMDB or the Plex server can be asked.
        season: `select`: the one season and episode that the waiting event stands for.
        episode: see `season`.

    Returns:
        The conflict's `id`, `action`, whether it is `resolved`, the `tvshow_id` that was taken, how many events were
        `replayed`, and the `outcomes`: action taken to number of events.

    Raises:
        NotFound: there is no such conflict or show in this tracker.
        StateConflict: it was answered before.
        Unprocessable: an event that it holds cannot be read, or TMDB has no show with that id.
        UpstreamError: the show was to be added, and TMDB or the Plex server does not answer; nothing was changed.
        psycopg.errors.RaiseException: SQLSTATE TK404, TK409 or TK422, which mean the same.
    """
    with services.db.connection() as connection:
        conflict = _get(connection, user_id, conflict_id)
        if conflict["resolved"]:
            raise StateConflict(f"conflict {conflict_id} was resolved before")
        known = tmdb_id is not None and _show_of(connection, user_id, tmdb_id) is not None
    # Asked before the transaction; then nothing is locked while others are waited for.
    show: dict[str, Any] | None = None
    if action == "create_new" or (action == "select" and tmdb_id is not None):
        show = {} if known else show_to_add(services, user_id, conflict, tmdb_id)
    if action == "search_again":
        with services.db.connection() as connection, connection.transaction():
            searched = _search_again(services, connection, user_id, conflict)
        services.worker.wake()
        return searched
    with services.db.connection() as connection, connection.transaction():
        function = action
        if tmdb_id is not None:
            tvshow_id = _show_of(connection, user_id, tmdb_id)
            function = "create_new" if tvshow_id is None else "select"
        answer = queries().resolve_conflict(
            connection,
            user_id=user_id,
            conflict_id=conflict_id,
            action=function,
            tvshow_id=tvshow_id,
            season=season,
            episode=episode,
            show=Jsonb(show) if show and function == "create_new" else None,
        )
    return {
        "id": conflict_id,
        "action": action,
        "resolved": True,
        "tvshow_id": answer["tvshow_id"],
        "replayed": answer["replayed"],
        "outcomes": answer["outcomes"],
    }


def undo_conflict(services: Services, user_id: int, conflict_id: int) -> Row:
    """Takes the answer to a conflict back, with everything that came of it, in one transaction.

    Returns:
        The conflict's `id`, whether it is still `resolved` (nothing that it held is in the log any more), how many
        viewings were `withdrawn`, how many events are `held` again, and what became of a show that the answer had added:
        `removed_tvshow_id` or `kept_tvshow_id`.

    Raises:
        NotFound: there is no such conflict in this tracker.
        psycopg.errors.RaiseException: SQLSTATE TK409, it was not answered, more than seven days ago, or taken back before.
    """
    with services.db.connection() as connection, connection.transaction():
        _get(connection, user_id, conflict_id)
        undone: Row = queries().undo_conflict(connection, user_id=user_id, conflict_id=conflict_id)
        return {"id": conflict_id, "resolved": _get(connection, user_id, conflict_id)["resolved"], **undone}


def _search_again(services: Services, connection: Connection, user_id: int, conflict: Row) -> Row:
    if conflict["resolved"]:
        raise StateConflict(f"conflict {conflict['id']} was resolved before")
    held = list(queries().held_events(connection, user_id=user_id, conflict_id=conflict["id"]))
    events = [{"log_id": row["id"], "event": stored_event(row["id"], row["payload"])} for row in held]
    answer: Row = queries().search_again(
        connection,
        user_id=user_id,
        conflict_id=conflict["id"],
        events=Jsonb(events),
        has_tmdb=services.settings.tmdb_api_key is not None,
    )
    return {"id": conflict["id"], "action": "search_again", **answer}


def _show_of(connection: Connection, user_id: int, tmdb_id: int) -> int | None:
    found: int | None = queries().show_of_tmdb_id(connection, user_id=user_id, tmdb_id=tmdb_id)
    return found


def _get(connection: Connection, user_id: int, conflict_id: int) -> Row:
    rows = queries().list_conflicts(
        connection, user_id=user_id, conflict_ids=[conflict_id], resolved=None, before=None, limit=1
    )
    row: Row | None = next(iter(list(rows)), None)
    if row is None:
        raise NotFound("there is no such conflict")
    return row
