"""The viewings of a show one by one, for programs; what pages do with them is in `viewings`."""

from __future__ import annotations

from datetime import UTC, datetime

from app.db.pool import Connection
from app.db.queries import queries
from app.errors import NotFound
from app.services import Services
from app.tracker.episodes import HIGHEST_NUMBER
from app.tracker.paging import Page, Row, read_page


def list_plays(services: Services, user_id: int, tvshow_id: int, *, before: int | None = None, limit: int = 50) -> Page:
    """The viewings of a show, the latest first; those that were taken back say when (`voided_at`) and why.

    Args:
        services: the application's parts.
        user_id: whose tracker.
        tvshow_id: the show.
        before: id of the last play of the page before.
        limit: how many.

    Raises:
        NotFound: there is no such show in this tracker.
    """
    with services.db.connection() as connection:
        if not queries().has_show(connection, user_id=user_id, tvshow_id=tvshow_id):
            raise NotFound("there is no such show in this tracker")
        return read_page(
            limit,
            lambda n: queries().list_plays(connection, user_id=user_id, tvshow_id=tvshow_id, before=before, limit=n),
        )


def get_play(services: Services, user_id: int, tvshow_id: int, play_id: int) -> Row:
    """A viewing of a show, whether it counts or not.

    Raises:
        NotFound: there is no such viewing of such a show in this tracker.
    """
    with services.db.connection() as connection:
        return _get(connection, user_id, tvshow_id, play_id)


def add_play(services: Services, user_id: int, tvshow_id: int, season: int, episode: int, at: datetime | None) -> Row:
    """A further viewing of an episode.

    Args:
        services: the application's parts.
        user_id: whose tracker.
        tvshow_id: the show.
        season: its number; 0 holds the specials.
        episode: its number in the season.
        at: when it was (aware); now when None.

    Returns:
        The viewing and `action`: `marked_watched`, `rewatched`, or `already_watched` for one that is part of a known one,
        which is then the one that is returned.

    Raises:
        NotFound: there is no such episode in this tracker.
        psycopg.errors.RaiseException: SQLSTATE TK404, the same; TK422, a time in the future.
    """
    if season > HIGHEST_NUMBER or episode > HIGHEST_NUMBER:
        raise NotFound("the show has no such episode")
    with services.db.connection() as connection, connection.transaction():
        said = queries().add_viewing(
            connection,
            user_id=user_id,
            tvshow_id=tvshow_id,
            season=season,
            episode=episode,
            at=at or datetime.now(UTC),
        )
        return {"action": said["action"]} | _of_event(connection, user_id, tvshow_id, said["event_id"])


def move_play(services: Services, user_id: int, tvshow_id: int, play_id: int, at: datetime) -> Row:
    """Another time for a viewing; the one that counts then, which has an id of its own.

    Raises:
        NotFound: there is no such viewing of such a show in this tracker.
        psycopg.errors.RaiseException: SQLSTATE TK409, it does not count any more; TK422, a time in the future.
    """
    with services.db.connection() as connection, connection.transaction():
        _get(connection, user_id, tvshow_id, play_id)
        said = queries().move_viewing(connection, user_id=user_id, play_id=play_id, at=at)
        return _of_event(connection, user_id, tvshow_id, said["event_id"])


def remove_play(services: Services, user_id: int, tvshow_id: int, play_id: int) -> None:
    """A viewing that was none: it counts no more, also when Plex tells it again.

    Raises:
        NotFound: there is no such viewing of such a show in this tracker.
        psycopg.errors.RaiseException: SQLSTATE TK409, it does not count any more.
    """
    with services.db.connection() as connection, connection.transaction():
        _get(connection, user_id, tvshow_id, play_id)
        queries().remove_viewing(connection, user_id=user_id, play_id=play_id)


def _get(connection: Connection, user_id: int, tvshow_id: int, play_id: int) -> Row:
    row: Row | None = queries().get_play(connection, user_id=user_id, tvshow_id=tvshow_id, play_id=play_id)
    if row is None:
        raise NotFound("there is no such viewing of this show")
    return row


def _of_event(connection: Connection, user_id: int, tvshow_id: int, event_id: int) -> Row:
    return _get(connection, user_id, tvshow_id, queries().play_of(connection, user_id=user_id, event_id=event_id))
