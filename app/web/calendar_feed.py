"""The calendar of what airs, as iCalendar (RFC 5545): days, not hours, as nobody knows those."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from icalendar import Calendar, Event

from app.tracker.upcoming import Airing
from app.web.wording import episode_code

REFRESH = timedelta(hours=6)
# Longer ones are cut: some calendars fold a line over the whole screen.
_LONGEST = 200


def calendar_feed(airings: list[Airing], installation: str) -> bytes:
    """The calendar.

    Args:
        airings: what is in it.
        installation: a name that no other installation has, for ids that stay the same as long as an episode does.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Tellykeep//Upcoming//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", "Tellykeep")
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT6H")
    for airing in airings:
        calendar.add_component(_event(airing, installation))
    content: bytes = calendar.to_ical()
    return content


def _event(airing: Airing, installation: str) -> Event:
    first, count = airing.episodes[0], len(airing.episodes)
    event = Event()
    event.add("uid", f"{airing.show['id']}-{first['season']}-{first['episode']}@{installation}.tellykeep")
    event.add("dtstart", airing.day)
    event.add("dtend", airing.day + timedelta(days=1))
    # Not the present: a calendar that did not change is the same to the byte, and answered 304.
    event.add("dtstamp", datetime.combine(airing.day, time(), UTC))
    event.add("last-modified", airing.changed_at.astimezone(UTC))
    event.add("summary", f"{_line(airing.show['title'])} {airing_code(airing)}")
    named = [f"{episode_code(e['season'], e['episode'])} {_line(e['episode_title'])}".rstrip() for e in airing.episodes]
    event.add("description", "\n".join(named[:50]) + ("\n…" if count > 50 else ""))
    event.add("transp", "TRANSPARENT")
    return event


def airing_code(airing: Airing) -> str:
    """Which episodes: "S02E05", "S02E01-E08", or how many where they are of several seasons."""
    first, last = airing.episodes[0], airing.episodes[-1]
    code = episode_code(first["season"], first["episode"]) or ""
    if len(airing.episodes) == 1:
        return code
    if first["season"] == last["season"] and last["episode"] - first["episode"] == len(airing.episodes) - 1:
        return f"{code}-E{last['episode']:02d}"
    return f"{len(airing.episodes)} episodes"


def _line(text: Any) -> str:
    """On one line, without what no text may hold there; commas and the like are escaped by the library."""
    words = "".join(letter if letter.isprintable() or letter in "\u200d\u200c" else " " for letter in str(text or ""))
    return " ".join(words.split())[:_LONGEST]
