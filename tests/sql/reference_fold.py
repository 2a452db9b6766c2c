"""What design.md says about viewings, in Python: "one viewing, one play".

Written from the text and not from the SQL, and in another order: reports are put together into viewings first, and only
then everything is walked through in the order of time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

UNKNOWN_RUNTIME = 30


@dataclass(frozen=True)
class Said:
    """One thing that was said about an episode: `who` (account, server) for a viewing."""

    kind: Literal["viewing", "mark", "unmark"]
    at: datetime
    who: tuple[int, str] | None = None


@dataclass(frozen=True)
class Play:
    """A viewing as it is kept."""

    watched_at: datetime
    voided_at: datetime | None = None

    @property
    def sort_key(self) -> tuple[datetime, float]:
        """By time; of several at one time those that count first."""
        return self.watched_at, self.voided_at.timestamp() if self.voided_at else 0.0


@dataclass
class _Open:
    begun: datetime
    is_awaiting_report: bool
    voided_at: datetime | None = None


def _beginnings(said: Iterable[Said], runtime: timedelta) -> list[datetime]:
    """When viewings began: the reports of one account and server that lie closer together than the runtime are one."""
    reports: dict[tuple[int, str] | None, list[datetime]] = defaultdict(list)
    for thing in said:
        if thing.kind == "viewing":
            reports[thing.who].append(thing.at)
    beginnings = []
    for times in reports.values():
        began: datetime | None = None
        for at in sorted(times):
            if began is None or at - began >= runtime:
                began = at
                beginnings.append(began)
    return beginnings


def fold(said: Iterable[Said], runtime_minutes: int | None) -> list[Play]:
    """The plays of one episode, in the order of time. At the same time: viewings, then marks, then unmarks."""
    said = list(said)
    runtime = timedelta(minutes=runtime_minutes or UNKNOWN_RUNTIME)
    moments = [(at, 0) for at in _beginnings(said, runtime)]
    moments += [(thing.at, 1) for thing in said if thing.kind == "mark"]
    moments += [(thing.at, 2) for thing in said if thing.kind == "unmark"]
    plays: list[_Open] = []
    for at, step in sorted(moments):
        live = [play for play in plays if play.voided_at is None]
        if step == 2:
            for play in live:
                play.voided_at = at
        elif step == 1:
            # A mark of what is watched at that time says nothing new.
            if not live:
                plays.append(_Open(at, is_awaiting_report=True))
        else:
            # Somebody marked it by hand while it ran; this is Plex's report of the same viewing.
            meant = [play for play in live if play.is_awaiting_report and at - play.begun < runtime]
            if meant:
                meant[-1].is_awaiting_report = False
            else:
                plays.append(_Open(at, is_awaiting_report=False))
    return sorted((Play(play.begun, play.voided_at) for play in plays), key=lambda p: p.sort_key)


def first_watched(plays: Iterable[Play]) -> datetime | None:
    """The first watch date: the earliest viewing that was not voided."""
    return min((play.watched_at for play in plays if play.voided_at is None), default=None)
