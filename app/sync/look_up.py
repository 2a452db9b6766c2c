"""One pending event: asks what SQL says is to be asked, and hands over what was learnt, until it is decided or has to wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import errors as pg
from psycopg.types.json import Jsonb

from app.db.queries import queries
from app.errors import DatabaseUnavailable, unavailable
from app.plex.client import PlexServer, plex_server_of
from app.plex.document import plex_show_document
from app.plex.events import parse_event
from app.services import Services
from app.sync.receive import Outcome
from app.tmdb.client import TmdbClient, tmdb_of
from app.tmdb.document import show_document
from app.tracker.refresh import merge_from_plex, merge_from_tmdb
from app.upstream.errors import KeyMissing, KeyRejected, NotThere, UpstreamError
from app.upstream.http import Step

LEASE_SECONDS = 30
PROBE_SECONDS = 30

# A look-up has seven kinds of questions, and few of them twice. More rounds than this are a fault of ours.
MOST_ROUNDS = 25
# As often as this an event may find a service away that others have heard from; note_upstream has the same number.
MOST_MISSES = 3
_TRIES = 40
_SLOW_TRIES = 3
_PAUSE_SECONDS = 0.05
_TITLES = 40


@dataclass(frozen=True)
class Claim:
    """A pending event that this process looks up.

    Attributes:
        payload: as stored in the log.
        lookup: what earlier attempts have learnt.
        probe: the service that is down and may be asked by this one all the same.
    """

    log_id: int
    user_id: int
    payload: dict[str, Any]
    lookup: dict[str, Any]
    probe: str | None


class Trust:
    """Which services have answered whom, last time. Saves a note in the database after each answer."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._answering: set[tuple[int, str]] = set()

    def answered(self, user_id: int, service: str, *, probe: bool) -> None:
        """A service has answered: what waits for it is due, if it was down, and its key counts.

        Args:
            user_id: whose question it was.
            service: who has answered.
            probe: it was down when it was asked: noted in any case, since another process may have found that.
        """
        if probe or (user_id, service) not in self._answering:
            # Remembered first, and forgotten last: a failure that another thread sees just now must not be left noted with
            # nobody who would note the next answer.
            self._answering.add((user_id, service))
            self._note(user_id, service, "ok", None)

    def doubt(self) -> None:
        """The next answer of each is noted again."""
        self._answering = set()

    def failed(self, user_id: int, error: UpstreamError) -> None:
        """A service has not answered, or refused the key."""
        outcome = "rejected" if isinstance(error, KeyRejected) else "unavailable"
        self._note(user_id, error.service, outcome, error.retry_after)
        self._answering = {known for known in self._answering if known[1] != error.service}

    def _note(self, user_id: int, service: str, outcome: str, retry_after: int | None) -> None:
        with self._services.db.connection() as connection:
            queries().note_upstream(
                connection,
                user_id=user_id,
                service=service,
                outcome=outcome,
                retry_after=retry_after,
                probe_seconds=PROBE_SECONDS,
            )


@dataclass
class LookUp:
    """The look-up of one claimed event, by one thread. No transaction is open while anybody is asked."""

    services: Services
    claim: Claim
    trust: Trust
    steps: list[Step] = field(default_factory=list)
    _lookup: dict[str, Any] = field(init=False)
    _document: dict[str, Any] | None = None
    _plex: PlexServer | None = None
    _tmdb: TmdbClient | None = None

    def __post_init__(self) -> None:
        self._lookup = dict(self.claim.lookup)

    def run(self) -> Outcome:
        """Asks until the event is decided, or somebody does not answer. Returns what its log row says then.

        Raises:
            DatabaseUnavailable: PostgreSQL does not answer; the claim ends with its lease.
            psycopg.Error: a fault of ours.
            InvalidPayload: what is stored cannot be read as an event.
        """
        event = parse_event(self.claim.payload).decision()
        if "history_key" in self.claim.payload:
            event["history_key"] = self.claim.payload["history_key"]
        for _ in range(MOST_ROUNDS):
            outcome, needs = self._apply(event)
            if not needs:
                return outcome
            self._ask(needs)
        raise RuntimeError(f"more than {MOST_ROUNDS} rounds of questions about one event")

    def _apply(self, event: dict[str, Any]) -> tuple[Outcome, dict[str, Any] | None]:
        """Hands over what was learnt. Called again when another session was in the way, as app.sync.receive does."""
        parameters = {
            "user_id": self.claim.user_id,
            "log_id": self.claim.log_id,
            "event": Jsonb(event),
            "lookup": Jsonb(self._lookup),
            "steps": Jsonb(self.steps),
            "has_tmdb": self.services.settings.tmdb_api_key is not None,
            "probe": self.claim.probe,
            "document": None if self._document is None else Jsonb(self._document),
            "lease_seconds": LEASE_SECONDS,
        }
        slow = 0
        for left in reversed(range(_TRIES)):
            try:
                with self.services.db.connection() as connection:
                    row = queries().apply_lookup(connection, **parameters)
            except (pg.SerializationFailure, pg.DeadlockDetected, pg.LockNotAvailable):
                if not left:
                    raise
                time.sleep(_PAUSE_SECONDS)
            except pg.QueryCanceled:
                # It waited for others until its time was over, as it may behind a long answer; or it always takes too long.
                slow += 1
                if slow == _SLOW_TRIES or not left:
                    raise
            except psycopg.Error as error:
                if unavailable(error):
                    raise DatabaseUnavailable("the database does not answer") from error
                raise
            else:
                break
        self.steps.clear()
        if row["probing"]:
            # Another process may have found it down: whatever it answers is news.
            self.trust.doubt()
        outcome = Outcome(row["status"], row["action"], self.claim.log_id, row["tvshow_id"], row["conflict_id"])
        return outcome, row["needs"]

    def _ask(self, needs: dict[str, Any]) -> None:
        """Asks what is needed; what came of it is in the look-up afterwards, whatever it was."""
        ((kind, wanted),) = needs.items()
        questions: dict[str, Callable[[Any], None]] = {
            "plex_show": self._ask_plex_show,
            "plex_document": self._ask_plex_document,
            "tmdb_find": self._ask_tmdb_find,
            "tmdb_show": self._ask_tmdb_show,
            "tmdb_search": self._ask_tmdb_search,
            "tmdb_document": self._ask_tmdb_document,
            "refresh": self._refresh,
        }
        asked = len(self.steps)
        try:
            questions[kind](wanted)
        except KeyMissing as error:
            self.steps.append({"step": "not_asked", "service": error.service, "problem": error.message})
            self._failed(error, "missing")
        except KeyRejected as error:
            self.trust.failed(self.claim.user_id, error)
            self._failed(error, "rejected")
        except UpstreamError as error:
            if not self._is_the_question(error):
                self.trust.failed(self.claim.user_id, error)
            self._failed(error, "unavailable")
        else:
            # What was remembered says nothing about who would answer now.
            for service in {step["service"] for step in self.steps[asked:] if step.get("cached") is False}:
                self.trust.answered(self.claim.user_id, service, probe=service == self.claim.probe)

    def _is_the_question(self, error: UpstreamError) -> bool:
        """Whether it is what is asked that fails and not the service, such as a show for which TMDB always answers 500.

        An event that has found a service away again and again, each time just after others were answered, says no more that it
        is away: that would keep the others waiting. It waits by its own clock, see note_upstream.
        """
        if self.claim.probe == error.service or error.retry_after is not None:
            return False
        misses = self._lookup.get("misses", {})
        self._lookup["misses"] = misses | {error.service: misses.get(error.service, 0) + 1}
        return bool(self._lookup["misses"][error.service] >= MOST_MISSES)

    def _failed(self, error: UpstreamError, problem: str) -> None:
        failed = {"problem": problem, "message": error.message}
        if error.retry_after is not None:
            failed["retry_after"] = str(error.retry_after)
        self._lookup["failed"] = self._lookup.get("failed", {}) | {error.service: failed}

    def _ask_plex_show(self, rating_key: str) -> None:
        try:
            show = self._plex_server().show(rating_key)
        except NotThere:
            self._lookup["plex_show"] = {"gone": True}
            return
        self._lookup["plex_show"] = {
            "title": show.title or None,
            "original_title": show.original_title or None,
            "year": show.year,
            "guid": show.guid or None,
            "ids": show.ids.as_dict(),
        }

    def _ask_plex_document(self, rating_key: str) -> None:
        try:
            self._document = plex_show_document(self._plex_server(), rating_key)
        except NotThere:
            self._lookup["plex_show"] = {"gone": True}

    def _ask_tmdb_find(self, wanted: list[str]) -> None:
        for name in wanted:
            source, _, external_id = name.partition(":")
            found = self._tmdb_client().find(source, external_id)  # type: ignore[arg-type] # SQL writes tvdb_id, imdb_id
            answer = {
                "shows": [{"tmdb_id": show.id, "title": show.title, "year": show.year} for show in found.shows],
                "episodes": [
                    {
                        "tmdb_id": episode.show_id,
                        "season": episode.season_number,
                        "episode": episode.episode_number,
                        "air_date": episode.air_date.isoformat() if episode.air_date else None,
                    }
                    for episode in found.episodes
                ],
            }
            self._lookup["tmdb_find"] = self._lookup.get("tmdb_find", {}) | {name: answer}

    def _ask_tmdb_show(self, tmdb_id: int) -> None:
        try:
            show = self._tmdb_client().show(tmdb_id)
        except NotThere:
            self._learn_tmdb_show(tmdb_id, {"gone": True})
            return
        ids = {"tmdb": tmdb_id, "tvdb": show.external_ids.tvdb_id, "imdb": show.external_ids.imdb_id}
        answer = {
            "title": show.title,
            "original_title": show.original_name or None,
            "year": show.year,
            "poster_path": show.poster_path or None,
            "ids": {name: known for name, known in ids.items() if known is not None},
            "titles": [name["title"] for name in show.names[:_TITLES]],
        }
        self._learn_tmdb_show(tmdb_id, answer)

    def _learn_tmdb_show(self, tmdb_id: int, answer: dict[str, Any]) -> None:
        self._lookup["tmdb_shows"] = self._lookup.get("tmdb_shows", {}) | {str(tmdb_id): answer}

    def _ask_tmdb_search(self, wanted: dict[str, Any]) -> None:
        # With the year first: a name that many shows have fills the first page otherwise.
        client, year = self._tmdb_client(), wanted.get("year")
        hits = client.search(wanted["title"], year) if year is not None else []
        hits = hits or client.search(wanted["title"])
        self._lookup["tmdb_search"] = [
            {
                "tmdb_id": hit.id,
                "title": hit.title,
                "original_title": hit.original_name or None,
                "year": hit.year,
                "poster_path": hit.poster_path or None,
            }
            for hit in hits[:20]
        ]

    def _ask_tmdb_document(self, tmdb_id: int) -> None:
        try:
            self._document = show_document(self._tmdb_client(), tmdb_id)
        except NotThere:
            self._learn_tmdb_show(tmdb_id, {"gone": True})

    def _refresh(self, wanted: dict[str, Any]) -> None:
        user_id, tvshow_id = self.claim.user_id, wanted["tvshow_id"]
        if "tmdb_id" in wanted:
            result = merge_from_tmdb(self._tmdb_client(), user_id, tvshow_id, wanted["tmdb_id"])
        else:
            result = merge_from_plex(
                self._plex_server(), user_id, tvshow_id, wanted["rating_key"], wanted["guid"], wanted["title"]
            )
        self.steps.append({"step": "refreshed", "tvshow_id": tvshow_id} | (result or {"gone": True}))
        self._lookup["refreshed"] = tvshow_id

    def _plex_server(self) -> PlexServer:
        """The user's server; its token is decrypted when it is needed.

        Raises:
            KeyMissing: there is no address, or no token that can be read.
        """
        self._plex = self._plex or plex_server_of(self.services, self.claim.user_id, self.steps)
        if self._plex is None:
            raise KeyMissing("plex", "the Plex server has no address here, or its token cannot be read")
        return self._plex

    def _tmdb_client(self) -> TmdbClient:
        """TMDB with the user's key.

        Raises:
            KeyMissing: there is none that can be read.
        """
        self._tmdb = self._tmdb or tmdb_of(self.services, self.claim.user_id, self.steps)
        if self._tmdb is None:
            raise KeyMissing("tmdb", "there is no TMDB key that can be read")
        return self._tmdb
