"""Times in words, and where to go next."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from app.web.local_address import local_address
from app.web.moments import day_in_words, exact, in_words, zone

NOW = datetime(2025, 11, 23, 12, 0, tzinfo=UTC)
BERLIN = zone("Europe/Berlin")


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(seconds=-30), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=60), "1 min ago"),
        (timedelta(minutes=59, seconds=59), "59 min ago"),
        (timedelta(hours=1), "1 h ago"),
        (timedelta(hours=12, minutes=59), "12 h ago"),
        (timedelta(hours=13, minutes=1), "yesterday, 23:59"),
        (timedelta(days=2), "21 Nov"),
        (timedelta(days=400), "19 Oct 2024"),
        (timedelta(days=-2), "Tue 25 Nov 2025, 13:00:00 CET"),
    ],
)
def test_how_long_ago_is_said_in_the_users_zone(ago: timedelta, words: str) -> None:
    assert in_words(NOW - ago, NOW, BERLIN) == words


def test_shortly_after_midnight_the_evening_before_is_hours_ago() -> None:
    after_midnight = datetime(2025, 11, 23, 0, 10, tzinfo=BERLIN)
    assert in_words(after_midnight - timedelta(hours=1), after_midnight, BERLIN) == "1 h ago"


def test_the_exact_time_names_its_zone_in_summer_too() -> None:
    assert exact(datetime(2025, 7, 1, 22, 30, tzinfo=UTC), BERLIN) == "Wed 2 Jul 2025, 00:30:00 CEST"


@pytest.mark.parametrize("name", ["Mars/Olympus", "../../etc/passwd", "", "x\x00"])
def test_a_zone_that_is_not_known_any_more_is_utc(name: str) -> None:
    assert zone(name) == zone("UTC")


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2025, 11, 23), "Today"),
        (date(2025, 11, 22), "Yesterday"),
        (date(2025, 11, 21), "Friday 21 November"),
        (date(2024, 11, 21), "Thursday 21 November 2024"),
    ],
)
def test_a_day_is_headed_in_words(day: date, words: str) -> None:
    assert day_in_words(day, date(2025, 11, 23)) == words


@pytest.mark.parametrize("target", ["/", "/activity?status=conflict", "/activity/5", "/a:b"])
def test_a_path_of_this_host_is_gone_on_to(target: str) -> None:
    assert local_address(target) == target


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "activity",
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "javascript:alert(1)",
        "/..\\evil",
        "/\x7f",
        "//[",
    ],
)
def test_anything_else_leads_to_the_front_page(target: str | None) -> None:
    assert local_address(target) == "/"
