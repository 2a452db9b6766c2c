"""The threads that look pending events up: woken at once, stopped soon, and not stopped by anything else."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from app.db.queries import queries
from app.sync import worker as module
from app.sync.worker import LookUpWorker
from tests import payloads
from tests.fakes import failures
from tests.integration.household import Household
from tests.watch_state import log_row, value

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def working(household: Household) -> Iterator[LookUpWorker]:
    """Four threads at work."""
    worker = LookUpWorker(household.services)
    worker.start()
    yield worker
    worker.stop()


def eventually(happened: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.01)


def status(household: Household, log_id: int) -> str:
    return str(log_row(household.conn, log_id)["status"])


def test_an_event_that_came_in_is_looked_up_at_once(household: Household, working: LookUpWorker) -> None:
    household.plex_has()
    household.tmdb_has()
    time.sleep(0.3)
    started = time.monotonic()
    sent = household.sends()
    eventually(lambda: status(household, sent.log_id) == "success")
    # Sooner than the next poll would find it.
    assert time.monotonic() - started < module.POLL_SECONDS * 0.75


def test_what_another_process_leaves_pending_is_found_by_polling(household: Household, working: LookUpWorker) -> None:
    household.plex_has()
    household.tmdb_has()
    household.conn.execute("update plex_config set auto_add_shows = false")
    sent = household.sends()
    eventually(lambda: status(household, sent.log_id) == "conflict")
    household.conn.execute("update plex_config set auto_add_shows = true")
    queries().look_up_again(household.conn, user_id=household.user_id)
    eventually(lambda: status(household, sent.log_id) == "success")


def test_a_slow_answer_for_one_show_does_not_hold_the_others(household: Household, working: LookUpWorker) -> None:
    household.plex_has()
    slow = household.plex_has("Nightwatch")
    household.tmdb_has()
    household.plex.fail(f"/library/metadata/{slow}", failures.slow(5))
    first = household.sends(payloads.episode(grandparentTitle="Nightwatch"))
    second = household.sends()
    started = time.monotonic()
    eventually(lambda: status(household, second.log_id) == "success")
    assert time.monotonic() - started < 4
    assert status(household, first.log_id) == "pending"


def test_stopping_does_not_wait_for_a_server_and_frees_what_was_asked(household: Household) -> None:
    worker = LookUpWorker(household.services)
    worker.start()
    household.plex_has()
    household.plex.fail("*", failures.slow(8))
    sent = household.sends()
    eventually(lambda: household.plex.requests)
    started = time.monotonic()
    worker.stop()
    assert time.monotonic() - started < 4
    assert value(household.conn, "select claimed_until <= now() as free from plex_webhook_logs") is True
    assert status(household, sent.log_id) == "pending"


def test_a_lease_is_renewed_while_somebody_is_slow(household: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RENEW_SECONDS", 0.1)
    worker = LookUpWorker(household.services)
    worker.start()
    household.plex_has()
    household.tmdb_has()
    household.plex.fail("*", failures.slow(2))
    sent = household.sends()
    claimed = "select claimed_until as at from plex_webhook_logs"
    eventually(lambda: household.plex.requests)
    first = value(household.conn, claimed)
    eventually(lambda: value(household.conn, claimed) > first)
    worker.stop()
    assert sent.status == "pending"


def test_a_database_that_goes_away_does_not_end_the_threads(household: Household, working: LookUpWorker) -> None:
    household.plex_has()
    household.tmdb_has()
    pool = household.services.db._pool
    household.services.db._pool = None
    household.services.worker.wake()
    time.sleep(0.2)
    household.services.db._pool = pool
    sent = household.sends()
    eventually(lambda: status(household, sent.log_id) == "success")
