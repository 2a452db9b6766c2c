"""import_marks: what a document brings already watched becomes known to the fold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.scrobbles import AT, receive, scrobble
from tests.watch_state import episode_entry, live_times, plays

EARLIER = datetime(2020, 5, 6, 20, tzinfo=UTC)


def watched(number: int, at: datetime = EARLIER) -> dict[str, Any]:
    return {"episodeNumber": number, "watched": True, "dateWatched": at.isoformat()}


def test_a_mark_and_a_play_for_each_watched_episode_and_none_for_the_others(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user = make_user()
    show = make_show(user)
    seasons = [{"seasonNumber": 0, "episodes": [watched(1), {"episodeNumber": 2, "watched": False}]}]
    conn.execute("select import_marks(%s, %s, %s, 'import')", (user, show, Jsonb(seasons)))
    assert [(p["season"], p["episode"], p["watched_at"]) for p in plays(conn, show)] == [(0, 1, EARLIER)]
    conn.execute("select import_marks(%s, %s, %s, 'import')", (user, show, Jsonb(seasons)))
    assert len(plays(conn, show)) == 1


def test_an_episode_that_was_spoken_of_is_left_alone(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user = make_user()
    show = make_show(user)
    conn.execute("select set_watched(%s, %s, 1, 1, false)", (user, show))
    seasons = [{"seasonNumber": 1, "episodes": [watched(1)]}]
    conn.execute("select import_marks(%s, %s, %s, 'import')", (user, show, Jsonb(seasons)))
    assert plays(conn, show) == []


def test_a_scrobble_of_an_imported_episode_is_a_rewatch_that_keeps_the_first_date(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user = make_user()
    show = make_show(user, "Harbour Lights", source="import", seasons=[{"seasonNumber": 1, "episodes": [watched(1)]}])
    outcome = receive(conn, user, scrobble())
    assert (outcome["status"], outcome["action"]) == ("success", "rewatched")
    assert live_times(conn, show) == [EARLIER, AT]
    assert episode_entry(conn, show, 1, 1)["dateWatched"] == "2020-05-06T20:00:00Z"


def test_a_scrobble_from_before_the_import_takes_the_mark_in(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user = make_user()
    marked = AT + timedelta(days=3)
    show = make_show(
        user, "Harbour Lights", source="import", seasons=[{"seasonNumber": 1, "episodes": [watched(1, marked)]}]
    )
    receive(conn, user, scrobble())
    assert live_times(conn, show) == [AT]
    assert episode_entry(conn, show, 1, 1)["dateWatched"] == "2026-01-01T20:00:00Z"
