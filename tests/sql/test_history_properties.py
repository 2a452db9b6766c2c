"""Webhooks in time and late, repeats, the server's history, marks: whatever the order of arrival, the order of time decides."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Json, Jsonb

from app.plex.events import parse_event
from tests import payloads
from tests.conftest import Connection
from tests.scrobbles import AT, receive, scrobble
from tests.sql.reference_fold import Said, first_watched, fold
from tests.watch_state import assert_totals_are_a_recount, episode_entry, plays, value

RUNTIME = 20
WHO = (1, payloads.SERVER_UUID)


@dataclass(frozen=True)
class Viewing:
    """One viewing, and who tells it.

    Attributes:
        minute: after `AT`.
        in_time: whether a webhook came at once.
        repeated: whether the same message came again, hours later.
        late_hours: when a webhook came long after; None when none did.
        in_history: whether the server's history has it.
    """

    minute: int
    in_time: bool
    repeated: bool
    late_hours: int | None
    in_history: bool

    @property
    def at(self) -> datetime:
        return AT + timedelta(minutes=self.minute)


@dataclass(frozen=True)
class Hand:
    """A mark or an unmark by the user, about a moment."""

    kind: str
    minute: int

    @property
    def at(self) -> datetime:
        return AT + timedelta(minutes=self.minute, seconds=30)


@dataclass(frozen=True)
class Arrival:
    """One thing that arrives."""

    what: str
    of: Viewing | Hand


# Apart by less than a runtime, by more, and by a year. Nothing by less than the two minutes within which webhook and history
# tell the same time.
_MINUTES = (0, 5, 19, 22, 25, 40, 60, 64, 90, 300, 525_600)


def arrivals_of(thing: Viewing | Hand) -> list[Arrival]:
    if isinstance(thing, Hand):
        return [Arrival("hand", thing)]
    told = [("webhook", thing.in_time), ("repeat", thing.in_time and thing.repeated)]
    told += [("late", thing.late_hours is not None), ("history", thing.in_history)]
    return [Arrival(what, thing) for what, is_so in told if is_so]


def _tell(minute: int, how: tuple[bool, bool, int | None, bool]) -> Viewing:
    in_time, repeated, late_hours, in_history = how
    # Another message than the one that came in time, hours later, is a rewatch; the same one is a repeat.
    late_hours = None if in_time else late_hours
    # A message that came late, of a viewing that nothing else tells, is dated at its receipt: nobody can know better.
    in_history = in_history or late_hours is not None or not in_time
    return Viewing(minute, in_time, repeated, late_hours, in_history)


viewings = st.builds(
    _tell,
    st.sampled_from(_MINUTES),
    st.tuples(st.booleans(), st.booleans(), st.sampled_from((None, None, 2, 30)), st.booleans()),
)
hands = st.builds(Hand, st.sampled_from(("mark", "unmark")), st.sampled_from((-10, *_MINUTES, 45, 700)))
households = st.tuples(
    st.lists(viewings, min_size=1, max_size=4, unique_by=lambda viewing: viewing.minute), st.lists(hands, max_size=3)
).flatmap(
    lambda drawn: st.permutations([arrival for thing in (*drawn[0], *drawn[1]) for arrival in arrivals_of(thing)])
)


class Tracker:
    """A user with one mapped show, whose server's clock is `ahead` seconds ahead."""

    def __init__(
        self, conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int], ahead: int
    ) -> None:
        self.conn = conn
        self.ahead = timedelta(seconds=ahead)
        self.told: set[Viewing] = set()
        self.user = make_user()
        self.show = make_show(self.user, payloads.SHOW, seasons={1: 2}, runtime=RUNTIME)
        # The other episode: it maps the show and names the account.
        first = receive(conn, self.user, scrobble(episode=2))
        self.account: int = value(conn, "select account_id from plex_webhook_logs where id = %s", (first["log_id"],))
        conn.execute("update plex_servers set clock_ahead = %s where user_id = %s", (ahead, self.user))

    def take(self, arrival: Arrival) -> None:
        thing = arrival.of
        if isinstance(thing, Hand):
            self.conn.execute(
                "select set_watched(%s, %s, 1, 1, %s, %s)", (self.user, self.show, thing.kind == "mark", thing.at)
            )
        elif arrival.what == "history":
            self.take_row(thing)
        else:
            hours = thing.late_hours or 0
            if arrival.what != "late":
                # Of two equal messages the first to come came in time.
                hours = 5 if thing in self.told else 0
                self.told.add(thing)
            receive(
                self.conn,
                self.user,
                scrobble(at=thing.at + self.ahead),
                at=thing.at + timedelta(hours=hours, seconds=3),
            )

    def take_row(self, viewing: Viewing) -> None:
        """As app.sync.history does."""
        key = f"/status/sessions/history/{viewing.minute}"
        receipt = uuid.uuid5(uuid.NAMESPACE_URL, f"{self.user}{key}")
        event = parse_event(scrobble(at=viewing.at + self.ahead, guid=None, grandparentGuid=None, Guid=None))
        row = {
            "n": 0,
            "receipt": str(receipt),
            "history_key": key,
            "show_rating_key": event.show_rating_key,
            "show_title": event.show_title,
            "season": 1,
            "episode": 1,
            "at": viewing.at.isoformat(),
            "account_id": self.account,
        }
        missing = value(
            self.conn, "select missing_history(%s, %s, %s)", (self.user, payloads.SERVER_UUID, Jsonb([row]))
        )
        if missing:
            decision = event.decision() | {"history_key": key, "event_key": receipt.hex}
            self.conn.execute(
                "select * from receive_event(%s, %s, 'history', %s, %s, %s, false)",
                (self.user, receipt, Jsonb(decision), Json(event.kept()), AT + timedelta(days=400)),
            )

    def assert_is(self, expected: list[Said]) -> None:
        wanted = fold(expected, RUNTIME)
        kept = [row for row in plays(self.conn, self.show) if row["episode"] == 1]
        assert [(row["watched_at"], row["voided_at"]) for row in kept] == [
            (play.watched_at, play.voided_at) for play in wanted
        ]
        first = first_watched(wanted)
        entry = episode_entry(self.conn, self.show, 1, 1)
        assert (entry["watched"], entry["dateWatched"]) == (
            first is not None,
            first and first.strftime("%Y-%m-%dT%H:%M:%SZ"),
        )
        assert_totals_are_a_recount(self.conn, self.show)


def said(arrivals: list[Arrival]) -> list[Said]:
    things = {arrival.of for arrival in arrivals}
    return [
        Said("viewing", thing.at, WHO) if isinstance(thing, Viewing) else Said(thing.kind, thing.at)  # type: ignore[arg-type]
        for thing in things
    ]


def told(minute: int, *what: str) -> Viewing:
    return Viewing(minute, "webhook" in what, False, 30 if "late" in what else None, "history" in what)


LATE_FIRST = told(0, "late", "history")
REWATCH = told(90, "webhook", "history")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("ahead", [0, 420, -420])
@given(arriving=households)
@example(arriving=[Arrival("late", LATE_FIRST), Arrival("history", LATE_FIRST)])
@example(arriving=[Arrival("history", LATE_FIRST), Arrival("late", LATE_FIRST)])
@example(
    arriving=[
        Arrival("late", LATE_FIRST),
        Arrival("webhook", REWATCH),
        Arrival("history", REWATCH),
        Arrival("history", LATE_FIRST),
    ]
)
# Taken back between the viewing and its late message: it stays so.
@example(arriving=[Arrival("history", LATE_FIRST), Arrival("hand", Hand("unmark", 40)), Arrival("late", LATE_FIRST)])
# A viewing that only a webhook told, shortly before one that the history has: it began with the first.
@example(arriving=[Arrival("webhook", told(0, "webhook")), Arrival("history", told(19, "history"))])
def test_an_episode_ends_as_the_order_of_time_has_it(
    conn: Connection,
    make_user: Callable[..., int],
    make_show: Callable[..., int],
    ahead: int,
    arriving: list[Arrival],
) -> None:
    with conn.transaction(force_rollback=True):
        tracker = Tracker(conn, make_user, make_show, ahead)
        for arrival in arriving:
            tracker.take(arrival)
        tracker.assert_is(said(list(arriving)))


def test_a_repeat_is_no_news(conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]) -> None:
    """So that the property above is about something."""
    tracker = Tracker(conn, make_user, make_show, 0)
    viewing: Any = Viewing(0, True, True, None, True)
    for arrival in arrivals_of(viewing):
        tracker.take(arrival)
    assert value(conn, "select count(*) from watch_events where tvshow_id = %s and episode = 1", (tracker.show,)) == 1
