"""The calendar of what airs, as a calendar reads it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from icalendar import Calendar

from app.tracker.upcoming import Airing
from app.web.calendar_feed import airing_code, calendar_feed

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)


def airing(title: str = "Harbour Lights", *episodes: tuple[int, int], named: str | None = "Landfall") -> Airing:
    rows: list[dict[str, Any]] = [
        {"season": season, "episode": number, "episode_title": named, "runtime": 47}
        for season, number in episodes or ((1, 2),)
    ]
    return Airing({"id": 7, "title": title, "poster_path": None}, date(2026, 11, 27), AT, rows)


def events(*airings: Airing) -> list[Any]:
    calendar = Calendar.from_ical(calendar_feed(list(airings), "abc123"))
    assert isinstance(calendar, Calendar)
    return list(calendar.walk("VEVENT"))


def test_an_episode_takes_its_whole_day_and_blocks_no_time() -> None:
    [event] = events(airing())

    assert (event["dtstart"].dt, event["dtend"].dt) == (date(2026, 11, 27), date(2026, 11, 28))
    assert str(event["summary"]) == "Harbour Lights S01E02"
    assert str(event["description"]) == "S01E02 Landfall"
    assert str(event["transp"]) == "TRANSPARENT"


def test_an_episode_keeps_its_id_on_another_day_and_under_another_title() -> None:
    moved = airing("Hafenlichter")
    moved.day = date(2026, 12, 4)

    assert [str(event["uid"]) for event in events(airing(), moved)] == ["7-1-2@abc123.tellykeep"] * 2


@pytest.mark.parametrize(
    "title",
    [
        "Evil\r\nBEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT",
        "A, B; C \\ D: E\\n",
        "شاهد الآن \u202e rtl",
        "🚀" * 40,
        "Donaudampfschifffahrt" * 20,
        "<script>alert(1)</script>",
        "\x00\x07",
    ],
)
def test_a_hostile_title_stays_a_text_of_its_event(title: str) -> None:
    content = calendar_feed([airing(title, named=title)], "abc123")

    [event] = events(airing(title, named=title))
    assert len(list(Calendar.from_ical(content).walk("VEVENT"))) == 1
    words = [
        word for word in title.replace("\x00", "").replace("\x07", "").replace("\u202e", "").split() if len(word) < 100
    ]
    assert all(word in str(event["summary"]) for word in words)
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    assert b"\n" not in content.replace(b"\r\n", b"")


@pytest.mark.parametrize(
    ("episodes", "code"),
    [
        ([(1, 2)], "S01E02"),
        ([(2, 1), (2, 2), (2, 3)], "S02E01-E03"),
        ([(2, 1), (2, 3)], "2 episodes"),
        ([(0, 1), (1, 1)], "2 episodes"),
    ],
)
def test_several_episodes_of_one_day_are_one_entry(episodes: list[tuple[int, int]], code: str) -> None:
    assert airing_code(airing("Harbour Lights", *episodes)) == code
    [event] = events(airing("Harbour Lights", *episodes))
    assert str(event["summary"]) == f"Harbour Lights {code}"
    assert len(str(event["description"]).splitlines()) == len(episodes)


def test_the_same_is_the_same_to_the_byte() -> None:
    assert calendar_feed([airing()], "abc123") == calendar_feed([airing()], "abc123")
