"""Two appliances with data directories of their own on one database: everything is done once, whoever does it."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import payloads
from tests.acceptance.appliance import Appliance
from tests.acceptance.database import OtherPostgres
from tests.acceptance.stream import add_shows, check_applied, send, settle
from tests.fakes.plex import TOKEN, FakePlex
from tests.fakes.tmdb import KEY, FakeTmdb

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def tmdb() -> Iterator[FakeTmdb]:
    with FakeTmdb() as tmdb:
        yield tmdb


@pytest.fixture
def pair(postgres: OtherPostgres, tmdb: FakeTmdb) -> Iterator[tuple[Appliance, Appliance]]:
    """Started one after the other, with one key; the webhook's address differs in the port only."""
    directory = Path(tempfile.mkdtemp(prefix="tellykeep-test-"))
    shared = {"ENCRYPTION_KEY": secrets.token_hex(32), "TMDB_URL": tmdb.url, "TMDB_API_KEY": KEY}
    both = []
    for name in ("one", "two"):
        (directory / name).mkdir()
        both.append(Appliance(directory / name, postgres.environment() | shared))
    one, two = both
    try:
        one.start()
        one.add_user()
        two.start()
        two.token = one.token
        two.webhook_url = two.address + one.webhook_url[one.webhook_url.index("/api/") :]
        yield one, two
    finally:
        for appliance in both:
            if appliance.process is not None and appliance.process.poll() is None:
                appliance.stop()
        shutil.rmtree(directory, ignore_errors=True)


def until_nothing_waits(appliance: Appliance) -> None:
    deadline = time.monotonic() + 60
    while appliance.call("GET", "/api/plex/logs?status=pending")["logs"]:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_two_on_one_database_look_each_show_up_once_and_mark_each_viewing_once(
    pair: tuple[Appliance, Appliance], tmdb: FakeTmdb
) -> None:
    titles = [f"Shared {n}" for n in range(12)]
    for title in titles:
        ids = payloads.show_ids(title)
        seasons = {2: [{"tvdb_id": payloads.episode_ids(title, 2, n)["tvdb"]} for n in range(1, 9)]}
        tmdb.add_show(ids["tmdb"], title, tvdb_id=ids["tvdb"], imdb_id=ids["imdb"], seasons=seasons)
    log_ids = []
    for number, title in enumerate(titles):
        # Every second viewing is told to both, as by a proxy that sends again.
        message = payloads.episode_with_tvdb_only(grandparentTitle=title, parentIndex=2, index=3)
        for appliance in pair if number % 2 else pair[:1]:
            response = appliance.send(message)
            assert response.status_code in (200, 202), response.text
            log_ids.append(response.json()["log_id"])
    two = pair[1]
    until_nothing_waits(two)
    statuses = Counter(two.call("GET", f"/api/plex/logs/{log_id}")["status"] for log_id in log_ids)
    assert statuses == {"success": 12, "duplicate": 6}
    shows = two.call("GET", "/api/shows?limit=200")["shows"]
    assert Counter(show["title"] for show in shows) == dict.fromkeys(titles, 1)
    assert {show["watched_episodes"] for show in shows} == {1}
    documents = Counter(path for path in tmdb.paths() if path.startswith("/tv/") and "/season/" not in path)
    assert max(documents.values()) == 1, documents


def test_the_spool_of_each_is_applied_when_the_database_is_back(
    pair: tuple[Appliance, Appliance], postgres: OtherPostgres
) -> None:
    shows = add_shows(pair[0], 20)
    sent = [send(pair[0], show, 1) for show in shows]
    until_nothing_waits(pair[1])
    postgres.stop()
    sent += [send(pair[number % 2], show, number) for number in range(2, 8) for show in shows]
    assert {one.status for one in sent} == {202}
    assert all(any((appliance.directory / "data/spool").glob("*.spool")) for appliance in pair)
    postgres.start()
    for appliance in pair:
        settle(appliance)
    check_applied(pair[1], sent, shows)


def test_a_history_is_read_by_one_of_the_two(pair: tuple[Appliance, Appliance]) -> None:
    with FakePlex() as plex:
        add_shows(pair[0], 20, ("Amber",))
        plex.add_show(payloads.rating_key("show", "Amber"), "Amber", seasons={1: 20})
        for number in range(1, 11):
            at = int(time.time()) - 40_000 + 3_000 * number
            plex.watched(payloads.rating_key("show", "Amber"), 1, number, at)
        pair[0].call("POST", "/api/plex/config", {"plex_server_url": plex.url, "plex_token": TOKEN})
        for appliance in pair:
            appliance.call("POST", "/api/plex/history/catch-up")
        deadline = time.monotonic() + 60
        while sum(gap["recovered"] for gap in pair[1].call("GET", "/api/plex/history")["gaps"]) < 10:
            assert time.monotonic() < deadline
            time.sleep(0.5)
        # The other one's turn.
        time.sleep(35)
        gaps = pair[1].call("GET", "/api/plex/history")["gaps"]
        assert [(gap["missed"], gap["recovered"]) for gap in gaps] == [(10, 10)]
        (show,) = pair[1].call("GET", "/api/shows")["shows"]
        assert show["watched_episodes"] == 10
