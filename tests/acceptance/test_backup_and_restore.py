"""A backup of a serving appliance, brought back: into an embedded and an external PostgreSQL, stopped and serving."""

from __future__ import annotations

import re
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.acceptance.appliance import Appliance, answer_of
from tests.conftest import DatabaseUrls
from tests.payloads import episode

SHOW = "Long Haul"
EPISODES = 400
NewAppliance = Callable[[], Appliance]


@pytest.fixture
def new_appliance() -> Iterator[NewAppliance]:
    """Makes appliances with a directory of their own; not started."""
    made: list[Appliance] = []

    def make() -> Appliance:
        made.append(Appliance(Path(tempfile.mkdtemp(prefix="tellykeep-test-"))))
        return made[-1]

    try:
        yield make
    finally:
        for appliance in made:
            if appliance.process is not None and appliance.process.poll() is None:
                appliance.stop()
            shutil.rmtree(appliance.directory, ignore_errors=True)


def add_show(appliance: Appliance) -> int:
    seasons = [{"seasonNumber": 1, "episodes": [{"episodeNumber": n} for n in range(1, EPISODES + 1)]}]
    return int(appliance.call("POST", "/api/shows", {"title": SHOW, "seasons": seasons})["id"])


def scrobble(appliance: Appliance, number: int) -> requests.Response:
    return appliance.send(episode(grandparentTitle=SHOW, parentIndex=1, index=number))


def watched(appliance: Appliance, show: int) -> set[int]:
    found = appliance.call("GET", f"/api/shows/{show}")
    return {e["episodeNumber"] for e in found["seasons"][0]["episodes"] if e["watched"]}


def take_over(old: Appliance, new: Appliance) -> None:
    """Gives the new one the key, which no backup holds, and lets it be spoken to as the old one was."""
    (new.directory / "data").mkdir(mode=0o700)
    shutil.copy(old.directory / "data" / "encryption.key", new.directory / "data")
    new.token = old.token
    new.webhook_url = old.webhook_url.replace(old.address, new.address)


def fails(appliance: Appliance, *arguments: str) -> str:
    """The one line that a command says that cannot be done."""
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        env=appliance.variables(),
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    return done.stderr


@contextmanager
def viewers(appliance: Appliance) -> Iterator[list[int]]:
    """Somebody watches one episode after the other meanwhile; the numbers that were answered with success, in order."""
    answered: list[int] = []
    ended = threading.Event()

    def watch() -> None:
        for number in range(1, EPISODES + 1):
            if ended.is_set():
                return
            if scrobble(appliance, number).status_code == 200:
                answered.append(number)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield answered
    finally:
        ended.set()
        thread.join()


@pytest.mark.timeout(300)
def test_a_backup_under_writes_moves_from_embedded_to_external_and_back(
    new_appliance: NewAppliance, empty_database: DatabaseUrls
) -> None:
    first, second, third = new_appliance(), new_appliance(), new_appliance()
    first.start()
    first.add_user()
    show = add_show(first)
    with viewers(first) as answered:
        while len(answered) < 20:
            threading.Event().wait(0.02)
        before = set(answered)
        backup = first.directory / "first.zip"
        said = first.run("backup", str(backup))
        after = set(answered)
    assert len(after) > len(before), "nobody watched during the backup"
    assert re.search(r"The key is not in it: keep a copy of [0-9a-f]{16}", said)
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert "is there already" in fails(first, "backup", str(backup))
    assert "not empty" in fails(first, "restore", str(backup))
    first.stop()

    # Into an external database that nobody serves yet.
    take_over(first, second)
    second.environment |= {"DATABASE_URL": empty_database.app_url, "DATABASE_OWNER_URL": empty_database.owner_url}
    assert "each table compared" in second.run("restore", str(backup))
    second.start()
    back = watched(second, show)
    assert before <= back <= {*after, max(after) + 1}
    assert back == set(range(1, len(back) + 1)), "no hole: the episodes were watched in order"
    assert answer_of(scrobble(second, EPISODES)) == ("success", "marked_watched")
    moved = second.directory / "second.zip"
    second.run("backup", str(moved))
    second.stop()

    # Back into an embedded one, beside a server that runs on it and has nobody's account yet.
    take_over(second, third)
    third.start()
    assert "each table compared" in third.run("restore", str(moved))
    assert watched(third, show) == back | {EPISODES}
    assert answer_of(scrobble(third, EPISODES - 1)) == ("success", "marked_watched")
    assert third.call("GET", "/api/plex/config")["webhook_url"].split("secret=")[1] in third.webhook_url
    assert third.stop() == 0
    assert "Traceback" not in third.output


def test_a_backup_goes_through_a_pipe_and_back(new_appliance: NewAppliance) -> None:
    first, second = new_appliance(), new_appliance()
    first.start()
    first.add_user()
    show = add_show(first)
    assert answer_of(scrobble(first, 1)) == ("success", "marked_watched")
    command = [sys.executable, "-m", "app.cli"]
    done = subprocess.run([*command, "backup", "-"], env=first.variables(), capture_output=True, timeout=90, check=True)
    assert done.stdout.startswith(b"PK")
    assert b"The key is not in it" in done.stderr
    take_over(first, second)
    subprocess.run(
        [*command, "restore", "-"],
        env=second.variables(),
        input=done.stdout,
        capture_output=True,
        timeout=90,
        check=True,
    )
    second.start()
    assert watched(second, show) == {1}
    assert [path.name for path in (second.directory / "data").glob(".restore*")] == []
