"""watched_per_day: what the chart of the last days shows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from tests.conftest import Connection
from tests.viewings import unwatch, watch, watch_all

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def per_day(conn: Connection, user_id: int, timezone: str, since: str, until: str) -> list[tuple[str, int]]:
    rows = conn.execute(
        "select * from watched_per_day(%s, %s, %s::timestamptz, %s::timestamptz)", (user_id, timezone, since, until)
    )
    return [(str(row["day"]), row["episodes"]) for row in rows]


def test_every_day_is_there_also_one_without_anything(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user_id = make_user()
    show = make_show(user_id)
    watch_all(conn, user_id, show, "2026-03-01T20:00Z", "2026-03-01T21:00Z", "2026-03-03T20:00Z")
    assert per_day(conn, user_id, "UTC", "2026-02-28T12:00Z", "2026-03-03T23:00Z") == [
        ("2026-02-28", 0),
        ("2026-03-01", 2),
        ("2026-03-02", 0),
        ("2026-03-03", 1),
    ]


def test_half_past_eleven_at_night_is_of_the_day_where_the_user_is(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user_id = make_user()
    watch(conn, user_id, make_show(user_id), "2026-01-15T23:30-05:00")  # the 16th in Greenwich
    span = ("2026-01-15T12:00Z", "2026-01-16T12:00Z")
    assert per_day(conn, user_id, "America/New_York", *span) == [("2026-01-15", 1), ("2026-01-16", 0)]
    assert per_day(conn, user_id, "UTC", *span) == [("2026-01-15", 0), ("2026-01-16", 1)]
    assert per_day(conn, user_id, "Mars/Olympus", *span) == [("2026-01-15", 0), ("2026-01-16", 1)]


def test_days_of_23_and_25_hours_are_days_like_others(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user_id = make_user()
    show = make_show(user_id)
    # Berlin: 29 March 2026 has no 02:30, 25 October has it twice.
    watch_all(conn, user_id, show, "2026-03-29T00:30+01:00", "2026-03-29T03:30+02:00", "2026-03-29T23:30+02:00")
    spring = per_day(conn, user_id, "Europe/Berlin", "2026-03-28T12:00Z", "2026-03-30T12:00Z")
    assert spring == [("2026-03-28", 0), ("2026-03-29", 3), ("2026-03-30", 0)]
    watch_all(conn, user_id, show, "2026-10-25T02:30+02:00", "2026-10-25T02:30+01:00", season=2)
    autumn = per_day(conn, user_id, "Europe/Berlin", "2026-10-24T12:00Z", "2026-10-26T12:00Z")
    assert autumn == [("2026-10-24", 0), ("2026-10-25", 2), ("2026-10-26", 0)]


def test_where_midnight_is_left_out_the_day_still_is_one(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user_id = make_user()
    # Beirut: at midnight of 26 March 2023 (by its table) the clock went to 01:00.
    watch(conn, user_id, make_show(user_id), "2023-03-30T01:30+03:00")
    days = per_day(conn, user_id, "Asia/Beirut", "2023-03-28T12:00Z", "2023-03-31T12:00Z")
    assert [day for day, _ in days] == ["2023-03-28", "2023-03-29", "2023-03-30", "2023-03-31"]
    assert dict(days)["2023-03-30"] == 1


def test_the_first_and_the_last_day_hold_only_what_lies_within(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user_id = make_user()
    show = make_show(user_id)
    watch_all(conn, user_id, show, "2026-03-01T07:59Z", "2026-03-01T08:00Z", "2026-03-02T08:00Z", "2026-03-02T08:01Z")
    found = per_day(conn, user_id, "UTC", "2026-03-01T08:00Z", "2026-03-02T08:00Z")
    assert found == [("2026-03-01", 1), ("2026-03-02", 1)]


def test_what_was_taken_back_deleted_or_is_somebody_elses_is_left_out(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user_id, other = make_user(), make_user()
    show, deleted, theirs = make_show(user_id), make_show(user_id, "Gone"), make_show(other)
    watch_all(conn, user_id, show, "2026-03-01T10:00Z", "2026-03-01T11:00Z")
    unwatch(conn, user_id, show, 1, 2)
    watch(conn, user_id, deleted, "2026-03-01T12:00Z")
    conn.execute("select delete_show(%s, %s)", (user_id, deleted))
    watch(conn, other, theirs, "2026-03-01T13:00Z")
    day = str(date(2026, 3, 1))
    assert per_day(conn, user_id, "UTC", "2026-03-01T00:00Z", "2026-03-01T23:00Z") == [(day, 1)]
