"""`tellykeep serve` as a process: first start, second start, SIGTERM, kill -9, PostgreSQL gone and back."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

from tests.acceptance.appliance import Appliance, answer_of
from tests.payloads import episode

SHOW = "Long Haul"


def _add_show(appliance: Appliance, episodes: int = 12) -> int:
    seasons = [{"seasonNumber": 1, "episodes": [{"episodeNumber": n} for n in range(1, episodes + 1)]}]
    return int(appliance.call("POST", "/api/shows", {"title": SHOW, "seasons": seasons})["id"])


def _scrobble(appliance: Appliance, number: int) -> requests.Response:
    return appliance.send(episode(grandparentTitle=SHOW, parentIndex=1, index=number))


def _postmaster(appliance: Appliance) -> int:
    return int((appliance.directory / "data" / "postgres" / "postmaster.pid").read_text().split()[0])


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_first_start_prints_the_address_and_a_setup_code_and_the_next_one_finds_its_data(appliance: Appliance) -> None:
    appliance.start()

    code = re.search(r"setup code: ([A-Z0-9-]{12,})", _eventually(appliance, "setup code: "))
    assert f"http://127.0.0.1:{appliance.port}" in appliance.output
    assert code is not None

    appliance.add_user()
    show = _add_show(appliance)
    assert answer_of(_scrobble(appliance, 1)) == ("success", "marked_watched")
    assert appliance.stop() == 0
    (appliance.directory / "output").write_text("")

    appliance.start()

    assert appliance.call("GET", f"/api/shows/{show}")["watched_episodes"] == 1
    assert answer_of(_scrobble(appliance, 2)) == ("success", "marked_watched")
    assert "setup code" not in appliance.output


def test_sigterm_under_load_ends_within_ten_seconds_and_no_event_is_half_done(appliance: Appliance) -> None:
    appliance.start()
    appliance.add_user()
    show = _add_show(appliance, episodes=400)
    taken: list[int] = []

    def send(number: int) -> None:
        try:
            response = _scrobble(appliance, number)
        except requests.RequestException:
            return
        if response.status_code == 200:
            taken.append(number)

    with ThreadPoolExecutor(8) as clients:
        for number in range(1, 401):
            clients.submit(send, number)
        while len(taken) < 40:
            time.sleep(0.01)
        started = time.monotonic()
        assert appliance.stop() == 0
        assert time.monotonic() - started < 10
        clients.shutdown(cancel_futures=True)
    assert len(taken) < 400
    assert not (appliance.directory / "data" / "postgres" / "postmaster.pid").exists()

    appliance.start()
    found = appliance.call("GET", f"/api/shows/{show}")
    watched = {e["episodeNumber"] for e in found["seasons"][0]["episodes"] if e["watched"]}
    assert set(taken) <= watched
    assert found["watched_episodes"] == len(watched)


def test_after_kill_9_every_event_that_was_answered_is_there(appliance: Appliance) -> None:
    appliance.start()
    appliance.add_user()
    show = _add_show(appliance)
    for number in (1, 2, 3):
        assert answer_of(_scrobble(appliance, number)) == ("success", "marked_watched")
    postmaster = _postmaster(appliance)

    appliance.kill()
    assert _alive(postmaster)
    appliance.start()

    assert appliance.call("GET", f"/api/shows/{show}")["watched_episodes"] == 3
    assert answer_of(_scrobble(appliance, 4)) == ("success", "marked_watched")
    assert appliance.stop() == 0
    assert not _alive(postmaster)


def test_a_dead_postgresql_is_started_again_and_the_next_event_is_marked(appliance: Appliance) -> None:
    appliance.start()
    appliance.add_user()
    _add_show(appliance)
    assert answer_of(_scrobble(appliance, 1)) == ("success", "marked_watched")

    os.kill(_postmaster(appliance), signal.SIGKILL)
    _eventually(appliance, "has ended; starting it again")
    appliance.wait_until_ready()

    deadline = time.monotonic() + 20
    while (response := _scrobble(appliance, 2)).status_code == 503 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert answer_of(response) == ("success", "marked_watched")


def test_a_second_serve_on_the_same_data_directory_is_refused(appliance: Appliance) -> None:
    appliance.start()
    second = subprocess.run(
        [*appliance.process.args],  # type: ignore[union-attr, misc]
        env=appliance.variables(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert second.returncode == 1
    assert "Traceback" not in second.stderr
    assert "data" in second.stderr


def test_it_listens_before_the_database_is_there(appliance: Appliance) -> None:
    appliance.environment["DATABASE_URL"] = "postgresql://nobody:secret-word@127.0.0.1:1/nothing"
    appliance.start(wait=False)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            alive = requests.get(f"{appliance.address}/healthz", timeout=5)
            break
        except requests.ConnectionError:
            time.sleep(0.1)
    assert alive.status_code == 200

    ready = requests.get(f"{appliance.address}/readyz", timeout=5)
    assert ready.status_code == 503
    assert ready.json()["status"] == "starting"
    webhook = requests.post(f"{appliance.address}/api/plex/webhook?secret=x", json={}, timeout=10)
    assert webhook.status_code in (401, 503)
    assert requests.get(appliance.address, timeout=5).status_code == 503
    assert "secret-word" not in appliance.output + ready.text


def _eventually(appliance: Appliance, text: str, seconds: float = 20) -> str:
    deadline = time.monotonic() + seconds
    while text not in appliance.output:
        assert time.monotonic() < deadline, appliance.output
        time.sleep(0.05)
    return appliance.output
