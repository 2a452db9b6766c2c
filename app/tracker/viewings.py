"""What the user says of viewings by hand: marks of many episodes, further viewings, other dates, and taking all of it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from app.db.queries import queries
from app.errors import NotFound
from app.services import Services
from app.tracker.paging import Row
from app.tracker.shows import found

When = Literal["now", "aired"]


@dataclass(frozen=True)
class Said:
    """A change by hand, and what takes exactly it back.

    Attributes:
        count: how many episodes it changed.
        take: the first and the last of the watch events that it wrote; None when it wrote none.
        again: watch events that it took out.
    """

    count: int
    take: tuple[int, int] | None = None
    again: tuple[int, ...] = ()

    @property
    def can_be_undone(self) -> bool:
        """Whether it changed anything."""
        return self.take is not None or bool(self.again)


def mark_episode(services: Services, user_id: int, tvshow_id: int, season: int, episode: int, *, watched: bool) -> Said:
    """Marks one episode watched, now, or takes its viewings back. What is so already is left alone.

    Raises:
        NotFound: there is no such episode in this tracker.
    """
    place = {"user_id": user_id, "tvshow_id": tvshow_id, "season": season, "episode": episode}
    with services.db.connection() as connection, connection.transaction():
        row = found(queries().get_episode(connection, **place))
        if row["episode"] is None:
            raise NotFound("the show has no such episode")
        if row["watched"] == watched:
            return Said(0)
        queries().set_watched(connection, **place, watched=watched, watched_at=None)
        # The show's row is locked since: nobody else has said anything.
        event_id = queries().last_said(connection, user_id=user_id, tvshow_id=tvshow_id)
        return Said(1, (event_id, event_id))


def mark_episodes(
    services: Services,
    user_id: int,
    tvshow_id: int,
    season: int,
    *,
    before: int | None = None,
    watched: bool = True,
    at: When = "now",
) -> Said:
    """Marks a season, or takes its viewings back; or all that comes before an episode of it. What has not aired is left out.

    Args:
        services: the application's parts.
        user_id: whose tracker.
        tvshow_id: the show.
        season: its number; 0 holds the specials.
        before: number of an episode: everything before it, earlier seasons included.
        watched: what is to be said.
        at: when they were watched: now, or in the evening of the day that each aired.

    Raises:
        psycopg.errors.RaiseException: SQLSTATE TK404, there is no such season in this tracker.
    """
    with services.db.connection() as connection:
        ids = queries().mark_episodes(
            connection, user_id=user_id, tvshow_id=tvshow_id, watched=watched, season=season, before=before, at=at
        )
    return Said(len(ids), (min(ids), max(ids)) if ids else None)


def add_viewing(services: Services, user_id: int, tvshow_id: int, season: int, episode: int, at: datetime) -> Said:
    """A further viewing of an episode; `count` is 0 when it is part of one that is known.

    Raises:
        psycopg.errors.RaiseException: SQLSTATE TK404, there is no such episode; TK422, a time in the future.
    """
    with services.db.connection() as connection:
        row = queries().add_viewing(
            connection, user_id=user_id, tvshow_id=tvshow_id, season=season, episode=episode, at=at
        )
    return Said(int(row["action"] != "already_watched"), (row["event_id"], row["event_id"]))


def move_viewing(services: Services, user_id: int, play_id: int, at: datetime) -> Said:
    """Another date for a viewing.

    Raises:
        psycopg.errors.RaiseException: SQLSTATE TK404, there is no such viewing; TK409, it does not count any more;
            TK422, a time in the future.
    """
    with services.db.connection() as connection:
        row = queries().move_viewing(connection, user_id=user_id, play_id=play_id, at=at)
    return Said(1, (row["event_id"], row["event_id"]), tuple(row["removed_ids"]))


def remove_viewing(services: Services, user_id: int, play_id: int) -> Said:
    """A viewing that was none: it counts no more, also when Plex tells it again.

    Raises:
        psycopg.errors.RaiseException: SQLSTATE TK404, there is no such viewing; TK409, it does not count any more.
    """
    with services.db.connection() as connection:
        row = queries().remove_viewing(connection, user_id=user_id, play_id=play_id)
    return Said(1, None, tuple(row["removed_ids"]))


def undo(services: Services, user_id: int, tvshow_id: int, take: tuple[int, int] | None, again: Sequence[int]) -> bool:
    """Takes back what a change by hand wrote and brings back what it took out; whether anything was left to be undone.

    Args:
        services: the application's parts.
        user_id: whose tracker.
        tvshow_id: the show.
        take, again: as `Said` has them.

    Raises:
        psycopg.errors.RaiseException: SQLSTATE TK404, there is no such show in this tracker.
    """
    place = {"user_id": user_id, "tvshow_id": tvshow_id}
    undone: list[int] = []
    with services.db.connection() as connection, connection.transaction():
        if take is not None:
            ids = queries().said_between(connection, **place, first=take[0], last=take[1])
            undone += queries().take_back(connection, **place, event_ids=ids)
        if again:
            undone += queries().say_again(connection, **place, event_ids=list(again))
    return bool(undone)


def episode_plays(services: Services, user_id: int, tvshow_id: int, season: int, episode: int) -> list[Row]:
    """The viewings of an episode that count, the latest first, with `account` and `server` where Plex told them."""
    with services.db.connection() as connection:
        return list(
            queries().episode_plays(connection, user_id=user_id, tvshow_id=tvshow_id, season=season, episode=episode)
        )
