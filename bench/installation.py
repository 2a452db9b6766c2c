"""`tellykeep serve` on throw-away data, with what a benchmark needs of it: accounts, shows, mappings."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from psycopg.types.json import Jsonb

from app.opening import StartedDatabase, open_database, start_database
from app.security.accounts import create_user
from app.services import Services, build_services
from app.settings import Settings, environment_name, load_settings
from app.tracker.plex_config import WEBHOOK_PATH, get_config
from bench.library import Show
from bench.processes import Serving

HOST = "127.0.0.1"
_READY_SECONDS = 90.0


@dataclass(frozen=True)
class Account:
    """A user with a library; `webhook` is path and query of its webhook."""

    user_id: int
    webhook: str


@dataclass(frozen=True)
class Installation:
    """A running `tellykeep serve`, and the parts of an application beside it on the same database.

    Attributes:
        settings: as `serve` has them.
        address: host and port where it listens.
        serving: its processes.
        database: URLs of the two roles.
        services: for preparing and looking; what is measured goes through HTTP.
    """

    settings: Settings
    address: tuple[str, int]
    serving: Serving
    database: StartedDatabase
    services: Services

    def add_account(self, name: str, library: list[Show]) -> Account:
        """An account that tracks a library, each show of which is mapped."""
        user_id = create_user(self.services, name, secrets.token_hex(16))
        with self.services.db.connection() as connection, connection.transaction():
            for show in library:
                connection.execute(
                    "select map_show(%(user)s, %(mapping)s, add_show(%(user)s, %(show)s), 1, 'tmdb_id')",
                    {"user": user_id, "show": Jsonb(show.as_tracker()), "mapping": Jsonb(show.as_mapping())},
                )
        url = get_config(self.services, user_id, base_url="http://localhost")["webhook_url"]
        secret = parse_qs(urlsplit(url).query)["secret"][0]
        return Account(user_id, f"{WEBHOOK_PATH}?secret={secret}")


@contextmanager
def running_installation(
    database_url: str | None = None, owner_url: str | None = None, tmdb_url: str | None = None
) -> Iterator[Installation]:
    """Starts `tellykeep serve` as it is shipped, but for the webhook's rate limit, and stops it at the end.

    Args:
        database_url: an external database made for this (it is left as the benchmark leaves it); None: embedded.
        owner_url: the role that migrates it; None: the same.
        tmdb_url: a simulated TMDB; None: the real one, which is asked nothing without a key.
    """
    forget_settings()
    directory = Path(tempfile.mkdtemp(prefix="tellykeep-bench-"))
    address = (HOST, free_port())
    values = {
        "data_dir": str(directory / "data"),
        "bind": f"{HOST}:{address[1]}",
        "webhook_rate_limit": "1000000 per second",
        "database_url": database_url,
        "database_owner_url": owner_url,
        "tmdb_url": tmdb_url,
    }
    settings = load_settings(**{name: value for name, value in values.items() if value})
    environment = {environment_name(name): value for name, value in values.items() if value}
    command = [str(Path(sys.executable).with_name("tellykeep")), "serve"]
    url = f"http://{HOST}:{address[1]}/readyz"
    try:
        with running(command, environment, url, directory / "serve.log") as process:
            database = start_database(settings)
            services = build_services(settings)
            try:
                open_database(services, database)
                serving = Serving(process.pid, _postmaster(settings.data_dir))
                yield Installation(settings, address, serving, database, services)
            finally:
                services.close()
                database.stop()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def running(
    command: list[str], environment: Mapping[str, str], ready_url: str, log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a server until the end of the block.

    Args:
        command: the program and its arguments.
        environment: variables beside the ones that are there.
        ready_url: answers 200 from when it can be used.
        log: where what it writes goes.

    Raises:
        RuntimeError: it ended, or was not ready in time; with the end of its log.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=os.environ | environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + _READY_SECONDS
        while not _answers(ready_url):
            if process.poll() is not None or time.monotonic() > deadline:
                end = log.read_text(errors="replace")[-2000:]
                raise RuntimeError(
                    f"{' '.join(command)} was not ready after {_READY_SECONDS:.0f} seconds, or ended:\n{end}"
                )
            time.sleep(0.1)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def forget_settings() -> None:
    """Takes settings of an installation out of the environment: it is not to be measured, let alone written to."""
    for attribute in Settings.model_fields:
        name = environment_name(attribute)
        os.environ.pop(name, None)
        os.environ.pop(f"{name}_FILE", None)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _postmaster(data_dir: Path) -> int | None:
    try:
        return int((data_dir / "postgres" / "postmaster.pid").read_text().split("\n")[0])
    except (OSError, ValueError):
        return None
