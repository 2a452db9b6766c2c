"""Searching for shows that the tracker does not have yet."""

from __future__ import annotations

from app.db.queries import queries
from app.services import Services
from app.tmdb.client import need_tmdb
from app.tracker.paging import Row


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
            "tvshow_id": ours.get(show.id),
        }
        for show in found
    ]
