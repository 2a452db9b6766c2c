"""What the application is made of, put together once (app.server, tests) and handed to the code that needs it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from flask import current_app
from prometheus_client import CollectorRegistry

from app.db.pool import Database
from app.monitoring.event_figures import EventFigures
from app.monitoring.stored_figures import StoredFigures
from app.posters.keeping import PosterKeeper
from app.posters.store import PosterStore
from app.security.crypto import Cipher
from app.security.webhook_secrets import WebhookSecrets
from app.settings import Settings
from app.sync.spool import Spool
from app.sync.turns import Turns
from app.sync.waker import Waker
from app.sync.wanted import Wanted
from app.upstream.figures import UpstreamFigures
from app.upstream.http import Limits, Upstream
from app.upstream.pace import Pace
from app.upstream.waiting_room import WaitingRoom

if TYPE_CHECKING:
    from app.jobs.scheduler import Scheduler

# TMDB's own codes for "there is no such thing": a 404 of a proxy in between, or of a wrong address, proves nothing.
_TMDB_NOT_THERE = frozenset({6, 34})
# What hosts of images answer where there is none.
_NO_SUCH_IMAGE = frozenset({400, 401, 403, 404, 410})
_MIB = 1024 * 1024


@dataclass
class Readiness:
    """What `/readyz` says.

    Attributes:
        started: the migration of this start is done.
        problem: one sentence on why the start has not come further, for people; None when nothing is wrong.
        setup_code: the one-time code for the first account while there is none.
    """

    started: bool = False
    problem: str | None = None


@dataclass
class Services:
    """The parts that views and jobs share.

    Attributes:
        spool: None where nothing is kept beside the database: in commands, and where its directory cannot be used.
        turns: of the webhooks.
        worker: rung when an event was left pending; see app.sync.worker.
        history: whose server's history is to be read soon; see app.jobs.catch_up.
        registry: what Prometheus is told.
        scheduler: the clock of `tellykeep serve`; None in commands.
        events: counts what was received.
        posters: fetches and keeps posters; see app.posters.fetching.
        room: where requests wait for those, so that the others have threads; `strangers_room`: for the OpenID provider, whom
            people without an account have asked.
        tmdb, plex, plex_tv: how TMDB, Plex servers and plex.tv are asked; see app.tmdb.client, app.plex.client, app.plex.tv.
    """

    settings: Settings
    db: Database
    cipher: Cipher
    webhook_secrets: WebhookSecrets
    readiness: Readiness = field(default_factory=Readiness)
    spool: Spool | None = None
    turns: Turns = field(default_factory=Turns)
    worker: Waker = field(default_factory=Waker)
    history: Wanted = field(default_factory=Wanted)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    scheduler: Scheduler | None = None
    room: WaitingRoom = field(init=False)
    strangers_room: WaitingRoom = field(init=False)
    events: EventFigures = field(init=False)
    tmdb: Upstream = field(init=False)
    plex: Upstream = field(init=False)
    posters: PosterKeeper = field(init=False)
    plex_tv: Upstream = field(init=False)

    def __post_init__(self) -> None:
        self.events = EventFigures(self.registry)
        self.registry.register(StoredFigures(self))
        figures = UpstreamFigures(self.registry)
        self.room = WaitingRoom(max(1, self.settings.threads // 2))
        self.strangers_room = WaitingRoom(max(1, self.settings.threads // 4))
        # TMDB asks for less than 50 a second.
        self.tmdb = Upstream("tmdb", figures, pace=Pace(40, burst=40), room=self.room, not_there_codes=_TMDB_NOT_THERE)
        # A server on a NAS may take its time for a long list of episodes.
        self.plex = Upstream("plex", figures, pace=Pace(20, burst=40), room=self.room, limits=Limits(read=12, total=25))
        # Apart from the questions of events, which shall not wait for a page full of posters.
        images = Upstream(
            "posters",
            figures,
            pace=Pace(20, burst=100),
            limits=Limits(connect=3, read=5, total=8, body=2 * _MIB),
            not_there_statuses=_NO_SUCH_IMAGE,
        )
        self.posters = PosterKeeper(
            images,
            self.room,
            PosterStore(self.settings.data_dir / "posters", self.settings.poster_cache_mb * _MIB),
            # As many of 16 threads as a browser asks for at once.
            places=max(1, self.settings.threads * 3 // 8),
            reserve=self.settings.disk_reserve_mb * _MIB,
        )
        # Only ever asked while somebody waits for a page.
        self.plex_tv = Upstream(
            "plex_tv", figures, pace=Pace(5, burst=20), room=self.room, limits=Limits(connect=3, read=6, total=8)
        )

    def close(self) -> None:
        """Closes every connection: the database's, which waits for those in use, and those to other servers."""
        self.db.close()
        self.tmdb.close()
        self.plex.close()
        self.posters.close()
        self.plex_tv.close()


def build_services(settings: Settings) -> Services:
    """Services whose database is not open yet.

    Raises:
        InvalidSettings: the encryption key cannot be read or made.
    """
    from app.security.crypto import load_key

    db = Database(size=settings.threads + 12)
    return Services(settings, db, Cipher(load_key(settings)), WebhookSecrets(db))


def services() -> Services:
    """The services of the current application."""
    return cast(Services, current_app.extensions["tellykeep"])
