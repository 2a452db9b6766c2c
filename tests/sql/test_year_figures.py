"""year_figures: a year, where the user is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conftest import Connection
from tests.viewings import unwatch, watch, watch_all
from tests.watch_state import value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def figures(
    conn: Connection, user_id: int, year: int = 2026, timezone: str = "UTC", show: int | None = None
) -> dict[str, Any]:
    found: dict[str, Any] = value(conn, "select year_figures(%s, %s, %s, %s)", (user_id, timezone, year, show))
    return found


def days(found: dict[str, Any]) -> dict[str, int]:
    return {day["day"]: day["episodes"] for day in found["days"]}


def test_a_year_without_anything_has_twelve_empty_months(conn: Connection, make_user: MakeUser) -> None:
    found = figures(conn, make_user())
    assert found["totals"] == {
        "episodes": 0,
        "minutes": 0,
        "shows": 0,
        "days": 0,
        "rewatches": 0,
        "without_runtime": 0,
    }
    assert (found["days"], found["hours"], found["shows"]) == ([], [], [])
    assert found["months"] == [{"month": month, "episodes": 0, "minutes": 0} for month in range(1, 13)]


def test_totals_days_months_hours_and_shows_tell_the_same_viewings(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user_id = make_user()
    short, long = make_show(user_id, "Short", runtime=20), make_show(user_id, "Long", runtime=61)
    watch_all(conn, user_id, short, "2026-01-05T20:10Z", "2026-01-05T20:40Z")  # a Monday
    watch(conn, user_id, long, "2026-02-01T09:00Z")  # a Sunday
    found = figures(conn, user_id)
    assert found["totals"] == {
        "episodes": 3,
        "minutes": 101,
        "shows": 2,
        "days": 2,
        "rewatches": 0,
        "without_runtime": 0,
    }
    assert found["days"] == [
        {"day": "2026-01-05", "episodes": 2, "minutes": 40},
        {"day": "2026-02-01", "episodes": 1, "minutes": 61},
    ]
    assert found["months"][:3] == [
        {"month": 1, "episodes": 2, "minutes": 40},
        {"month": 2, "episodes": 1, "minutes": 61},
        {"month": 3, "episodes": 0, "minutes": 0},
    ]
    assert found["hours"] == [
        {"weekday": 1, "hour": 20, "episodes": 2},
        {"weekday": 7, "hour": 9, "episodes": 1},
    ]
    assert [(show["title"], show["episodes"], show["minutes"]) for show in found["shows"]] == [
        ("Long", 1, 61),
        ("Short", 2, 40),
    ]


def test_new_years_eve_is_of_the_year_where_the_user_is(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user_id = make_user()
    watch(conn, user_id, make_show(user_id), "2025-12-31T23:30-05:00")
    assert days(figures(conn, user_id, 2025, "America/New_York")) == {"2025-12-31": 1}
    assert figures(conn, user_id, 2025, "America/New_York")["hours"] == [{"weekday": 3, "hour": 23, "episodes": 1}]
    assert days(figures(conn, user_id, 2026, "America/New_York")) == {}
    assert days(figures(conn, user_id, 2026, "UTC")) == {"2026-01-01": 1}
    assert days(figures(conn, user_id, 2026, "Mars/Olympus")) == {"2026-01-01": 1}


def test_a_zone_far_ahead_begins_its_year_earlier(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user_id = make_user()
    watch(conn, user_id, make_show(user_id), "2025-12-31T10:30Z")
    assert days(figures(conn, user_id, 2026, "Pacific/Kiritimati")) == {"2026-01-01": 1}
    assert days(figures(conn, user_id, 2025, "Asia/Kathmandu")) == {"2025-12-31": 1}


def test_the_hours_are_those_of_the_clock_on_both_sides_of_its_changes(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user_id = make_user()
    # 19:30 in Greenwich is 20:30 in winter and 21:30 in summer; the 25th of October has 02:30 twice. All are Sundays.
    watch_all(
        conn,
        user_id,
        make_show(user_id),
        "2026-03-22T19:30Z",
        "2026-03-29T19:30Z",
        "2026-10-25T00:30Z",
        "2026-10-25T01:30Z",
    )
    found = figures(conn, user_id, 2026, "Europe/Berlin")
    assert found["hours"] == [
        {"weekday": 7, "hour": 2, "episodes": 2},
        {"weekday": 7, "hour": 20, "episodes": 1},
        {"weekday": 7, "hour": 21, "episodes": 1},
    ]
    assert days(found) == {"2026-03-22": 1, "2026-03-29": 1, "2026-10-25": 2}


def test_a_leap_day_is_a_day_and_the_year_ends_where_it_ends(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user_id = make_user()
    watch_all(
        conn,
        user_id,
        make_show(user_id),
        "2024-02-29T23:30+01:00",
        "2024-12-31T23:59:59+01:00",
        "2025-01-01T00:00+01:00",
    )
    assert days(figures(conn, user_id, 2024, "Europe/Berlin")) == {"2024-02-29": 1, "2024-12-31": 1}
    assert days(figures(conn, user_id, 2025, "Europe/Berlin")) == {"2025-01-01": 1}


def test_what_was_seen_before_is_counted_again_and_as_such(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user_id = make_user()
    show = make_show(user_id)
    watch(conn, user_id, show, "2024-05-01T20:00Z")
    watch(conn, user_id, show, "2026-05-01T20:00Z")
    watch(conn, user_id, show, "2026-05-01T21:00Z", episode=2)
    totals = figures(conn, user_id)["totals"]
    assert (totals["episodes"], totals["rewatches"]) == (2, 1)
    assert figures(conn, user_id, 2024)["totals"]["rewatches"] == 0


def test_an_episode_of_unknown_length_is_said_to_be_one(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user_id = make_user()
    watch(conn, user_id, make_show(user_id, runtime=None), "2026-05-01T20:00Z")
    totals = figures(conn, user_id)["totals"]
    assert (totals["episodes"], totals["minutes"], totals["without_runtime"]) == (1, 0, 1)


def test_specials_count(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user_id = make_user()
    watch(conn, user_id, make_show(user_id), "2026-05-01T20:00Z", season=0)
    assert figures(conn, user_id)["totals"]["minutes"] == 22


def test_what_was_taken_back_deleted_or_is_somebody_elses_is_left_out(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user_id, other = make_user(), make_user()
    show, deleted, theirs = make_show(user_id), make_show(user_id, "Gone"), make_show(other)
    watch_all(conn, user_id, show, "2026-03-01T10:00Z", "2026-03-01T11:00Z")
    watch(conn, user_id, deleted, "2026-03-02T12:00Z")
    watch(conn, other, theirs, "2026-03-03T13:00Z")
    unwatch(conn, user_id, show, 1, 2)
    conn.execute("select delete_show(%s, %s)", (user_id, deleted))
    found = figures(conn, user_id)
    assert days(found) == {"2026-03-01": 1}
    assert [row["id"] for row in found["shows"]] == [show]
    assert figures(conn, user_id, show=theirs)["totals"]["episodes"] == 0


def test_one_show_alone(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user_id = make_user()
    show, other = make_show(user_id), make_show(user_id, "Other")
    watch_all(conn, user_id, show, "2026-03-01T10:00Z", "2026-03-02T11:00Z")
    watch(conn, user_id, other, "2026-03-03T12:00Z")
    found = figures(conn, user_id, show=show)
    assert days(found) == {"2026-03-01": 1, "2026-03-02": 1}
    assert found["totals"]["shows"] == 1


def test_of_many_shows_ten_are_told(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user_id = make_user()
    for number in range(12):
        show = make_show(user_id, f"Show {number:02d}", seasons={1: 1}, runtime=10 + number)
        watch(conn, user_id, show, "2026-03-01T10:00Z")
    assert [row["title"] for row in figures(conn, user_id)["shows"]] == [f"Show {n:02d}" for n in range(11, 1, -1)]
