"""upcoming_episodes: what airs from one day to another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conftest import Connection

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def season(number: int, *dates: str | None, watched: int = 0) -> dict[str, Any]:
    """A season whose first so many episodes were watched."""
    return {
        "seasonNumber": number,
        "episodes": [
            {"episodeNumber": n, "title": f"Part {n}", "airDate": date, "runtime": 40, "watched": n <= watched}
            for n, date in enumerate(dates, 1)
        ],
    }


def found(conn: Connection, user: int, *, watched_too: bool = False) -> list[tuple[Any, ...]]:
    rows = conn.execute(
        "select title, season, episode, air_date from upcoming_episodes(%s, '2026-11-20', '2026-12-31', %s)",
        (user, watched_too),
    ).fetchall()
    return [tuple(row.values()) if isinstance(row, dict) else tuple(row) for row in rows]


def test_the_episodes_of_these_days_come_in_the_order_of_days_and_titles(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    make_show(user, "Nightjar", seasons=[season(1, "2026-11-19", "2026-11-20", "2026-12-31", "2027-01-01")])
    make_show(user, "harbour Lights", seasons=[season(0, "2026-12-31"), season(3, "2026-11-20", "2026-11-20")])

    assert found(conn, user) == [
        ("harbour Lights", 3, 1, "2026-11-20"),
        ("harbour Lights", 3, 2, "2026-11-20"),
        ("Nightjar", 1, 2, "2026-11-20"),
        ("harbour Lights", 0, 1, "2026-12-31"),
        ("Nightjar", 1, 3, "2026-12-31"),
    ]


def test_what_was_watched_comes_only_when_it_is_asked_for(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    make_show(user, "Nightjar", seasons=[season(1, "2026-11-20", "2026-11-21", watched=1)])

    assert [row[2] for row in found(conn, user)] == [2]
    assert [row[2] for row in found(conn, user, watched_too=True)] == [1, 2]


def test_episodes_without_a_date_or_with_a_text_that_is_none_are_left_out(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    make_show(user, "Nightjar", seasons=[season(1, None, "2026-11", "2026-11-20T20:00", "2026-12-x9", "soon")])
    make_show(user, "Empty", seasons=[{"seasonNumber": 1, "episodes": []}])

    assert found(conn, user) == []


def test_shows_of_others_and_deleted_ones_are_left_out(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    gone = make_show(user, "Gone", seasons=[season(1, "2026-11-20")])
    conn.execute("update tvshows set deleted_at = now() where id = %s", (gone,))
    make_show(make_user(), "Another's", seasons=[season(1, "2026-11-20")])

    assert found(conn, user) == []
