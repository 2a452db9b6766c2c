"""Shows of a tracker: list, look at, add, change, delete."""

from __future__ import annotations

from typing import Any

from psycopg.types.json import Jsonb

from app.db.pool import Connection
from app.db.queries import queries
from app.errors import NotFound, StateConflict, Unprocessable
from app.services import Services
from app.tmdb.client import tmdb_of
from app.tmdb.document import show_document
from app.tracker.paging import Page, Row, read_page


def list_shows(services: Services, user_id: int, *, after: int | None = None, limit: int = 50) -> Page:
    """Shows in the order of their titles, without their seasons.

    Args:
        services: the application's parts.
        user_id: whose tracker.
        after: id of the last show of the page before.
        limit: how many.
    """
    with services.db.connection() as connection:
        return read_page(limit, lambda n: queries().list_shows(connection, user_id=user_id, after=after, limit=n))


def get_show(services: Services, user_id: int, tvshow_id: int) -> Row:
    """One show with its seasons.

    Raises:
        NotFound: there is no such show in this tracker.
    """
    with services.db.connection() as connection:
        return found(queries().get_show(connection, user_id=user_id, tvshow_id=tvshow_id))


def get_poster(services: Services, user_id: int, tvshow_id: int) -> Row:
    """Title and `poster_path` of one show.

    Raises:
        NotFound: there is no such show in this tracker.
    """
    with services.db.connection() as connection:
        return found(queries().get_poster(connection, user_id=user_id, tvshow_id=tvshow_id))


def add_show(services: Services, user_id: int, show: dict[str, Any]) -> Row:
    """Adds a show and returns it. Mappings of a show with these ids that was deleted come back to it, and open questions
    that it answers for certain are answered.

    Args:
        services: the application's parts.
        user_id: whose tracker.
        show: `title`, and perhaps `year`, `tmdb_id`, `tvdb_id`, `imdb_id` and `seasons` as they are stored.

    Raises:
        psycopg.errors.UniqueViolation: a show with one of these ids is there (app.errors makes a StateConflict of it).
    """
    with services.db.connection() as connection, connection.transaction():
        tvshow_id = _add(connection, user_id, show)
        return found(queries().get_show(connection, user_id=user_id, tvshow_id=tvshow_id))


def show_unless_known(services: Services, user_id: int, tmdb_id: int) -> dict[str, Any] | None:
    """What TMDB knows of a show, for `add_show`; None where the tracker has it.

    Args:
        services: the application's parts. No connection of the pool may be held.
        user_id: whose tracker, and whose TMDB key.
        tmdb_id: of the show.

    Raises:
        Unprocessable: there is no TMDB key to ask with.
        UpstreamError: TMDB, or the key, does not do.
    """
    with services.db.connection() as connection:
        if queries().show_of_tmdb_id(connection, user_id=user_id, tmdb_id=tmdb_id) is not None:
            return None
    client = tmdb_of(services, user_id, [])
    if client is None:
        raise Unprocessable(
            "the show's title is not known, and there is no TMDB key to ask for it",
            fields={"title": "the title of the show; or set a TMDB key with POST /api/plex/config"},
        )
    return show_document(client, tmdb_id) | {"source": "manual"}


def add_unless_known(
    connection: Connection, user_id: int, tmdb_id: int, show: dict[str, Any] | None
) -> tuple[int, bool]:
    """The id of the show with this TMDB id, and whether it was added for it, as `show_unless_known` told it.

    Raises:
        NotFound: it was there, and was deleted meanwhile.
        psycopg.errors.UniqueViolation: another show has one of its other ids.
    """
    queries().lock_mappings(connection, user_id=user_id)
    # Somebody may have added it meanwhile.
    known: int | None = queries().show_of_tmdb_id(connection, user_id=user_id, tmdb_id=tmdb_id)
    if known is None and show is None:
        raise NotFound("the show was deleted meanwhile")
    return (known, False) if known is not None else (_add(connection, user_id, show or {}), True)


def _add(connection: Connection, user_id: int, show: dict[str, Any]) -> int:
    # Before the show's row: an event that wants to ask about this show waits, and then finds it.
    queries().lock_mappings(connection, user_id=user_id)
    tvshow_id: int = queries().add_show(connection, user_id=user_id, show=Jsonb(show))
    queries().return_mappings(connection, user_id=user_id, tvshow_id=tvshow_id)
    queries().settle_open_conflicts(connection, user_id=user_id, tvshow_id=tvshow_id)
    return tvshow_id


def add_show_from_tmdb(services: Services, user_id: int, tmdb_id: int, given: dict[str, Any]) -> Row:
    """Adds a show with what TMDB knows of it, and returns it.

    Args:
        services: the application's parts.
        user_id: whose tracker, and whose TMDB key.
        tmdb_id: of the show.
        given: as for `add_show`; what is in it comes before what TMDB says.

    Raises:
        StateConflict: a show with this id is there.
        Unprocessable: there is no TMDB key to ask for the title.
        UpstreamError: TMDB, or the key, does not do.
        psycopg.errors.UniqueViolation: a show with one of its other ids is there.
    """
    document = show_unless_known(services, user_id, tmdb_id)
    if document is None:
        raise StateConflict("a show with this TMDB id is in the tracker already", fields={"tmdb_id": "a new show"})
    if "year" in given:
        del document["show_start_date"]
    return add_show(services, user_id, document | {name: value for name, value in given.items() if value is not None})


def change_show(services: Services, user_id: int, tvshow_id: int, changes: dict[str, Any]) -> Row:
    """Changes title, year or ids (null takes one away), adds the missing episodes of `seasons`; returns the show.
    Open questions that it answers for certain by then are answered.

    Raises:
        psycopg.errors.RaiseException: SQLSTATE TK404, there is no such show in this tracker.
        psycopg.errors.UniqueViolation: another show has one of these ids.
    """
    with services.db.connection() as connection, connection.transaction():
        queries().lock_mappings(connection, user_id=user_id)
        queries().update_show(connection, user_id=user_id, tvshow_id=tvshow_id, changes=Jsonb(changes))
        queries().return_mappings(connection, user_id=user_id, tvshow_id=tvshow_id)
        queries().settle_open_conflicts(connection, user_id=user_id, tvshow_id=tvshow_id)
        return found(queries().get_show(connection, user_id=user_id, tvshow_id=tvshow_id))


def delete_show(services: Services, user_id: int, tvshow_id: int) -> None:
    """Takes a show out of the tracker. Its plays are kept, and its mappings now mean "not to be tracked".

    Raises:
        psycopg.errors.RaiseException: SQLSTATE TK404, there is no such show in this tracker.
    """
    with services.db.connection() as connection:
        queries().delete_show(connection, user_id=user_id, tvshow_id=tvshow_id)


def found(show: Row | None) -> Row:
    """The show, which is there.

    Raises:
        NotFound: it is not.
    """
    if show is None:
        raise NotFound("there is no such show in this tracker")
    return show
