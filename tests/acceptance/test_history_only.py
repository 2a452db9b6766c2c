"""Without webhooks: forty viewings by the Plex server's history alone, and then their forty webhooks, much too late."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests import payloads
from tests.acceptance.appliance import Appliance
from tests.fakes.plex import TOKEN, FakePlex

SHOWS = ("Harbour Lights", "Nightwatch", "The Long Field", "Cinder Street")
EPISODES = 10
PATIENCE_SECONDS = 90
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def plex() -> Iterator[FakePlex]:
    with FakePlex() as server:
        yield server


@pytest.fixture
def appliance(tmp_path: Path, plex: FakePlex) -> Iterator[Appliance]:
    """Serves somebody whose Plex server is read every minute, and who has the shows."""
    appliance = Appliance(tmp_path)
    appliance.start()
    try:
        appliance.add_user()
        for title in SHOWS:
            seasons = [{"seasonNumber": 1, "episodes": [{"episodeNumber": n, "runtime": 22} for n in range(1, 11)]}]
            appliance.call("POST", "/api/shows", {"title": title, "seasons": seasons})
            plex.add_show(payloads.rating_key("show", title), title, seasons={1: EPISODES})
        appliance.call(
            "POST",
            "/api/plex/config",
            {"plex_server_url": plex.url, "plex_token": TOKEN, "history_poll_minutes": 1},
        )
        yield appliance
    finally:
        appliance.stop()


def viewings() -> list[tuple[str, int, datetime]]:
    """Show, episode and time: an evening of each show, one after the other."""
    return [
        (title, episode, NOW - timedelta(days=20 - 4 * night, minutes=30 * episode))
        for night, title in enumerate(SHOWS)
        for episode in range(1, EPISODES + 1)
    ]


def plays(appliance: Appliance) -> list[tuple[str, int, datetime]]:
    found = []
    for show in appliance.call("GET", "/api/shows")["shows"]:
        for play in appliance.call("GET", f"/api/shows/{show['id']}/plays")["plays"]:
            if play["voided_at"] is None:
                found.append((show["title"], play["episode"], datetime.fromisoformat(play["watched_at"])))
    return sorted(found)


def until(wanted: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not wanted():
        assert time.monotonic() < deadline, what
        time.sleep(0.5)


def test_forty_viewings_by_the_history_alone_and_then_their_late_webhooks(appliance: Appliance, plex: FakePlex) -> None:
    for title, episode, at in viewings():
        plex.watched(payloads.rating_key("show", title), 1, episode, int(at.timestamp()))
    appliance.call("POST", "/api/plex/history/catch-up")
    until(lambda: len(plays(appliance)) == 40, f"{len(plays(appliance))} of 40 plays")
    assert plays(appliance) == sorted(viewings())
    # The report comes when the reading has ended, which is after the last of them.
    until(lambda: appliance.call("GET", "/api/plex/history")["gaps"], "no report")
    gaps = appliance.call("GET", "/api/plex/history")["gaps"]
    assert sum(gap["missed"] for gap in gaps) == 40
    assert sum(gap["recovered"] for gap in gaps) == 40

    for title, episode, at in viewings():
        message = payloads.episode(
            grandparentTitle=title, parentIndex=1, index=episode, lastViewedAt=int(at.timestamp())
        )
        assert appliance.send(message).status_code in (200, 202)
    until(lambda: not appliance.call("GET", "/api/plex/logs?status=pending")["logs"], "webhooks wait for a look-up")
    assert plays(appliance) == sorted(viewings())


def test_an_import_beside_the_server_and_without_it_goes_on_where_it_was(appliance: Appliance, plex: FakePlex) -> None:
    for title, episode, at in viewings():
        plex.watched(payloads.rating_key("show", title), 1, episode, int((at - timedelta(days=900)).timestamp()))
    assert "40 rows read, 40 viewings recorded" in appliance.run("import-history")
    appliance.stop()
    said = appliance.run("import-history", "--user", "sam")
    assert "40 rows read, 0 viewings recorded, 40 known before" in said
    appliance.start()
    assert len(plays(appliance)) == 40
