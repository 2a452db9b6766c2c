"""What a Plex server's own history knows and nobody told: read page by page, compared with the plays, received like any event.

A catch-up reads what came since the last one, an import everything. Both go through `receive`, with the real time of each
viewing and a receipt that follows from the row: a run that is repeated, or that another one overlaps, doubles nothing.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from psycopg.types.json import Jsonb

from app.db.queries import queries
from app.jobs.running import Result, Run
from app.plex.client import PlexServer, plex_server_of
from app.plex.events import InvalidPayload, PlexEvent, parse_event
from app.plex.metadata import HistoryRow
from app.services import Services
from app.sync.receive import Outcome, receive
from app.sync.worker import LookUpWorker
from app.upstream.errors import KeyMissing, KeyRejected, UpstreamUnavailable

log = structlog.get_logger("tellykeep.history")

# Where a server's history begins to be read on the first time. What is older is for an import, which the user asks for.
FIRST_LOOK = timedelta(days=30)
# A run begins before the end of the last one: a phone tells what it played offline when it is at home again. Most do so
# within days; once a day a run looks much further back.
OVERLAP = timedelta(days=2)
LONG_OVERLAP = timedelta(days=30)
LOOK_BACK_EVERY = timedelta(hours=23)
START_OF_TIME = datetime(1990, 1, 1, tzinfo=UTC)

# For one event, from a job that has time.
PATIENCE_SECONDS = 30.0
_ROWS_A_STEP = 25
# How long the report waits for look-ups that are under way.
LOOK_UP_SECONDS = 20.0
_PAUSE_SECONDS = 0.2

_NAMESPACE = uuid.UUID("2a0b7d0e-7f5b-5e53-9d6c-0d8f4f3f6a10")
_RECOVERED = frozenset({"marked_watched", "rewatched", "added_show"})

Document = dict[str, Any]


@dataclass(frozen=True)
class Account:
    """Somebody whose viewings count.

    Attributes:
        id: in plex_accounts.
        plex_account_id, title: as webhooks name them.
        is_own: whether it is the server's owner, whose webhooks Plex marks `user: true`.
    """

    id: int
    plex_account_id: int | None
    title: str
    is_own: bool


@dataclass(frozen=True)
class Source:
    """A server that may be read, and how far it was.

    Attributes:
        now: its clock when it was asked.
        accounts: number in its history to who that is; only those who count.
        refused: why nothing of it is to be read; None when nothing is in the way.
    """

    server: PlexServer
    uuid: str
    now: datetime
    clock_ahead: timedelta
    accounts: dict[int, Account]
    refused: str | None
    caught_up_to: datetime | None
    looked_back_at: datetime | None
    imported_to: datetime | None

    def since(self, *, looks_back: bool) -> datetime:
        """Where a catch-up begins."""
        if self.caught_up_to is None:
            return self.now - FIRST_LOOK
        # A clock that was ahead once has left a position that lies in the future.
        return min(self.caught_up_to, self.now) - (LONG_OVERLAP if looks_back else OVERLAP)


@dataclass(frozen=True)
class Viewing:
    """A viewing that a server tells by itself, as it is compared and received.

    Attributes:
        key: what tells it from every other one of that server.
        message: as a webhook would have told it.
        at: by the server's clock.
    """

    key: str
    message: Document
    at: datetime
    account: Account


@dataclass
class Tally:
    """What came of a run."""

    read: int = 0
    total: int | None = None
    others: int = 0
    known: int = 0
    recovered: int = 0
    waiting: int = 0
    ignored: int = 0
    failed: int = 0
    unreadable: int = 0
    at: datetime | None = None
    first: datetime | None = None
    last: datetime | None = None
    first_log_id: int | None = None
    last_log_id: int | None = None

    @property
    def missed(self) -> int:
        """Viewings that nobody had told."""
        return self.recovered + self.waiting + self.failed

    def count(self, outcome: Outcome, at: datetime) -> None:
        """Counts what came of one event."""
        if outcome.log_id is not None:
            self.first_log_id = outcome.log_id if self.first_log_id is None else min(self.first_log_id, outcome.log_id)
            self.last_log_id = outcome.log_id if self.last_log_id is None else max(self.last_log_id, outcome.log_id)
        if outcome.status == "ignored":
            self.ignored += 1
            return
        if outcome.status == "duplicate" or outcome.action == "already_watched":
            self.known += 1
            return
        if outcome.action in _RECOVERED:
            self.recovered += 1
        elif outcome.status == "failed":
            self.failed += 1
        else:
            self.waiting += 1
        self.first = at if self.first is None else min(self.first, at)
        self.last = at if self.last is None else max(self.last, at)

    def progress(self) -> Document:
        """How far a run is, for whoever looks."""
        return {
            "read": self.read,
            "total": self.total,
            "at": _iso(self.at),
            "others": self.others,
            "known": self.known,
            "missed": self.missed,
            "recovered": self.recovered,
            "waiting": self.waiting,
            "ignored": self.ignored,
            "failed": self.failed,
            "unreadable": self.unreadable,
        }

    def report(self) -> Document:
        """The gap report."""
        return self.progress() | {
            "from": _iso(self.first),
            "until": _iso(self.last),
            "text": gap_text(self.missed, self.recovered, self.waiting, _iso(self.first), _iso(self.last)),
            "first_log_id": self.first_log_id,
            "last_log_id": self.last_log_id,
        }


def gap_text(missed: int, recovered: int, waiting: int, first: str | None, last: str | None) -> str:
    """The gap report as a sentence."""
    if not missed or first is None or last is None:
        return "Nothing was missed."
    text = f"{missed} {'event was' if missed == 1 else 'events were'} missed between {first} and {last}, {recovered} recovered"
    return f"{text}, {waiting} waiting." if waiting else f"{text}."


def catch_up(run: Run, user_id: int) -> Result:
    """Reads what the server's history has since the last time.

    Args:
        run: of this job.
        user_id: whose server.

    Returns:
        The gap report.

    Raises:
        KeyMissing: there is no Plex token or address.
        UpstreamError: the server, or its token, does not do.
        Cancelled: stop.
    """
    source = open_source(run.services, user_id)
    if source.refused is not None:
        return {"skipped": source.refused}
    looks_back = source.looked_back_at is None or datetime.now(UTC) - source.looked_back_at > LOOK_BACK_EVERY
    tally = Tally()
    _read(run, user_id, source, source.since(looks_back=looks_back), tally, is_import=False)
    recount(run.services, user_id, tally)
    _note(run.services, user_id, source, source.now, is_import=False, ended=True, looked_back=looks_back)
    return {"server_uuid": source.uuid} | tally.report()


def import_history(run: Run, user_id: int) -> Result:
    """Reads everything that was ever watched on the server, or goes on where an import was interrupted.

    The arguments, and what is returned and raised, are those of `catch_up`.
    """
    try:
        source = open_source(run.services, user_id)
    except (KeyMissing, KeyRejected):
        _want_no_more(run.services, user_id)
        raise
    if source.refused is not None:
        _want_no_more(run.services, user_id)
        return {"skipped": source.refused}
    tally = Tally()
    begun_at = source.imported_to or START_OF_TIME
    _read(run, user_id, source, begun_at, tally, is_import=True)
    recount(run.services, user_id, tally)
    _note(run.services, user_id, source, source.now, is_import=True, ended=True)
    resumed = {} if source.imported_to is None else {"resumed_at": _iso(source.imported_to)}
    return {"server_uuid": source.uuid} | resumed | tally.report()


def _want_no_more(services: Services, user_id: int) -> None:
    """Where another try would change nothing."""
    with services.db.connection() as connection:
        queries().drop_history_import(connection, user_id=user_id)


def open_source(services: Services, user_id: int) -> Source:
    """Asks a user's server who it is and who watches there, and looks up how far it was read.

    Raises:
        KeyMissing: there is no Plex token or address.
        UpstreamError: the server, or its token, does not do.
    """
    server = plex_server_of(services, user_id, [])
    if server is None:
        raise KeyMissing("plex", "the history is read from the Plex server: set its address and a token")
    uuid_ = server.identity().uuid
    if uuid_ is None:
        raise UpstreamUnavailable("plex", "does not say who it is: is its address right?")
    accounts = [{"id": account.id, "title": account.title} for account in server.accounts()]
    ahead = timedelta(seconds=server.clock_ahead)
    with services.db.connection() as connection:
        row = queries().begin_history(
            connection,
            user_id=user_id,
            server_uuid=uuid_,
            server_title="",
            clock_ahead=server.clock_ahead,
            accounts=Jsonb(accounts),
        )
    return Source(
        server,
        uuid_,
        datetime.now(UTC).replace(microsecond=0) + ahead,
        ahead,
        {
            known["history_id"]: Account(known["id"], known["plex_account_id"], known["title"], known["own"])
            for known in row["accounts"]
            if known["counts"]
        },
        row["refused"],
        row["caught_up_to"],
        row["looked_back_at"],
        row["imported_to"],
    )


def _read(run: Run, user_id: int, source: Source, since: datetime, tally: Tally, *, is_import: bool) -> None:
    if not source.accounts:
        return
    run.go_on(tally.progress())
    for page in source.server.history(since, sorted(source.accounts)):
        source.server.steps.clear()
        tally.read += page.count
        tally.others += page.count - len(page.rows)
        tally.total = page.total
        waiting = tally.waiting
        receive_missing(run, user_id, source, list(_viewings(source, page.rows, tally)), tally)
        if tally.waiting > waiting:
            # What is looked up now is mapped for the next page; a command has no threads beside it that would do so.
            LookUpWorker(run.services).work_off()
        times = [row.viewed_at for row in page.rows if row.viewed_at is not None]
        if times:
            # A viewing that a wrong clock put into the future must not make a gap up to there.
            tally.at = min(max(times), source.now)
            _note(run.services, user_id, source, tally.at, is_import=is_import, ended=False)
        run.go_on(tally.progress())


def _viewings(source: Source, rows: Iterable[HistoryRow], tally: Tally) -> Iterator[Viewing]:
    for row in rows:
        account = source.accounts.get(row.account_id if row.account_id is not None else -1)
        if row.type != "episode":
            tally.others += 1
        elif account is None or row.viewed_at is None:
            tally.unreadable += 1
        else:
            yield Viewing(row.history_key, _message(source, row, account), row.viewed_at, account)


def _message(source: Source, row: HistoryRow, account: Account) -> Document:
    """The message that a webhook would have been."""
    return envelope(source, account) | {
        "Metadata": {
            "type": row.type,
            "title": row.title,
            "grandparentTitle": row.show_title,
            "parentIndex": row.season,
            "index": row.episode,
            "ratingKey": row.rating_key,
            "grandparentRatingKey": row.show_rating_key,
            "originallyAvailableAt": None if row.air_date is None else row.air_date.isoformat(),
            "lastViewedAt": row.viewed,
        }
    }


def envelope(source: Source, account: Account) -> Document:
    """What a message says beside the episode."""
    return {
        "event": "media.scrobble",
        "user": account.is_own,
        "owner": True,
        "Account": {"id": account.plex_account_id, "title": account.title},
        "Server": {"uuid": source.uuid},
    }


def receive_missing(run: Run, user_id: int, source: Source, viewings: list[Viewing], tally: Tally) -> None:
    """Receives those of the viewings that are not known yet, in their order.

    Raises:
        Cancelled: stop.
        DatabaseUnavailable: PostgreSQL does not answer.
    """
    events: list[tuple[Viewing, PlexEvent]] = []
    for viewing in viewings:
        try:
            events.append((viewing, parse_event(viewing.message)))
        except InvalidPayload as error:
            tally.unreadable += 1
            log.debug("a row of the history cannot be read", key=viewing.key, reason=str(error))
    if not events:
        return
    rows = [_compared(source, user_id, n, viewing, event) for n, (viewing, event) in enumerate(events)]
    with run.services.db.connection() as connection:
        missing: list[int] = queries().missing_history(
            connection, user_id=user_id, server_uuid=source.uuid, rows=Jsonb(rows)
        )
    tally.known += len(events) - len(missing)
    for number, n in enumerate(missing):
        if number % _ROWS_A_STEP == 0:
            run.go_on(tally.progress())
        receive_viewing(run.services, user_id, source, *events[n], tally)


def receive_viewing(
    services: Services, user_id: int, source: Source, viewing: Viewing, event: PlexEvent, tally: Tally
) -> None:
    """Receives one viewing, whether or not it is known."""
    outcome = receive(
        services,
        user_id,
        event,
        source="history",
        history_key=viewing.key,
        receipt=receipt_of(user_id, source.uuid, viewing.key),
        patience=PATIENCE_SECONDS,
    )
    tally.count(outcome, viewing.at - source.clock_ahead)


def recount(services: Services, user_id: int, tally: Tally) -> None:
    """Counts anew what had to be looked up, or asked about, when it was received."""
    if not tally.waiting:
        return
    events = {"user_id": user_id, "first_log_id": tally.first_log_id, "last_log_id": tally.last_log_id}
    deadline = time.monotonic() + LOOK_UP_SECONDS
    while True:
        LookUpWorker(services).work_off()
        with services.db.connection() as connection:
            are_looked_up: bool = queries().history_is_looked_up(connection, **events)
            rows = list(queries().history_outcomes(connection, **events))
        # Other threads, or the server beside a command, may be at some of them.
        if not are_looked_up or time.monotonic() > deadline:
            break
        time.sleep(_PAUSE_SECONDS)
    now = recovered_of(rows)
    tally.recovered, tally.waiting, tally.failed = now["recovered"], now["waiting"], now["failed"]


def recovered_of(outcomes: Iterable[Document]) -> dict[str, int]:
    """What became of the events that one run has received.

    Args:
        outcomes: status, action_taken and number of events.
    """
    counts = {"recovered": 0, "waiting": 0, "failed": 0}
    for row in outcomes:
        if row["action_taken"] in _RECOVERED:
            counts["recovered"] += row["events"]
        elif row["status"] in ("pending", "conflict"):
            counts["waiting"] += row["events"]
        elif row["status"] == "failed":
            counts["failed"] += row["events"]
    return counts | {"missed": sum(counts.values())}


def receipt_of(user_id: int, server_uuid: str, key: str) -> uuid.UUID:
    """The same for the same row of a server's history: it is taken once, however often it is read."""
    return uuid.uuid5(_NAMESPACE, f"{user_id}/{server_uuid}/{key}")


def _compared(source: Source, user_id: int, n: int, viewing: Viewing, event: PlexEvent) -> Document:
    return {
        "n": n,
        "receipt": str(receipt_of(user_id, source.uuid, viewing.key)),
        "history_key": viewing.key,
        "show_rating_key": event.show_rating_key,
        "show_title": event.show_title,
        "season": event.season,
        "episode": event.episode,
        "at": (viewing.at - source.clock_ahead).isoformat(),
        "account_id": viewing.account.id,
    }


def _note(
    services: Services,
    user_id: int,
    source: Source,
    to: datetime,
    *,
    is_import: bool,
    ended: bool,
    looked_back: bool = False,
) -> None:
    with services.db.connection() as connection:
        queries().note_history(
            connection,
            user_id=user_id,
            server_uuid=source.uuid,
            to=to,
            is_import=is_import,
            ended=ended,
            looked_back=looked_back,
        )


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
