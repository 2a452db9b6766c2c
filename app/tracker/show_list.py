"""The tracker as the pages list it, and what was watched of one show: reads that the API has no need of."""

from __future__ import annotations

from app.db.queries import queries
from app.services import Services
from app.tracker.paging import Page, Row, contains, read_page

# How the list can be narrowed and ordered; the first of each is how it is without a wish.
NARROWED = ("all", "unfinished", "finished", "new", "plex")
SORTED = ("title", "watched", "progress", "added", "year")


def browse_shows(
    services: Services,
    user_id: int,
    *,
    query: str = "",
    which: str = "all",
    sort: str = "title",
    after: int | None = None,
    limit: int = 48,
) -> Page:
    """Shows with how much of them was watched (`watched` of `total`, without specials) and when last.

    Args:
        services: the application's parts.
        user_id: whose tracker.
        query: a part of one of their names; empty for all.
        which: one of `NARROWED`.
        sort: one of `SORTED`.
        after: id of the last show of the page before.
        limit: how many.
    """
    with services.db.connection() as connection:
        return read_page(
            limit,
            lambda n: queries().browse_shows(
                connection,
                user_id=user_id,
                q=contains(query),
                exact=query,
                which=which,
                sort=sort,
                after=after,
                limit=n,
            ),
        )


def count_shows(services: Services, user_id: int, *, query: str = "") -> dict[str, int]:
    """How many shows each of `NARROWED` leaves of those that the search finds."""
    with services.db.connection() as connection:
        counts: Row = queries().count_shows(connection, user_id=user_id, q=contains(query), exact=query)
    return {which: counts["everything" if which == "all" else which] for which in NARROWED}


def show_figures(services: Services, user_id: int, tvshow_id: int) -> list[Row]:
    """Of each season `episodes`, `watched` (episodes), `plays`, `rewatches`, `minutes`, `first_at` and `last_at`."""
    with services.db.connection() as connection:
        return list(queries().show_figures(connection, user_id=user_id, tvshow_id=tvshow_id))


def mappings_of_show(services: Services, user_id: int, tvshow_id: int) -> list[Row]:
    """The mappings that stand for a show: `id`, `plex_title`, `plex_year`, `sync_enabled`, `server`."""
    with services.db.connection() as connection:
        return list(queries().mappings_of_show(connection, user_id=user_id, tvshow_id=tvshow_id))


def deleted_shows(services: Services, user_id: int, *, limit: int = 100) -> list[Row]:
    """What was taken out of the tracker, the latest first, with how many viewings (`plays`) are kept of it."""
    with services.db.connection() as connection:
        return list(queries().deleted_shows(connection, user_id=user_id, limit=limit))


def bring_back(services: Services, user_id: int, tvshow_id: int) -> None:
    """Brings a deleted show back, with its viewings and the mappings that stood for it.

    What was watched meanwhile is decided again by the look-ups.

    Raises:
        psycopg.errors.RaiseException: SQLSTATE TK404, no such show was deleted.
        psycopg.errors.UniqueViolation: a show with one of its ids was added since.
    """
    with services.db.connection() as connection:
        queries().restore_show(connection, user_id=user_id, tvshow_id=tvshow_id)
    services.worker.wake()
