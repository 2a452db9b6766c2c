"""What was marked watched by hand in Plex, found in its library."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from app.jobs.catch_up import LIBRARY, history_job
from app.jobs.running import Result, run_job
from app.plex.events import parse_event
from app.sync.library_state import sync_library
from app.sync.receive import receive
from tests import payloads
from tests.integration.household import Household
from tests.scrobbles import scrobble
from tests.watch_state import episode_entry, plays, value

SHOW = payloads.SHOW
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def home(household: Household) -> Household:
    """A mapped show of which S01E01 was watched; the server knows of that."""
    household.plex_has()
    household.has()
    event = parse_event(scrobble(SHOW, 1, 1, at=NOW - timedelta(days=9)))
    receive(household.services, household.user_id, event, received_at=NOW - timedelta(days=9))
    household.worker.work_off()
    mark_in_plex(household, 1, NOW - timedelta(days=9))
    return household


@pytest.fixture
def synced(home: Household) -> Callable[[], Result]:
    def sync() -> Result:
        result = run_job(home.services, LIBRARY, history_job(sync_library, home.user_id), user_id=home.user_id)
        assert result is not None
        return result

    return sync


def mark_in_plex(home: Household, episode: int, at: datetime | None) -> None:
    known = home.plex.episodes[payloads.rating_key("show", SHOW)][episode - 1]
    known["viewCount"] = 1
    if at is not None:
        known["lastViewedAt"] = int(at.timestamp())


def show_id(home: Household) -> int:
    found: int = value(home.conn, "select id from tvshows where user_id = %s", (home.user_id,))
    return found


def test_an_episode_that_was_marked_in_plex_is_marked_here_once_at_that_time(
    home: Household, synced: Callable[[], Result]
) -> None:
    mark_in_plex(home, 3, NOW - timedelta(days=2))
    report = synced()
    assert [(row["episode"], row["watched_at"]) for row in plays(home.conn, show_id(home))] == [
        (1, NOW - timedelta(days=9)),
        (3, NOW - timedelta(days=2)),
    ]
    assert (report["shows"], report["found"], report["recovered"]) == (1, 1, 1)
    ((found),) = report["episodes"]
    assert (found["tvshow_id"], found["season"], found["episode"]) == (show_id(home), 1, 3)
    assert synced()["found"] == 0
    assert len(plays(home.conn, show_id(home))) == 2


def test_nothing_is_ever_unwatched(home: Household, synced: Callable[[], Result]) -> None:
    for known in home.plex.episodes[payloads.rating_key("show", SHOW)]:
        known.pop("viewCount", None)
        known.pop("lastViewedAt", None)
    report = synced()
    assert report["not_watched_in_plex"] == 1
    assert episode_entry(home.conn, show_id(home), 1, 1)["watched"] is True


def test_what_was_unmarked_here_stays_so(home: Household, synced: Callable[[], Result]) -> None:
    mark_in_plex(home, 3, NOW - timedelta(days=2))
    synced()
    home.conn.execute("select set_watched(%s, %s, 1, 3, false)", (home.user_id, show_id(home)))
    synced()
    assert episode_entry(home.conn, show_id(home), 1, 3)["watched"] is False


def test_without_a_date_it_is_only_reported(home: Household, synced: Callable[[], Result]) -> None:
    mark_in_plex(home, 3, None)
    report = synced()
    assert (report["found"], report["undated"]) == (0, 1)
    assert len(plays(home.conn, show_id(home))) == 1


def test_a_show_that_the_server_lost_costs_the_others_nothing(home: Household, synced: Callable[[], Result]) -> None:
    home.plex.shows.clear()
    assert synced()["gone"] == 1


def test_a_library_that_was_rebuilt_is_found_again_after_the_shows_next_event(
    home: Household, synced: Callable[[], Result]
) -> None:
    """It gives each show another rating key; the GUID stays."""
    old = payloads.rating_key("show", SHOW)
    home.plex.shows["90001"] = home.plex.shows.pop(old) | {"ratingKey": "90001"}
    home.plex.episodes["90001"] = home.plex.episodes.pop(old)
    assert synced()["gone"] == 1
    event = parse_event(scrobble(SHOW, 1, 2, at=NOW - timedelta(days=4), grandparentRatingKey="90001"))
    receive(home.services, home.user_id, event, received_at=NOW - timedelta(days=4))
    home.plex.episodes["90001"][2] |= {"viewCount": 1, "lastViewedAt": int((NOW - timedelta(days=2)).timestamp())}
    report = synced()
    assert (report["shows"], report["gone"], report["recovered"]) == (1, 0, 1)
    assert episode_entry(home.conn, show_id(home), 1, 3)["watched"] is True


def test_a_later_row_of_the_history_is_the_same_viewing(home: Household, synced: Callable[[], Result]) -> None:
    from app.jobs.catch_up import CATCH_UP
    from app.sync.history import catch_up

    at = NOW - timedelta(days=1)
    mark_in_plex(home, 3, at)
    synced()
    home.plex.watched(payloads.rating_key("show", SHOW), 1, 3, int(at.timestamp()))
    run_job(home.services, CATCH_UP, history_job(catch_up, home.user_id), user_id=home.user_id)
    assert [row["episode"] for row in plays(home.conn, show_id(home)) if row["voided_at"] is None] == [1, 3]
