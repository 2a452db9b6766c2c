"""Episodes of a show: the user's own marks."""

from __future__ import annotations

from datetime import datetime

from app.db.queries import queries
from app.errors import NotFound
from app.services import Services
from app.tracker.paging import Row
from app.tracker.shows import found

# PostgreSQL's integer; a larger number in an address is simply not there.
HIGHEST_NUMBER = 2**31 - 1


def set_watched(
    services: Services,
    user_id: int,
    tvshow_id: int,
    season: int,
    episode: int,
    *,
    watched: bool,
    watched_at: datetime | None = None,
) -> Row:
    """Marks an episode watched, or takes the marks before a moment back.

    Args:
        services: the application's parts.
        user_id: whose tracker.
        tvshow_id: the show.
        season: its number; 0 holds the specials.
        episode: its number in the season.
        watched: what is to be said.
        watched_at: of what moment it is said (aware); now when None.

    Returns:
        The episode (with `watched_at`, the first viewing that counts), the show's totals, and `action`:
        `marked_watched`, `already_watched` or `unmarked`.

    Raises:
        NotFound: there is no such episode in this tracker.
    """
    if season > HIGHEST_NUMBER or episode > HIGHEST_NUMBER:
        raise NotFound("the show has no such episode")
    place = {"user_id": user_id, "tvshow_id": tvshow_id, "season": season, "episode": episode}
    with services.db.connection() as connection, connection.transaction():
        row = found(queries().get_episode(connection, **place))
        if row["episode"] is None:
            raise NotFound("the show has no such episode")
        mark = queries().set_watched(connection, **place, watched=watched, watched_at=watched_at)
        return {"action": mark["action"]} | found(queries().get_episode(connection, **place))
