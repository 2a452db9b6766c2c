"""What the log is narrowed to, as its address says it: by status, event, source, account, show, title and day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import url_for

from app.errors import Invalid
from app.services import Services
from app.tracker.activity import ActivityFilter
from app.tracker.search import name_shows
from app.web import asked
from app.web.conflict_words import named
from app.web.moments import user_zone
from app.web.wording import EVENTS, SOURCES, STATUSES, event_of, foreign, source_of

_LONGEST = 200


@dataclass(frozen=True)
class Filters:
    """What is asked for.

    Attributes:
        wanted: as the tracker takes it.
        arguments: as the address has them, without what is not asked for.
        chips: of those that are not buttons of their own: name in the address, and what it says.
    """

    wanted: ActivityFilter
    arguments: dict[str, str] = field(default_factory=dict)
    chips: list[tuple[str, str]] = field(default_factory=list)

    def address(self, **more: Any) -> str:
        """The log with these filters; `more` of the same name take their place, and None takes one off. For templates."""
        return url_for("activity.index", **(dict[str, Any](self.arguments) | more))


def asked_filters(services: Services, user_id: int, values: Mapping[str, str]) -> Filters:
    """The filters in an address.

    Raises:
        Invalid: there is no such status, event or source, or a day is none.
    """
    status, event = _one_of(values, "status", STATUSES), _one_of(values, "event", EVENTS)
    source, query = _one_of(values, "source", SOURCES), asked.query(values)
    account = values.get("account", "").replace("\x00", "")[:_LONGEST]
    tvshow_id = asked.show_id(values, "show")
    first, last = _day(values, "from"), _day(values, "to")
    wanted = ActivityFilter(
        status=status,
        event=event,
        source=source,
        account=account or None,
        tvshow_id=tvshow_id,
        q=query or None,
        since=_midnight(first),
        until=_midnight(last + timedelta(days=1)) if last is not None else None,
    )
    given: dict[str, Any] = {
        "status": status,
        "event": event,
        "source": source,
        "account": account,
        "show": tvshow_id,
        "q": query,
        "from": first,
        "to": last,
    }
    said = {
        "event": lambda: event_of(event or "").capitalize(),
        "source": lambda: f"From {source_of(source or '')}",
        "account": lambda: f"By {foreign(account, longest=40)}",
        "show": lambda: _show(services, user_id, tvshow_id),
        "q": lambda: f"“{foreign(query, longest=40)}”",
        "from": lambda: f"Since {first}",
        "to": lambda: f"Until {last}",
    }
    arguments = {name: str(value) for name, value in given.items() if value not in (None, "")}
    return Filters(wanted, arguments, [(name, said[name]()) for name in arguments if name in said])


def _one_of(values: Mapping[str, str], name: str, choices: Mapping[str, Any]) -> str | None:
    chosen = values.get(name)
    if not chosen:
        return None
    if chosen not in choices:
        raise Invalid(f"there is no such {name}", fields={name: ", ".join(choices)})
    return chosen


def _day(values: Mapping[str, str], name: str) -> date | None:
    text = values.get(name, "").strip()
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.max
    # What is at the end of the calendar has no day after it.
    if not 1900 <= day.year <= 2999:
        raise Invalid(f"{name} is no day", fields={name: "a day such as 2025-11-21"})
    return day


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), tzinfo=user_zone())


def _show(services: Services, user_id: int, tvshow_id: int | None) -> str:
    show = name_shows(services, user_id, {tvshow_id}).get(tvshow_id) if tvshow_id is not None else None
    return named(show) if show else "A show that is not here"
