"""watch_streaks: days in a row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from tests.conftest import Connection
from tests.viewings import unwatch, watch, watch_all
from tests.watch_state import one

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def streaks(
    conn: Connection, user_id: int, today: date, timezone: str = "UTC", show: int | None = None
) -> tuple[int, date | None, int, date | None, date | None]:
    row = one(conn, "select * from watch_streaks(%s, %s, %s, %s)", (user_id, timezone, today, show))
    return (
        row["current_days"],
        row["current_since"],
        row["longest_days"],
        row["longest_from"],
        row["longest_to"],
    )


def test_who_never_watched_has_none(conn: Connection, make_user: MakeUser) -> None:
    assert streaks(conn, make_user(), date(2026, 3, 1)) == (0, None, 0, None, None)


def test_a_streak_goes_on_through_today_or_yesterday_and_ends_the_day_after(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user_id = make_user()
    show = make_show(user_id)
    watch_all(conn, user_id, show, "2026-03-01T20:00Z", "2026-03-02T20:00Z", "2026-03-02T21:00Z", "2026-03-03T20:00Z")
    longest = (3, date(2026, 3, 1), date(2026, 3, 3))
    assert streaks(conn, user_id, date(2026, 3, 3)) == (3, date(2026, 3, 1), *longest)
    assert streaks(conn, user_id, date(2026, 3, 4)) == (3, date(2026, 3, 1), *longest)
    assert streaks(conn, user_id, date(2026, 3, 5)) == (0, None, *longest)


def test_of_equally_long_ones_the_last_is_told(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user_id = make_user()
    show = make_show(user_id)
    watch_all(conn, user_id, show, "2026-01-01T20:00Z", "2026-01-02T20:00Z", "2026-02-01T20:00Z", "2026-02-02T20:00Z")
    assert streaks(conn, user_id, date(2026, 3, 1))[2:] == (2, date(2026, 2, 1), date(2026, 2, 2))


def test_days_are_those_where_the_user_is(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user_id = make_user()
    show = make_show(user_id)
    # Two evenings in New York, which in Greenwich are 02:00 and 23:30 two days apart.
    watch_all(conn, user_id, show, "2026-01-14T21:00-05:00", "2026-01-15T23:30-05:00")
    assert streaks(conn, user_id, date(2026, 1, 16), "America/New_York")[2] == 2
    assert streaks(conn, user_id, date(2026, 1, 16), "America/New_York")[:2] == (2, date(2026, 1, 14))
    watch_all(conn, user_id, show, "2026-06-14T22:30Z", "2026-06-15T00:30Z", season=2)
    assert streaks(conn, user_id, date(2026, 6, 15), "UTC")[0] == 2
    assert streaks(conn, user_id, date(2026, 6, 15), "Europe/Berlin")[0] == 1


def test_a_streak_goes_through_the_changes_of_the_clock_a_leap_day_and_new_year(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user_id = make_user()
    show = make_show(user_id)
    watch_all(conn, user_id, show, "2026-03-28T23:30+01:00", "2026-03-29T23:30+02:00", "2026-03-30T00:30+02:00")
    assert streaks(conn, user_id, date(2026, 3, 30), "Europe/Berlin")[0] == 3
    watch_all(conn, user_id, show, "2024-02-28T20:00Z", "2024-02-29T20:00Z", "2024-03-01T20:00Z", season=2)
    assert streaks(conn, user_id, date(2024, 3, 1))[0] == 3
    watch_all(conn, user_id, show, "2022-12-31T20:00Z", "2023-01-01T20:00Z", season=0)
    assert streaks(conn, user_id, date(2023, 1, 1))[0] == 2


def test_of_one_show_and_without_what_was_taken_back_or_deleted(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user_id = make_user()
    show, other, deleted = make_show(user_id), make_show(user_id, "Other"), make_show(user_id, "Gone")
    watch_all(conn, user_id, show, "2026-03-01T20:00Z", "2026-03-02T20:00Z")
    watch(conn, user_id, other, "2026-03-03T20:00Z")
    watch(conn, user_id, deleted, "2026-03-04T20:00Z")
    assert streaks(conn, user_id, date(2026, 3, 4))[0] == 4
    conn.execute("select delete_show(%s, %s)", (user_id, deleted))
    assert streaks(conn, user_id, date(2026, 3, 4))[0] == 3
    assert streaks(conn, user_id, date(2026, 3, 4), show=show)[:3] == (0, None, 2)
    unwatch(conn, user_id, show, 1, 2)
    assert streaks(conn, user_id, date(2026, 3, 4))[0] == 1
