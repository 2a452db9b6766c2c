"""How much the log grows: bytes a row, with its indexes and what is stored out of line."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import psycopg

from app.plex.events import parse_event
from app.services import Services
from app.sync.receive import receive
from bench.library import Episode, message, viewing

YEAR = 36_500  # rows: a hundred a day
ASKED_BYTES = 50 * 1024 * 1024


@dataclass(frozen=True)
class Growth:
    """What `rows` rows take.

    Attributes:
        log: bytes of plex_webhook_logs, everything included.
        plays: bytes of plays and watch_events beside it, which are kept when the log is purged.
    """

    rows: int
    log: int
    plays: int

    @property
    def bytes_a_row(self) -> float:
        """Of the log."""
        return self.log / self.rows

    @property
    def year(self) -> float:
        """Bytes that a year's rows take."""
        return self.bytes_a_row * YEAR


def measure_growth(
    services: Services, owner_url: str, user_id: int, episodes: Iterable[Episode], rows: int
) -> dict[str, Growth]:
    """Empties the log and fills it, first with whole viewings of five messages, then with scrobbles only.

    Args:
        services: on the database to fill.
        owner_url: its owner, who may empty tables.
        user_id: whose events.
        episodes: watched in this order; needs six fifths of `rows`.
        rows: how many, for each of the two.
    """
    remaining = iter(episodes)
    found = {}
    for kind, make in (("viewings", viewing), ("scrobbles", lambda episode: (message(episode),))):
        with psycopg.connect(owner_url, autocommit=True) as owner:
            owner.execute("truncate tracker.plays, tracker.watch_events, tracker.plex_webhook_logs")
            count = _fill(services, user_id, remaining, make, rows)
            owner.execute("vacuum tracker.plays, tracker.watch_events, tracker.plex_webhook_logs")
            log, plays = owner.execute(
                "select pg_total_relation_size('tracker.plex_webhook_logs'),"
                " pg_total_relation_size('tracker.plays') + pg_total_relation_size('tracker.watch_events')"
            ).fetchone() or (0, 0)
        found[kind] = Growth(count, log, plays)
    return found


def _fill(
    services: Services,
    user_id: int,
    episodes: Iterator[Episode],
    make: Callable[[Episode], Iterable[dict[str, object]]],
    rows: int,
) -> int:
    messages = (payload for episode in episodes for payload in make(episode))
    count = 0
    for payload in islice(messages, rows):
        outcome = receive(services, user_id, parse_event(payload), started=time.perf_counter())
        if outcome.status not in ("success", "ignored"):
            raise RuntimeError(f"an event of the benchmark became {outcome.status} ({outcome.action})")
        count += 1
    return count
