"""Points in time as people read them: how long ago, and the exact one in their time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import g
from markupsafe import Markup

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """The time zone of a name; UTC for one that this system does not know (any more)."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def user_zone() -> ZoneInfo:
    """The time zone of who is signed in."""
    identity = g.get("identity")
    return zone(identity.timezone if identity is not None else "UTC")


def in_words(then: datetime, now: datetime, tz: ZoneInfo) -> str:
    """How long ago: "just now", "5 min ago", "3 h ago", "yesterday, 20:15", "21 Nov", "21 Nov 2024"."""
    seconds = (now - then).total_seconds()
    if seconds < -_MINUTE:
        return exact(then, tz)
    if seconds < _MINUTE:
        return "just now"
    if seconds < _HOUR:
        return f"{int(seconds // _MINUTE)} min ago"
    days = (now.astimezone(tz).date() - then.astimezone(tz).date()).days
    if days == 0 or seconds < 6 * _HOUR:
        return f"{int(seconds // _HOUR)} h ago"
    local = then.astimezone(tz)
    if days == 1:
        return f"yesterday, {local:%H:%M}"
    return f"{local.day} {local:%b}" if local.year == now.astimezone(tz).year else f"{local.day} {local:%b %Y}"


def exact(then: datetime, tz: ZoneInfo) -> str:
    """Day, time and zone: "Fri 21 Nov 2025, 20:15:03 CET"."""
    local = then.astimezone(tz)
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M:%S %Z}"


def day_in_words(day: date, today: date) -> str:
    """A heading for a day: "Today", "Yesterday", "Friday 21 November", with the year if it is another."""
    age = (today - day).days
    if age == 0:
        return "Today"
    if age == 1:
        return "Yesterday"
    return f"{day:%A} {day.day} {day:%B}" + ("" if day.year == today.year else f" {day.year}")


def moment(then: datetime | None) -> Markup:
    """`<time>` with the relative time; the exact one shows on hover. For templates."""
    if then is None:
        return Markup("never")
    tz = user_zone()
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        then.astimezone(tz).isoformat(timespec="seconds"),
        exact(then, tz),
        in_words(then, datetime.now(UTC), tz),
    )


def exact_moment(then: datetime | None) -> Markup:
    """`<time>` with the exact time. For templates."""
    if then is None:
        return Markup("never")
    tz = user_zone()
    return Markup('<time datetime="{}">{}</time>').format(
        then.astimezone(tz).isoformat(timespec="seconds"), exact(then, tz)
    )


def clock_time(then: datetime) -> Markup:
    """`<time>` with hour and minute, for lists whose heading names the day; the exact one shows on hover."""
    tz = user_zone()
    local = then.astimezone(tz)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        local.isoformat(timespec="seconds"), exact(then, tz), f"{local:%H:%M}"
    )


def read_moment(stored: str) -> Markup:
    """The same as `moment`, of a time as JSON holds it. For templates."""
    return moment(datetime.fromisoformat(stored.replace("Z", "+00:00")))


def day_and_time(then: datetime) -> Markup:
    """`<time>` with day, hour and minute of something to come soon: "Fri 21 Nov, 20:15". For templates."""
    tz = user_zone()
    local = then.astimezone(tz)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        local.isoformat(timespec="seconds"), exact(then, tz), f"{local:%a} {local.day} {local:%b, %H:%M}"
    )


def day_and_clock(then: datetime) -> Markup:
    """`<time>` with day, year, hour and minute of something long ago or far ahead: "Fri 21 Nov 2025, 20:15". For templates."""
    tz = user_zone()
    local = then.astimezone(tz)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        local.isoformat(timespec="seconds"), exact(then, tz), f"{local:%a} {local.day} {local:%b %Y, %H:%M}"
    )


def plain_day(day: date) -> Markup:
    """`<time>` with a day of the calendar, which has no time zone: "7 Nov 2025". For templates."""
    return Markup('<time datetime="{}">{}</time>').format(day.isoformat(), f"{day.day} {day:%b %Y}")
