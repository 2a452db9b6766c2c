"""A real `tellykeep serve` on throw-away data, for the demo."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from app.demo.plex import Owner
from app.opening import open_services
from app.security.accounts import create_token, create_user
from app.services import Services
from app.settings import Settings, load_settings

START_SECONDS = 90


class DemoError(Exception):
    """The demo cannot go on; the message says why."""


@dataclass(frozen=True)
class Appliance:
    """A running appliance with one user.

    Attributes:
        address: where the pages are.
        services: a look into its database.
        password: of the user `sam`.
    """

    address: str
    services: Services
    owner: Owner
    user_id: int
    password: str


@contextmanager
def running(bind: str, *, tmdb_url: str, tmdb_image_url: str, plex_tv_url: str) -> Iterator[Appliance]:
    """Starts the appliance, waits until it is ready, and removes everything afterwards.

    Args:
        bind: address and port to listen on.
        tmdb_url, tmdb_image_url, plex_tv_url: of the simulated TMDB, its images, and plex.tv.

    Raises:
        DemoError: it does not start; the message has the last lines it wrote.
    """
    directory = Path(tempfile.mkdtemp(prefix="tellykeep-demo-"))
    data_dir = directory / "data"
    output = directory / "output"
    # Nothing of the user's own installation: neither its database nor its data directory nor its keys.
    environment = {name: value for name, value in os.environ.items() if name not in _settings_names()}
    environment |= {
        "TELLYKEEP_DATA_DIR": str(data_dir),
        "TELLYKEEP_BIND": bind,
        "WEBHOOK_RATE_LIMIT": "10000 per minute",
        "TMDB_URL": tmdb_url,
        "TMDB_IMAGE_URL": tmdb_image_url,
        "PLEX_TV_URL": plex_tv_url,
        "PLEX_APP_URL": plex_tv_url,
    }
    with output.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "serve"], env=environment, stdout=sink, stderr=sink
        )
    try:
        host, _, port = bind.rpartition(":")
        address = f"http://{'127.0.0.1' if host in ('0.0.0.0', '[::]') else host}:{port}"  # noqa: S104
        _wait_until_ready(process, address, output)
        with open_services(_settings(data_dir, bind)) as services:
            password = secrets.token_urlsafe(9)
            user_id = create_user(services, "sam", password, is_admin=True)
            token = create_token(services, "sam", scope="write", name="demo")
            yield Appliance(address, services, Owner(address, token), user_id, password)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
        shutil.rmtree(directory, ignore_errors=True)


def _settings_names() -> frozenset[str]:
    return frozenset(
        name
        for field in Settings.model_fields.values()
        for choice in getattr(field.validation_alias, "choices", ())
        for name in (str(choice), f"{choice}_FILE")
        if name != "TZ"
    )


def _settings(data_dir: Path, bind: str) -> Settings:
    return load_settings(
        data_dir=data_dir,
        bind=bind,
        database_url=None,
        database_owner_url=None,
        encryption_key=None,
        tmdb_api_key=None,
    )


def _wait_until_ready(process: subprocess.Popen[bytes], address: str, output: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if requests.get(f"{address}/readyz", timeout=5).status_code == 200:
                return
        except requests.ConnectionError:
            pass
        time.sleep(0.1)
    said = output.read_text(errors="replace").splitlines()[-10:]
    raise DemoError("the appliance did not start:\n" + "\n".join(said))
