"""The key of a real installation: another one is refused at the start, and `rekey` replaces it whenever it is killed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import requests

from app.security.crypto import Cipher
from tests.acceptance.appliance import Appliance, answer_of
from tests.acceptance.database import OtherPostgres
from tests.payloads import episode

TOKEN, TMDB_KEY = "a-plex-token-of-twenty", "0123456789abcdef0123456789abcdef"


def _set_up(appliance: Appliance) -> None:
    appliance.start()
    appliance.add_user()
    appliance.call("POST", "/api/plex/config", {"plex_token": TOKEN, "tmdb_api_key": TMDB_KEY})
    assert appliance.stop() == 0


def _key_file(appliance: Appliance) -> Path:
    return appliance.directory / "data" / "encryption.key"


def _rekey(appliance: Appliance, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "app.cli", "rekey", *options]
    return subprocess.run(command, env=appliance.variables(), capture_output=True, text=True, timeout=90, check=False)


def _works(appliance: Appliance) -> None:
    """With all that is encrypted: the webhook's address can be shown, and it opens."""
    appliance.start()
    assert appliance.call("GET", "/api/plex/config")["webhook_url"] == appliance.webhook_url
    # A duplicate where the same event came before and was kept in the spool.
    assert answer_of(appliance.send(episode()))[0] in ("success", "conflict", "pending", "duplicate")
    assert "cannot be decrypted" not in appliance.output
    assert appliance.stop() == 0


def test_a_wrong_key_is_refused_at_the_start_with_what_to_do(appliance: Appliance) -> None:
    _set_up(appliance)
    right = _key_file(appliance).read_text()
    _key_file(appliance).write_text("ab" * 32 + "\n")

    appliance.start(wait=False)
    appliance.wait_until_it_listens()
    deadline = time.monotonic() + 30
    while "another key" not in requests.get(f"{appliance.address}/readyz", timeout=5).text:
        assert time.monotonic() < deadline, appliance.output
        time.sleep(0.2)
    ready = requests.get(f"{appliance.address}/readyz", timeout=5)
    assert ready.json()["status"] != "ok"
    assert "encryption.key" in appliance.output
    assert "Traceback" not in appliance.output
    bearer = {"Authorization": f"Bearer {appliance.token}"}
    assert requests.get(f"{appliance.address}/api/plex/config", headers=bearer, timeout=20).status_code == 503
    # What Plex sends meanwhile is not lost.
    kept = appliance.send(episode())
    assert kept.status_code == 202, kept.text
    assert appliance.stop() == 0
    refused = _rekey(appliance)
    assert refused.returncode == 1
    assert "neither key" in refused.stderr
    (appliance.directory / "data" / "encryption.key.next").unlink()

    _key_file(appliance).write_text(right)
    _works(appliance)


def test_rekey_replaces_the_key_and_everything_works_as_before(appliance: Appliance) -> None:
    _set_up(appliance)
    old = _key_file(appliance).read_text()

    done = _rekey(appliance)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("3 secrets are encrypted under the key ")
    new = _key_file(appliance).read_text()
    assert new != old
    assert Cipher(bytes.fromhex(new)).fingerprint in done.stdout
    assert new.strip() not in done.stdout
    assert _key_file(appliance).stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in _key_file(appliance).parent.glob("encryption*")) == ["encryption.key"]
    _works(appliance)


def test_rekey_beside_a_running_serve_is_refused_and_changes_nothing(appliance: Appliance) -> None:
    _set_up(appliance)
    appliance.start()

    refused = _rekey(appliance)

    assert refused.returncode == 1
    assert "stop it first" in refused.stderr
    assert appliance.stop() == 0
    _works(appliance)


@pytest.mark.parametrize("after", [0.3, 0.6, 1.0, 1.4])
def test_rekey_killed_at_any_moment_is_finished_by_another_run(appliance: Appliance, after: float) -> None:
    _set_up(appliance)
    killed = subprocess.Popen([sys.executable, "-m", "app.cli", "rekey"], env=appliance.variables())
    time.sleep(after)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()

    assert _rekey(appliance).returncode == 0

    _works(appliance)


def test_with_a_key_of_ones_own_the_next_start_needs_the_new_one(postgres: OtherPostgres, appliance: Appliance) -> None:
    old, new = "11" * 32, "22" * 32
    appliance.environment |= postgres.environment() | {"ENCRYPTION_KEY": old}
    _set_up(appliance)
    assert "openssl" in _rekey(appliance).stderr
    new_key = appliance.directory / "new.key"
    new_key.write_text(new)

    done = _rekey(appliance, "--new-key-file", str(new_key))

    assert done.returncode == 0, done.stderr
    assert "Set ENCRYPTION_KEY to it" in done.stdout
    with psycopg.connect(postgres.urls.owner_url) as connection:
        stored = connection.execute("select user_id, plex_token from tracker.plex_config").fetchone()
    assert stored is not None
    assert Cipher(bytes.fromhex(new)).decrypt(stored[1], column="plex_config.plex_token", row=stored[0]) == TOKEN
    # Once more, as somebody does who did not see that it was done.
    assert re.match("0 secrets", _rekey(appliance, "--new-key-file", str(new_key)).stdout)
    appliance.environment["ENCRYPTION_KEY"] = new
    _works(appliance)
