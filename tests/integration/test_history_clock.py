"""When the history is read: after the start, by the clock, on demand, after refused webhooks; and imports that are wanted."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from app.jobs.catch_up import HistoryClock
from app.tracker.history import start_catch_up, start_import
from tests import payloads
from tests.conftest import Connection
from tests.fakes.failures import status
from tests.integration.household import Household
from tests.watch_state import one, value

HISTORY = "/status/sessions/history/all"


@pytest.fixture
def home(household: Household) -> Household:
    household.plex_has()
    household.has()
    return household


@pytest.fixture
def clock(home: Household) -> Iterator[HistoryClock]:
    """That of a process which has just started."""
    leaving = threading.Event()
    yield HistoryClock(home.services, leaving)
    leaving.set()


def time_goes_by(conn: Connection, **span: float) -> None:
    conn.execute("update job_runs set started_at = started_at - %s", (timedelta(**span),))


def runs(conn: Connection, kind: str = "catch_up") -> list[str]:
    rows = conn.execute("select status from job_runs where kind = %s order by id", (kind,))
    return [row["status"] for row in rows]


def test_it_is_read_after_the_start_and_then_hourly(home: Household, clock: HistoryClock) -> None:
    clock.catch_up()
    clock.catch_up()
    assert runs(home.conn) == ["success"]
    time_goes_by(home.conn, minutes=59)
    clock.catch_up()
    assert len(runs(home.conn)) == 1
    time_goes_by(home.conn, minutes=1)
    clock.catch_up()
    assert len(runs(home.conn)) == 2


def test_a_clock_that_was_set_back_does_not_put_it_off(home: Household, clock: HistoryClock) -> None:
    clock.catch_up()
    time_goes_by(home.conn, minutes=-90)
    clock.catch_up()
    clock.catch_up()
    assert runs(home.conn) == ["success", "success"]


def test_it_is_read_after_every_start(home: Household, clock: HistoryClock) -> None:
    clock.catch_up()
    time_goes_by(home.conn, minutes=1)
    HistoryClock(home.services, threading.Event()).catch_up()
    assert len(runs(home.conn)) == 2


def test_the_interval_can_be_a_minute(home: Household, clock: HistoryClock) -> None:
    home.conn.execute("update settings set history_poll_minutes = 1")
    clock.catch_up()
    for seconds, expected in ((50, 1), (10, 2), (59, 2), (1, 3)):
        time_goes_by(home.conn, seconds=seconds)
        clock.catch_up()
        assert len(runs(home.conn)) == expected


def test_it_is_read_on_demand(home: Household, clock: HistoryClock) -> None:
    clock.catch_up()
    time_goes_by(home.conn, minutes=1)
    start_catch_up(home.services, home.user_id)
    clock.catch_up()
    clock.catch_up()
    assert len(runs(home.conn)) == 2


def test_a_server_that_is_away_is_tried_again_sooner_and_its_return_wakes_what_waits(
    home: Household, clock: HistoryClock
) -> None:
    home.plex.fail("*", status(503))
    clock.catch_up()
    assert runs(home.conn) == ["failed"]
    assert value(home.conn, "select count(*) from upstreams where service = 'plex'") == 1
    time_goes_by(home.conn, minutes=9)
    clock.catch_up()
    assert len(runs(home.conn)) == 1
    home.plex.heal()
    time_goes_by(home.conn, minutes=1)
    clock.catch_up()
    assert runs(home.conn) == ["failed", "success"]
    assert value(home.conn, "select count(*) from upstreams where service = 'plex'") == 0


def test_a_token_that_is_refused_is_told_to_the_user_and_not_tried_again(home: Household, clock: HistoryClock) -> None:
    home.plex.token = "another"
    clock.catch_up()
    run = one(home.conn, "select status, error_message from job_runs where kind = 'catch_up'")
    assert run["status"] == "failed"
    assert "does not accept the Plex token" in run["error_message"]
    assert value(home.conn, "select plex_token_rejected_at is not null from plex_config") is True
    time_goes_by(home.conn, minutes=30)
    clock.catch_up()
    assert len(runs(home.conn)) == 1


def test_a_second_replica_does_not_read_the_same(home: Household, clock: HistoryClock) -> None:
    other = HistoryClock(home.services, threading.Event())
    threads = [threading.Thread(target=each.catch_up) for each in (clock, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert runs(home.conn) == ["success"]


def test_before_the_database_is_there_and_without_a_server_nothing_is_read(
    home: Household, clock: HistoryClock
) -> None:
    home.services.readiness.started = False
    clock.catch_up()
    home.services.readiness.started = True
    home.conn.execute("update plex_config set plex_server_url = null")
    clock.catch_up()
    assert runs(home.conn) == []


def test_a_refused_webhook_with_the_right_secret_is_found_in_the_history(
    home: Household, clock: HistoryClock, client: Any
) -> None:
    clock.catch_up()
    time_goes_by(home.conn, minutes=1)
    home.services.settings.webhook_rate_limit = "1 per minute"
    home.services.webhook_secrets.refresh()
    at = int(datetime.now(UTC).timestamp())
    home.plex.watched(payloads.rating_key("show", payloads.SHOW), 1, 1, at - 100)
    home.plex.watched(payloads.rating_key("show", payloads.SHOW), 1, 2, at)
    body, content_type = payloads.multipart(payloads.episode(parentIndex=1, index=1, lastViewedAt=at - 100))
    codes = []
    for _ in range(2):
        codes.append(
            client.post("/api/plex/webhook?secret=secret-of-sam", data=body, content_type=content_type).status_code
        )
    assert codes[1] == requests.codes.too_many_requests
    wrong = client.post("/api/plex/webhook?secret=wrong", data=body, content_type=content_type)
    assert wrong.status_code in (401, 429)
    home.worker.work_off()
    clock.catch_up()
    watched = home.conn.execute("select episode, source from plays where voided_at is null order by episode").fetchall()
    assert [tuple(row.values()) for row in watched] == [(1, "webhook"), (2, "history")]


def test_an_import_that_is_wanted_begins_and_is_not_wanted_afterwards(home: Household, clock: HistoryClock) -> None:
    home.plex.watched(payloads.rating_key("show", payloads.SHOW), 1, 1, 1_500_000_000)
    clock.import_wanted()
    assert runs(home.conn, "history_import") == []
    start_import(home.services, home.user_id)
    clock.import_wanted()
    clock.import_wanted()
    assert runs(home.conn, "history_import") == ["success"]
    assert value(home.conn, "select extract(epoch from watched_at)::integer from plays") == 1_500_000_000


def test_an_import_that_a_process_left_goes_on_in_the_next_one(home: Household, clock: HistoryClock) -> None:
    start_import(home.services, home.user_id)
    home.plex.fail(HISTORY, status(500))
    clock.import_wanted()
    assert runs(home.conn, "history_import") == ["failed"]
    clock.import_wanted()
    assert len(runs(home.conn, "history_import")) == 1, "not again at once"
    home.plex.heal()
    HistoryClock(home.services, threading.Event()).import_wanted()
    assert runs(home.conn, "history_import") == ["failed", "success"]


def test_an_import_with_a_token_that_is_refused_is_not_tried_for_ever(home: Household, clock: HistoryClock) -> None:
    home.plex.token = "another"
    start_import(home.services, home.user_id)
    clock.import_wanted()
    assert value(home.conn, "select history_import_wanted_at from settings") is None
    assert runs(home.conn, "history_import") == ["failed"]


def test_an_import_where_nothing_is_to_be_marked_says_so_and_ends(home: Household, clock: HistoryClock) -> None:
    home.conn.execute("update plex_config set auto_mark_watched = false")
    start_import(home.services, home.user_id)
    clock.catch_up()
    clock.import_wanted()
    assert runs(home.conn) == []
    assert value(home.conn, "select result from job_runs") == {"skipped": "auto_mark_disabled"}
    assert value(home.conn, "select history_import_wanted_at from settings") is None


def test_libraries_are_compared_only_for_those_who_want_it_once_a_day(home: Household, clock: HistoryClock) -> None:
    clock.sync_libraries()
    assert runs(home.conn, "library_state") == []
    home.conn.execute("update settings set sync_library = true")
    clock.sync_libraries()
    HistoryClock(home.services, threading.Event()).sync_libraries()
    assert runs(home.conn, "library_state") == ["success"]
