"""Look-ups by a real `tellykeep serve`, over HTTP, against a simulated Plex server and TMDB."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import payloads
from tests.acceptance.appliance import Appliance, answer_of
from tests.fakes import failures
from tests.fakes.plex import TOKEN, FakePlex
from tests.fakes.tmdb import KEY, FakeTmdb

pytestmark = pytest.mark.timeout(240)


@dataclass
class World:
    """A running appliance, and the servers that it asks."""

    appliance: Appliance
    tmdb: FakeTmdb
    plex: FakePlex

    def knows(self, title: str, **show: Any) -> int:
        """TMDB has the show, with two seasons of eight, whose episodes are found by their TVDB ids."""
        ids = payloads.show_ids(title)
        seasons = {
            season: [{"tvdb_id": payloads.episode_ids(title, season, n)["tvdb"]} for n in range(1, 9)]
            for season in (1, 2)
        }
        known = {"seasons": seasons, "tvdb_id": ids["tvdb"], "imdb_id": ids["imdb"]}
        self.tmdb.add_show(ids["tmdb"], title, **(known | show))
        return int(ids["tmdb"])

    def in_library(self, title: str, **show: Any) -> None:
        """The Plex server has the show, with its own TMDB id."""
        guids = [f"tmdb://{payloads.show_ids(title)['tmdb']}"]
        known = {"guid": payloads.show_guid(title), "guids": guids, "seasons": {1: 8, 2: 8}}
        self.plex.add_show(payloads.rating_key("show", title), title, **(known | show))

    def scrobbles(self, message: dict[str, Any]) -> int:
        """The log row of a message that has to be looked up."""
        answer = self.appliance.send(message)
        assert (answer.status_code, answer.json()["status"]) == (202, "pending"), answer.text
        return int(answer.json()["log_id"])

    def decided(self, log_id: int, seconds: float = 20) -> dict[str, Any]:
        """The log row when it does not wait any more."""
        deadline = time.monotonic() + seconds
        while (row := self.row(log_id))["status"] == "pending":
            assert time.monotonic() < deadline, row["trace"]
            time.sleep(0.02)
        return row

    def row(self, log_id: int) -> dict[str, Any]:
        row: dict[str, Any] = self.appliance.call("GET", f"/api/plex/logs/{log_id}")
        return row

    def show(self, tvshow_id: int) -> dict[str, Any]:
        show: dict[str, Any] = self.appliance.call("GET", f"/api/shows/{tvshow_id}")
        return show


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    directory = Path(tempfile.mkdtemp(prefix="tellykeep-test-"))
    with FakeTmdb() as tmdb, FakePlex() as plex:
        appliance = Appliance(directory, {"TMDB_URL": tmdb.url, "TMDB_API_KEY": KEY})
        try:
            appliance.start()
            appliance.add_user()
            connection = {"plex_token": TOKEN, "plex_server_url": plex.url, "plex_server_uuid": plex.uuid}
            appliance.call("POST", "/api/plex/config", connection)
            yield World(appliance, tmdb, plex)
        finally:
            if appliance.process is not None and appliance.process.poll() is None:
                appliance.stop()
            shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(autouse=True)
def whole_again(world: World) -> Iterator[None]:
    """Each test begins with servers that answer."""
    yield
    world.tmdb.heal()
    world.plex.heal()
    # As entering a token does: who was down is asked again at once.
    world.appliance.call("POST", "/api/plex/config", {"plex_token": TOKEN})


def an_episode_of(title: str) -> dict[str, Any]:
    return payloads.episode_with_tvdb_only(grandparentTitle=title, parentIndex=2, index=3)


def test_an_unknown_show_is_added_and_marked_and_the_next_episode_is_marked_at_once(world: World) -> None:
    world.knows("Harbour Lights")
    world.in_library("Harbour Lights")
    row = world.decided(world.scrobbles(an_episode_of("Harbour Lights")))
    assert (row["status"], row["action_taken"]) == ("success", "added_show")
    show = world.show(row["tvshow_id"])
    assert (show["source"], show["total_episodes"], show["watched_episodes"]) == ("plex", 16, 1)
    assert next(step["service"] for step in row["trace"] if step["step"] == "asked") == "plex"
    next_one = payloads.episode(grandparentTitle="Harbour Lights", parentIndex=2, index=4)
    assert answer_of(world.appliance.send(next_one)) == ("success", "marked_watched")
    (mapping,) = world.appliance.call("GET", "/api/plex/mappings?q=Harbour")["mappings"]
    assert (mapping["match_method"], mapping["match_confidence"]) == ("plex_lookup", 0.95)


def test_a_new_agents_episode_with_its_tvdb_id_only_finds_the_show_of_the_tracker(world: World) -> None:
    title = "Nightwatch"
    tmdb_id = world.knows(title)
    body = {"title": "Nattevagten", "tmdb_id": tmdb_id, "seasons": [_season(2, 8)]}
    show = world.appliance.call("POST", "/api/shows", body)["id"]
    row = world.decided(world.scrobbles(an_episode_of(title)))
    assert (row["status"], row["action_taken"], row["tvshow_id"]) == ("success", "marked_watched", show)


def test_no_guid_at_all_and_a_local_item_in_a_known_show(world: World) -> None:
    world.knows("Two Rivers")
    world.in_library("Two Rivers")
    message = payloads.episode_without_guids(grandparentTitle="Two Rivers", parentIndex=1, index=1)
    row = world.decided(world.scrobbles(message))
    assert row["action_taken"] == "added_show"
    local = payloads.unmatched_in_known_show(grandparentTitle="Two Rivers", parentIndex=1, index=2)
    assert answer_of(world.appliance.send(local)) == ("success", "marked_watched")


def test_hama_anidb_goes_by_title_and_year_of_the_plex_server(world: World) -> None:
    title = "Umi no Kioku"
    guid = f"com.plexapp.agents.hama://anidb-{payloads.show_ids(title)['anidb']}?lang=en"
    world.in_library(title, guid=guid, guids=[], year=2021)
    world.knows(title, first_air_date="2021-07-04")
    row = world.decided(world.scrobbles(payloads.hama_anidb(grandparentTitle=title, index=3)))
    assert (row["status"], row["action_taken"]) == ("success", "added_show")


def test_colliding_ids_map_no_show(world: World) -> None:
    message = an_episode_of("Colliding")
    tvdb = payloads.episode_ids("Colliding", 2, 3)["tvdb"]
    world.tmdb.add_show(777, "Unrelated series", tvdb_id=tvdb, seasons={2: 8})
    world.tmdb.add_show(778, "Unrelated episode", seasons={5: [{"tvdb_id": tvdb}]})
    for tmdb_id in (777, 778):
        world.appliance.call(
            "POST", "/api/shows", {"title": f"Show {tmdb_id}", "tmdb_id": tmdb_id, "seasons": [_season(2, 8)]}
        )
    row = world.decided(world.scrobbles(message))
    assert row["status"] == "conflict"
    shows = world.appliance.call("GET", "/api/shows?limit=100")["shows"]
    assert [show["watched_episodes"] for show in shows if show["tmdb_id"] in (777, 778)] == [0, 0]


@pytest.mark.parametrize(
    ("what", "failure"),
    [
        ("401", failures.status(401)),
        ("404", failures.status(404)),
        ("429", failures.status(429, retry_after=1)),
        ("500", failures.status(500)),
        ("malformed JSON", failures.malformed()),
        ("HTML", failures.html()),
    ],
)
def test_whatever_the_plex_server_answers_tmdb_knows_the_episode(
    world: World, what: str, failure: failures.Failure
) -> None:
    title = f"Not in Plex {what}"
    world.knows(title)
    world.plex.fail("*", failure)
    row = world.decided(world.scrobbles(an_episode_of(title)))
    assert (row["status"], row["action_taken"]) == ("success", "added_show")
    if what == "401":
        assert world.appliance.call("GET", "/api/plex/config")["plex_token_rejected_at"] is not None
        world.plex.heal()
        world.appliance.call("POST", "/api/plex/config", {"plex_token": TOKEN})
        assert world.appliance.call("GET", "/api/plex/config")["plex_token_rejected_at"] is None


def test_auto_add_off_asks_with_tmdbs_show_as_candidate(world: World) -> None:
    world.appliance.call("POST", "/api/plex/config", {"auto_add_shows": False})
    tmdb_id = world.knows("Asked About")
    row = world.decided(world.scrobbles(an_episode_of("Asked About")))
    assert row["status"] == "conflict"
    conflicts = world.appliance.call("GET", "/api/plex/conflicts?limit=100")["conflicts"]
    (conflict,) = [c for c in conflicts if c["id"] == row["conflict_id"]]
    assert (conflict["conflict_type"], conflict["potential_matches"][0]["tmdb_id"]) == ("no_match", tmdb_id)
    world.appliance.call("POST", "/api/plex/config", {"auto_add_shows": True})


def test_while_tmdb_is_down_events_wait_and_all_are_applied_when_it_is_back_without_a_manual_step(world: World) -> None:
    world.tmdb.fail("*", failures.status(503))
    titles = [f"Outage {number}" for number in range(10)]
    waiting = []
    for title in titles:
        world.knows(title)
        world.in_library(title)
        waiting.append(world.scrobbles(an_episode_of(title)))
    time.sleep(3)
    assert {world.row(log_id)["status"] for log_id in waiting} == {"pending"}
    # The first question, and no other one before the next probe.
    assert world.tmdb.count() <= 60
    asked = [step for log_id in waiting for step in world.row(log_id)["trace"] if step.get("status") == 503]
    assert len(asked) <= 4

    world.tmdb.heal()
    back = time.monotonic()
    rows = [world.decided(log_id, 60) for log_id in waiting]
    assert [row["action_taken"] for row in rows] == ["added_show"] * 10
    assert time.monotonic() - back < 60


def test_after_kill_9_in_the_middle_of_a_look_up_it_is_taken_up_again(world: World) -> None:
    title = "Killed"
    world.knows(title)
    world.in_library(title)
    world.plex.fail("*", failures.slow(6), times=1)
    before = len(world.plex.requests)
    log_id = world.scrobbles(an_episode_of(title))
    deadline = time.monotonic() + 20
    while len(world.plex.requests) == before:
        assert time.monotonic() < deadline, world.row(log_id)
        time.sleep(0.01)
    world.appliance.kill()
    world.appliance.start()
    row = world.decided(log_id, 60)
    assert (row["status"], row["action_taken"]) == ("success", "added_show")
    assert world.show(row["tvshow_id"])["watched_episodes"] == 1


def _season(number: int, episodes: int) -> dict[str, Any]:
    return {"seasonNumber": number, "episodes": [{"episodeNumber": n} for n in range(1, episodes + 1)]}


def test_fifty_events_while_tmdb_is_down_and_all_of_them_within_a_minute_of_its_return(outage: World) -> None:
    """Twenty of shows that are mapped, twenty of shows that must be looked up, ten of shows that must be added."""
    mapped = [f"Mapped {n}" for n in range(4)]
    known = [f"Known to TMDB {n}" for n in range(20)]
    new = [f"New to everybody {n}" for n in range(10)]
    for title in mapped:
        outage.appliance.call("POST", "/api/shows", {"title": title, "seasons": [_season(2, 8)]})
        assert answer_of(outage.appliance.send(an_episode_of(title)))[0] in ("success", "pending")
    for title in known:
        # By another name, so that only the id of the episode leads to it.
        body = {"title": f"Otherwise {title}", "tmdb_id": outage.knows(title), "seasons": [_season(2, 8)]}
        outage.appliance.call("POST", "/api/shows", body)
    for title in new:
        outage.knows(title)
    deadline = time.monotonic() + 30
    while outage.appliance.call("GET", "/api/plex/logs?status=pending")["logs"]:
        assert time.monotonic() < deadline
        time.sleep(0.1)

    outage.tmdb.fail("*", failures.status(503))
    for title in mapped:
        for number in range(4, 9):
            message = payloads.episode_with_tvdb_only(grandparentTitle=title, parentIndex=2, index=number)
            assert answer_of(outage.appliance.send(message)) == ("success", "marked_watched")
    waiting = [outage.scrobbles(an_episode_of(title)) for title in (*known, *new)]
    time.sleep(5)
    assert {outage.row(log_id)["status"] for log_id in waiting} == {"pending"}

    outage.tmdb.heal()
    back = time.monotonic()
    rows = [outage.decided(log_id, 60) for log_id in waiting]
    assert time.monotonic() - back < 60
    assert [row["action_taken"] for row in rows] == ["marked_watched"] * 20 + ["added_show"] * 10
    assert len({row["tvshow_id"] for row in rows}) == 30
    shows = {show["id"]: show["watched_episodes"] for show in _all_shows(outage.appliance)}
    assert [shows[row["tvshow_id"]] for row in rows] == [1] * 30
    # The one that mapped it, and the five of the outage.
    assert sorted(shows.values()) == [1] * 30 + [6] * 4
    assert outage.appliance.call("GET", "/api/plex/conflicts")["conflicts"] == []


@pytest.fixture
def outage() -> Iterator[World]:
    """Without a Plex server to ask: TMDB is all that there is."""
    directory = Path(tempfile.mkdtemp(prefix="tellykeep-test-"))
    with FakeTmdb() as tmdb, FakePlex() as plex:
        appliance = Appliance(directory, {"TMDB_URL": tmdb.url, "TMDB_API_KEY": KEY})
        try:
            appliance.start()
            appliance.add_user()
            yield World(appliance, tmdb, plex)
        finally:
            if appliance.process is not None and appliance.process.poll() is None:
                appliance.stop()
            shutil.rmtree(directory, ignore_errors=True)


def _all_shows(appliance: Appliance) -> list[dict[str, Any]]:
    shows: list[dict[str, Any]] = appliance.call("GET", "/api/shows?limit=200")["shows"]
    return shows
