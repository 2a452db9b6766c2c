"""`tellykeep serve`: one gunicorn process that listens at once, and brings the database up behind it."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

import psycopg
import structlog
from flask import Flask
from gunicorn.app.base import BaseApplication

from app import create_app
from app.embedded import EmbeddedPostgresError
from app.errors import TellykeepError
from app.jobs.scheduler import Scheduler
from app.opening import StartedDatabase, open_database, start_database
from app.security.accounts import ensure_setup_code
from app.security.sessions import CookieSessions
from app.services import Services, build_services
from app.serving.large import LargeBodies
from app.settings import InvalidSettings, Settings
from app.sync.drain import SpoolDrain
from app.sync.spool import Spool
from app.sync.worker import LookUpWorker

log = structlog.get_logger("tellykeep.server")

# SIGTERM: 10 s in all, of which requests in flight have these, the scheduler and the database the rest.
GRACEFUL_SECONDS = 5
LONGEST_PAUSE = 15.0
LOOK_AFTER_SECONDS = 1.0
# Of what a page takes that is larger than 5 MiB; the page itself says how large (app.web.settings.transfer).
LARGE_PATHS = ("/settings/transfer/import",)

SPOOL_DIRECTORY = "spool"
SECRETS_FILE = "webhook.hashes"


class DatabaseKeeper(threading.Thread):
    """Starts the database, migrates, opens the pool, for as long as it takes; then starts it again when it dies.

    Runs beside the server, which answers `/healthz` meanwhile: a database that starts later than the appliance (a NAS
    after a power cut) needs nobody to restart anything.
    """

    def __init__(self, services: Services) -> None:
        super().__init__(name="database-keeper", daemon=True)
        self._services = services
        self._leaving = threading.Event()
        self._database: StartedDatabase | None = None

    def run(self) -> None:
        """Thread body."""
        pause = 0.5
        while not self._leaving.is_set():
            try:
                if self._database is not None and not self._database.alive():
                    self._restart(self._database)
                if not self._services.readiness.started:
                    self._start()
                self._services.webhook_secrets.keep_fresh()
            except (TellykeepError, EmbeddedPostgresError, InvalidSettings, psycopg.Error, OSError) as error:
                reason = str(error).strip().partition("\n")[0] or type(error).__name__
                self._services.readiness.problem = reason
                log.error("the database is not ready", reason=reason, again_in=f"{pause:.0f}s")
            except Exception as error:
                # A fault of ours must be seen in the log and on /readyz, not end as a silent thread.
                self._services.readiness.problem = "a fault; the process log says what"
                log.error("start failed", exc_info=error)
            else:
                pause = 0.5
                self._leaving.wait(LOOK_AFTER_SECONDS)
                continue
            self._leaving.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _start(self) -> None:
        started = time.monotonic()
        if self._database is None:
            self._database = start_database(self._services.settings)
        if self._leaving.is_set():
            return
        open_database(self._services, self._database)
        self._services.webhook_secrets.refresh()
        # Before it counts as started: what fails here is tried again, and without a code nobody could make an account.
        code = ensure_setup_code(self._services)
        self._services.readiness.problem = None
        self._services.readiness.started = True
        log.info("ready", seconds=round(time.monotonic() - started, 2))
        if code is not None:
            _print_setup_code(self._services.settings, code)

    def _restart(self, died: StartedDatabase) -> None:
        """The same cluster, socket and passwords: the pool finds it again by itself."""
        log.error("the embedded PostgreSQL has ended; starting it again")
        died.stop()
        self._database = start_database(self._services.settings)
        self._services.readiness.problem = None
        log.info("the embedded PostgreSQL runs again")

    def finish(self) -> None:
        """Closes the pool and, when it is ours, PostgreSQL."""
        self._leaving.set()
        self._services.readiness.started = False
        self._services.close()
        self.join(timeout=3)
        if self._database is not None:
            self._database.stop()


def _print_setup_code(settings: Settings, code: str) -> None:
    address = settings.public_url or f"http://localhost:{settings.bind.rpartition(':')[2]}"
    lines = (
        "",
        f"  Make the first account at {address}/setup",
        f"  with this one-time setup code: {code}",
        "",
    )
    print("\n".join(lines), flush=True)  # noqa: T201 - for the person who started it, not for the log


def open_spool(settings: Settings) -> Spool | None:
    """The spool of the data directory; None when it cannot be used, which leaves the database as the only place for events."""
    spool = Spool(settings.data_dir / SPOOL_DIRECTORY)
    try:
        spool.open()
    except OSError as error:
        log.error("the spool cannot be used", directory=str(settings.data_dir / SPOOL_DIRECTORY), reason=str(error))
        return None
    return spool


def gunicorn_options(settings: Settings) -> dict[str, Any]:
    """How gunicorn serves, by the names of its own settings."""
    options: dict[str, Any] = {
        "bind": settings.bind,
        "workers": 1,
        "worker_class": "app.serving.worker.PatientWorker",
        "threads": settings.threads,
        "timeout": 60,
        "graceful_timeout": GRACEFUL_SECONDS,
        "keepalive": 15,
        "accesslog": None,
        "errorlog": "-",
        "loglevel": "warning",
        "logger_class": "app.process_log.GunicornLog",
        # app.security.client_address decides about forwarded headers, from TRUSTED_PROXIES.
        "forwarded_allow_ips": "",
        "control_socket_disable": True,
        "proc_name": "tellykeep",
    }
    if Path("/dev/shm").is_dir() and os.access("/dev/shm", os.W_OK):  # noqa: S108 - gunicorn's heartbeat, not data
        options["worker_tmp_dir"] = "/dev/shm"  # noqa: S108
    return options


class _Gunicorn(BaseApplication):  # type: ignore[misc]
    """gunicorn without a configuration file: what is set here is all there is."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        # Where the worker looks for it.
        self.large_bodies: LargeBodies | None = None
        self._keeper: DatabaseKeeper | None = None
        self._drain: SpoolDrain | None = None
        self._worker: LookUpWorker | None = None
        self._scheduler: Scheduler | None = None
        super().__init__()

    def load_config(self) -> None:
        hooks = {"post_worker_init": self._worker_started, "worker_exit": self._worker_stopped}
        for name, value in (gunicorn_options(self._settings) | hooks).items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        services = build_services(self._settings)
        services.webhook_secrets.keep_in(self._settings.data_dir / SECRETS_FILE)
        services.spool = open_spool(self._settings)
        self._keeper = DatabaseKeeper(services)
        if services.spool is not None:
            self._drain = SpoolDrain(services, services.spool)
        self._worker = LookUpWorker(services)
        self._scheduler = services.scheduler = Scheduler(services)
        app = create_app(services)
        cookies = CookieSessions(self._settings.public_url)
        self.large_bodies = LargeBodies(
            self._settings.data_dir, LARGE_PATHS, lambda header: cookies.is_of_somebody(app, header)
        )
        return app

    def _worker_started(self, _worker: Any) -> None:
        for part in (self._keeper, self._drain, self._worker, self._scheduler):
            if part is not None:
                part.start()
        host, _, port = self._settings.bind.rpartition(":")
        shown = "localhost" if host in ("0.0.0.0", "[::]") else host  # noqa: S104
        print(f"Tellykeep listens on http://{shown}:{port}", flush=True)  # noqa: T201

    def _worker_stopped(self, _arbiter: Any, _worker: Any) -> None:
        if self._drain is not None:
            self._drain.stop()
        if self._scheduler is not None:
            self._scheduler.stop()
        if self._worker is not None:
            self._worker.stop()
        if self._keeper is not None:
            self._keeper.finish()


def serve(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT.

    Raises:
        InvalidSettings: the data directory or the key cannot be used.
        EmbeddedPostgresError: another `serve` has the data directory.
    """
    from app.embedded import serve_lock
    from app.process_log import configure_log

    configure_log(settings.log_level)
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise InvalidSettings(f"TELLYKEEP_DATA_DIR: cannot make {settings.data_dir}: {error.strerror}") from None
    build_services(
        settings
    )  # a wrong key or directory is said now, once, rather than by a worker that is started again
    with serve_lock(settings.data_dir):
        _Gunicorn(settings).run()
