"""Several questions answered in one go: each in a transaction of its own, while the page shows how far it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from app.db.queries import queries
from app.errors import DatabaseUnavailable, NotFound, TellykeepError, from_database
from app.services import Services
from app.tracker.conflicts import resolve_conflict, undo_conflict
from app.tracker.paging import Row

# As `resolve_conflict` calls what the page calls "confirm": the candidate that was put forward.
_ACTIONS: dict[str, str] = {"confirm": "select"}


@dataclass(frozen=True)
class Chosen:
    """A question of the go.

    Attributes:
        conflict_id: its number.
        tvshow_id, tmdb_id: the show that was put forward for it on the page, for the action `confirm`; both None where the
            show is known and lacks the episode.
    """

    conflict_id: int
    tvshow_id: int | None = None
    tmdb_id: int | None = None


def begin_answers(services: Services, user_id: int, action: str, chosen: list[Chosen]) -> int:
    """Notes what is wished for; `work_off_answers` does it. Returns the number of the go.

    Args:
        services: the application's parts.
        user_id: whose tracker.
        action: `confirm`, `create_new`, `ignore`, `ignore_forever`, `search_again`, or `undo`.
        chosen: the questions.

    Raises:
        psycopg.errors.RaiseException: SQLSTATE TK404, one of them is not there; TK409, another go is under way; TK422, none.
    """
    items = [{"conflict_id": c.conflict_id, "tvshow_id": c.tvshow_id, "tmdb_id": c.tmdb_id} for c in chosen]
    with services.db.connection() as connection:
        batch_id: int = queries().begin_answers(connection, user_id=user_id, action=action, items=Jsonb(items))
    return batch_id


def work_off_answers(
    services: Services,
    user_id: int,
    *,
    seconds: float | None = None,
    go_on: Callable[[], None] = lambda: None,
) -> int:
    """Answers what waits, one question after the other; what one is refused for does not keep the others.

    Args:
        services: the application's parts.
        user_id: whose answers.
        seconds: for how long; None: until all are answered.
        go_on: called before each; whatever it raises ends the work there.

    Returns:
        How many were answered or refused.

    Raises:
        DatabaseUnavailable: the rest has to wait.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    with services.db.connection() as connection:
        waiting = list(queries().waiting_answers(connection, user_id=user_id))
    for number, item in enumerate(waiting):
        if deadline is not None and time.monotonic() > deadline:
            return number
        go_on()
        problem = _answer(services, user_id, item)
        with services.db.connection() as connection:
            queries().note_answer(
                connection,
                user_id=user_id,
                batch_id=item["batch_id"],
                conflict_id=item["conflict_id"],
                problem=problem,
            )
    return len(waiting)


def users_with_answers(services: Services) -> list[int]:
    """Who has given answers that are not applied yet."""
    with services.db.connection() as connection:
        return [row["user_id"] for row in queries().users_with_answers(connection)]


def get_batch(services: Services, user_id: int, batch_id: int) -> tuple[Row, list[Row]]:
    """A go with how far it is, and its questions: `conflict_id`, `status` (waiting, done, refused), `problem`.

    Raises:
        NotFound: there is no such go in this tracker.
    """
    with services.db.connection() as connection:
        batch: Row | None = queries().answer_batch(connection, user_id=user_id, batch_id=batch_id)
        if batch is None:
            raise NotFound("there is no such go")
        return batch, list(queries().answer_batch_items(connection, user_id=user_id, batch_id=batch_id))


def open_batch(services: Services, user_id: int) -> Row | None:
    """The go that is under way, with how far it is."""
    with services.db.connection() as connection:
        batch: Row | None = queries().answer_batch(connection, user_id=user_id, batch_id=None)
    return batch


def _answer(services: Services, user_id: int, item: Row) -> str | None:
    """Why it was refused; None when it was not."""
    try:
        if item["action"] == "undo":
            undo_conflict(services, user_id, item["conflict_id"])
        else:
            shows: dict[str, Any] = {}
            if item["action"] == "confirm":
                shows = {"tvshow_id": item["tvshow_id"], "tmdb_id": item["tmdb_id"]}
            action = str(_ACTIONS.get(item["action"], item["action"]))
            resolve_conflict(services, user_id, item["conflict_id"], action, **shows)
    except (TellykeepError, psycopg.Error) as error:
        known = from_database(error) if isinstance(error, psycopg.Error) else error
        if isinstance(known, DatabaseUnavailable):
            raise known from error
        return known.message if known else f"a fault in Tellykeep: {type(error).__name__}"
    return None
