"""`/api/plex/history`: an import begun and cancelled, how far it is, and what was missed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from app.jobs.catch_up import HistoryClock
from app.services import Services
from tests import payloads
from tests.conftest import Connection
from tests.fakes.plex import FakePlex
from tests.integration.api_client import ApiClient
from tests.watch_state import value

NOW = datetime.now(UTC).replace(microsecond=0)
KEY = "4700"


@pytest.fixture
def sam(ann: ApiClient, fake_plex: FakePlex, use_plex: Callable[..., None], make_show: Callable[..., int]) -> ApiClient:
    """Somebody whose Plex server has a show that the tracker has too."""
    use_plex(ann.user_id)
    make_show(ann.user_id, payloads.SHOW)
    fake_plex.add_show(KEY, payloads.SHOW, seasons={1: 4})
    return ann


@pytest.fixture
def clock(services: Services) -> HistoryClock:
    return HistoryClock(services, threading.Event())


def seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def test_without_a_plex_server_there_is_nothing_to_read(ann: ApiClient) -> None:
    state = ann.call("GET", "/api/plex/history")
    assert (state["connected"], state["import"]["status"], state["catch_up"], state["gaps"]) == (
        False,
        "never",
        None,
        [],
    )
    for path in ("/api/plex/history/import", "/api/plex/history/catch-up"):
        error = ann.call("POST", path, status=422)["error"]
        assert error["code"] == "plex_key_missing"


def test_an_import_begins_and_tells_how_far_it_is_and_what_it_found(
    sam: ApiClient, fake_plex: FakePlex, clock: HistoryClock
) -> None:
    for episode in (1, 2, 3):
        fake_plex.watched(KEY, 1, episode, seconds(NOW - timedelta(days=100 * episode)))
    assert sam.call("POST", "/api/plex/history/import", status=202)["import"]["status"] == "waiting"
    clock.import_wanted()
    state = sam.call("GET", "/api/plex/history")["import"]
    assert (state["status"], state["error"], state["resumes_at"]) == ("success", None, None)
    assert (state["progress"]["read"], state["progress"]["total"], state["result"]["recovered"]) == (3, 3, 3)


def test_a_gap_is_reported_with_what_became_of_it_since(
    sam: ApiClient, fake_plex: FakePlex, clock: HistoryClock, conn: Connection
) -> None:
    times = [NOW - timedelta(hours=hours) for hours in (9, 6, 3)]
    for episode, at in enumerate(times, 1):
        fake_plex.watched(KEY, 1, episode, seconds(at))
    clock.catch_up()
    first, last = (f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in (times[0], times[-1]))
    state = sam.call("GET", "/api/plex/history")
    assert state["catch_up"]["result"]["text"] == f"3 events were missed between {first} and {last}, 3 recovered."
    assert [(gap["missed"], gap["recovered"], gap["waiting"]) for gap in state["gaps"]] == [(3, 3, 0)]

    # What waited then may be recovered by now.
    conn.execute(
        """update job_runs set result = result || '{"waiting": 3, "recovered": 0}';
           update plex_webhook_logs set status = 'pending', action_taken = 'needs_lookup', next_attempt_at = now()
           where plex_episode = 3"""
    )
    (gap,) = sam.call("GET", "/api/plex/history")["gaps"]
    assert (gap["missed"], gap["recovered"], gap["waiting"]) == (3, 2, 1)
    assert gap["text"].endswith("2 recovered, 1 waiting.")


def test_a_run_without_a_gap_is_none(sam: ApiClient, clock: HistoryClock) -> None:
    clock.catch_up()
    state = sam.call("GET", "/api/plex/history")
    assert state["catch_up"]["result"]["text"] == "Nothing was missed."
    assert state["gaps"] == []


def test_an_import_can_be_cancelled_before_it_begins_and_while_it_runs(
    sam: ApiClient, clock: HistoryClock, conn: Connection
) -> None:
    sam.call("POST", "/api/plex/history/import", status=202)
    assert sam.call("DELETE", "/api/plex/history/import")["import"]["status"] == "never"
    clock.import_wanted()
    assert value(conn, "select count(*) from job_runs where kind = 'history_import'") == 0
    conn.execute("select start_job('history_import', %s, 60)", (sam.user_id,))
    assert sam.call("GET", "/api/plex/history")["import"]["status"] == "running"
    state = sam.call("DELETE", "/api/plex/history/import")["import"]
    assert (state["status"], state["error"]) == ("cancelled", "cancelled by the user")


def test_an_import_can_be_begun_anew(sam: ApiClient, conn: Connection) -> None:
    conn.execute(
        "insert into plex_history_positions (user_id, server_uuid, imported_to) values (%s, 'S1', now())",
        (sam.user_id,),
    )
    assert sam.call("POST", "/api/plex/history/import", status=202)["import"]["resumes_at"] is not None
    state = sam.call("POST", "/api/plex/history/import", {"from_start": True}, status=202)["import"]
    assert state["resumes_at"] is None


def test_a_catch_up_can_be_asked_for(sam: ApiClient, services: Services) -> None:
    sam.call("POST", "/api/plex/history/catch-up", status=202)
    assert sam.user_id in services.history


def test_the_interval_and_the_library_are_settings(sam: ApiClient) -> None:
    config = sam.call("GET", "/api/plex/config")
    assert (config["history_poll_minutes"], config["sync_library"]) == (None, False)
    sam.call("POST", "/api/plex/config", {"history_poll_minutes": 1})
    sam.call("POST", "/api/plex/config", {"sync_library": True})
    state = sam.call("GET", "/api/plex/history")
    assert (state["poll_minutes"], state["sync_library"]) == (1, True)
    config = sam.call("POST", "/api/plex/config", {"history_poll_minutes": None})
    assert (config["history_poll_minutes"], config["sync_library"]) == (None, True)
    for minutes in (0, 1441, "often"):
        assert "history_poll_minutes" in sam.refused("POST", "/api/plex/config", {"history_poll_minutes": minutes})


def test_who_counts_now_is_looked_for_in_the_last_month(
    sam: ApiClient, fake_plex: FakePlex, clock: HistoryClock, conn: Connection
) -> None:
    fake_plex.accounts = {1: "alex", 1000: "kim"}
    fake_plex.watched(KEY, 1, 1, seconds(NOW - timedelta(days=20)), account=1000)
    fake_plex.watched(KEY, 1, 2, seconds(NOW - timedelta(days=1)))
    clock.catch_up()
    kim = value(conn, "select id from plex_accounts where title = 'kim'")
    sam.call("POST", "/api/plex/config", {"tracked_accounts": [kim]})
    conn.execute("update job_runs set started_at = started_at - interval '1 minute'")
    clock.catch_up()
    assert [row["episode"] for row in conn.execute("select episode from plays order by watched_at")] == [1, 2]


def test_a_new_token_is_a_reason_to_read(sam: ApiClient, services: Services) -> None:
    sam.call("POST", "/api/plex/config", {"plex_token": "another-token"})
    assert sam.user_id in services.history


def test_what_belongs_to_others_is_not_seen_or_touched(sam: ApiClient, bob: ApiClient, conn: Connection) -> None:
    sam.call("POST", "/api/plex/history/import", status=202)
    assert bob.call("GET", "/api/plex/history")["import"]["status"] == "never"
    bob.call("DELETE", "/api/plex/history/import")
    assert sam.call("GET", "/api/plex/history")["import"]["status"] == "waiting"
