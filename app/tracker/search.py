"""Searching for shows: in the tracker, and at TMDB."""

from __future__ import annotations

from app.db.queries import queries
from app.services import Services
from app.tmdb.client import need_tmdb
from app.tracker.paging import Row, begins, contains


def find_shows(services: Services, user_id: int, query: str, *, limit: int = 10) -> list[Row]:
    """Shows of the tracker one of whose names holds the query, the best first; none for an empty query."""
    if not query:
        return []
    with services.db.connection() as connection:
        found = queries().find_shows(
            connection,
            user_id=user_id,
            q=contains(query),
            beginning=begins(query),
            exact=query,
            limit=limit,
        )
        return list(found)


def name_shows(services: Services, user_id: int, tvshow_ids: set[int]) -> dict[int, Row]:
    """`title`, `year`, `poster_path` and whether it is `deleted` of these shows, by id."""
    if not tvshow_ids:
        return {}
    with services.db.connection() as connection:
        rows = queries().name_shows(connection, user_id=user_id, tvshow_ids=sorted(tvshow_ids))
        return {row["id"]: row for row in rows}


def search_shows(services: Services, user_id: int, query: str, year: int | None = None) -> list[Row]:
    """What TMDB finds, the likeliest first, with the `tvshow_id` of those that the tracker has.

    Args:
        services: the application's parts.
        user_id: whose tracker, and whose TMDB key.
        query: a title.
        year: in which the show started.

    Raises:
        KeyMissing: there is no TMDB key.
        UpstreamError: TMDB, or the key, does not do.
    """
    found = need_tmdb(services, user_id, []).search(query, year)
    with services.db.connection() as connection:
        rows = queries().shows_of_tmdb_ids(connection, user_id=user_id, tmdb_ids=[show.id for show in found])
        ours = {row["tmdb_id"]: row["id"] for row in rows}
    return [
        {
            "tmdb_id": show.id,
            "title": show.title,
            "original_title": show.original_name or None,
            "year": show.year,
            "country": show.country,
            "poster_path": show.poster_path or None,
            "overview": show.overview or None,
            "tvshow_id": ours.get(show.id),
        }
        for show in found
    ]
