"""PostgreSQL away, frozen, or not there yet: what is answered 2xx meanwhile is applied once it is back."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import psycopg
import pytest
import requests

from tests.acceptance.appliance import Appliance
from tests.acceptance.database import OtherPostgres, freeze, postmaster_of, thaw
from tests.acceptance.stream import SHOWS, add_shows, check_applied, order_of, send, settle, stream

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def beside(appliance: Appliance, postgres: OtherPostgres) -> Appliance:
    """An appliance on a PostgreSQL that others look after, with the user `sam`."""
    appliance.environment |= postgres.environment()
    appliance.start()
    appliance.add_user()
    return appliance


def healthcheck(appliance: Appliance) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, ROOT / "healthcheck.py"],
        env=appliance.variables(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return done.returncode, done.stdout.strip()


def ready(appliance: Appliance) -> tuple[int, dict[str, object]]:
    answer = requests.get(f"{appliance.address}/readyz", timeout=15)
    return answer.status_code, answer.json()


@pytest.mark.timeout(240)
def test_five_seconds_without_postgresql_lose_none_of_300_events_and_keep_their_order(
    beside: Appliance, postgres: OtherPostgres
) -> None:
    shows = add_shows(beside, 75)

    with stream(beside, per_second=20, seconds=15) as sender:
        sender.until(5)
        postgres.stop()
        sender.until(10)
        postgres.start()
        sent = sender.all_sent()
    settle(beside)

    assert [one.status for one in sent if not one.is_taken] == []
    assert {one.answer["action"] for one in sent} == {"marked_watched", "spooled"}
    assert max(one.seconds for one in sent) < 3
    rows = check_applied(beside, sent, shows)
    assert len(rows) == 300
    for show in SHOWS:
        assert order_of(rows, show) == list(range(1, 76))
    assert {row["source"] for row in rows} == {"webhook", "spool"}


def test_while_it_is_away_the_answer_is_202_and_the_healthcheck_says_why(
    beside: Appliance, postgres: OtherPostgres
) -> None:
    shows = add_shows(beside, 5)
    began = time.time()
    postgres.stop()

    sent = [send(beside, "Amber", number) for number in (1, 2, 3)]
    wrong = beside.post(b"{}", "application/json", url=beside.webhook_url[:-4] + "0000")

    assert [(one.status, one.answer) for one in sent] == [(202, {"status": "pending", "action": "spooled"})] * 3
    assert wrong.status_code == 401
    code, said = ready(beside)
    assert (code, said["status"], said["spooled"]) == (200, "degraded", 3)
    assert "database" in str(said["reason"])
    exit_code, line = healthcheck(beside)
    assert exit_code == 1
    assert "degraded (200)" in line
    assert "\n" not in line
    spool = beside.directory / "data" / "spool"
    assert [stat.S_IMODE(path.stat().st_mode) for path in spool.glob("*.spool")] == [0o600]

    postgres.start()
    settle(beside)

    rows = check_applied(beside, sent, shows)
    assert {row["source"] for row in rows} == {"spool"}
    assert all(abs(_seconds(row["created_at"]) - began) < 30 for row in rows)
    assert healthcheck(beside) == (0, "ok")
    assert list(spool.glob("*.spool")) == []


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


def test_a_frozen_postgresql_holds_nobody_up_and_what_it_may_have_committed_is_applied_once(
    beside: Appliance, postgres: OtherPostgres
) -> None:
    shows = add_shows(beside, 40)

    with stream(beside, per_second=20, seconds=8) as sender:
        sender.until(1)
        freeze(postgres.postmaster)
        try:
            sender.until(3)
            code, said = ready(beside)
            sender.until(5)
        finally:
            thaw(postgres.postmaster)
        sent = sender.all_sent()
    settle(beside)

    assert (code, said["status"]) == (200, "degraded")
    assert [one.status for one in sent if not one.is_taken] == []
    assert max(one.seconds for one in sent) < 3
    assert "spooled" in {one.answer["action"] for one in sent}
    rows = check_applied(beside, sent, shows)
    for show in SHOWS:
        assert order_of(rows, show) == list(range(1, 41))


def test_the_embedded_postgresql_frozen_and_then_killed_costs_nothing_either(appliance: Appliance) -> None:
    appliance.start()
    appliance.add_user()
    shows = add_shows(appliance, 10)
    taken = [send(appliance, "Amber", 1)]
    postmaster = postmaster_of(appliance.directory / "data" / "postgres")

    freeze(postmaster)
    try:
        taken += [send(appliance, "Amber", number) for number in (2, 3)]
    finally:
        thaw(postmaster)
    os.kill(postmaster, signal.SIGQUIT)
    taken += [send(appliance, "Amber", number) for number in (4, 5)]
    settle(appliance)

    assert [one.is_taken for one in taken] == [True] * 5
    assert order_of(check_applied(appliance, taken, shows), "Amber") == [1, 2, 3, 4, 5]


def test_a_start_without_postgresql_takes_webhooks_by_the_hashes_in_the_data_directory(
    beside: Appliance, postgres: OtherPostgres
) -> None:
    shows = add_shows(beside, 5)
    old_url = beside.webhook_url
    beside.webhook_url = beside.call("POST", "/api/plex/config/rotate-secret")["webhook_url"]
    beside.stop()
    postgres.stop()

    hashes = beside.directory / "data" / "webhook.hashes"
    assert stat.S_IMODE(hashes.stat().st_mode) == 0o600
    for url in (old_url, beside.webhook_url):
        assert url.rpartition("=")[2] not in hashes.read_text()
    beside.start(wait=False)
    beside.wait_until_it_listens()

    sent = [send(beside, "Amber", 1), send(beside, "Amber", 2)]
    new_url, beside.webhook_url = beside.webhook_url, old_url
    sent.append(send(beside, "Amber", 3))
    wrong = send_to(beside, new_url[:-4] + "0000")
    beside.webhook_url = new_url

    assert [(one.status, one.answer["action"]) for one in sent] == [(202, "spooled")] * 3
    assert wrong == 401
    code, said = ready(beside)
    assert (code, said["status"]) == (200, "degraded")
    postgres.start()
    settle(beside)
    assert order_of(check_applied(beside, sent, shows), "Amber") == [1, 2, 3]


def test_before_the_first_migration_ever_nothing_can_be_promised(appliance: Appliance) -> None:
    appliance.environment["DATABASE_URL"] = "postgresql://nobody:secret-word@127.0.0.1:1/nothing"
    appliance.start(wait=False)
    appliance.wait_until_it_listens()

    response = requests.post(f"{appliance.address}/api/plex/webhook?secret=x", json={"event": "media.play"}, timeout=10)

    assert (response.status_code, response.headers["Retry-After"]) == (503, "10")
    code, said = ready(appliance)
    assert (code, said["status"]) == (503, "starting")


def test_postgresql_that_restarts_in_the_middle_of_a_migration_is_migrated_and_loses_nothing(
    beside: Appliance, postgres: OtherPostgres
) -> None:
    shows = add_shows(beside, 5)
    beside.stop()
    # The migration gets as far as reading what was applied before.
    blocker = psycopg.connect(postgres.urls.owner_url)
    blocker.execute("lock table tracker.schema_migrations in access exclusive mode")
    beside.start(wait=False)
    beside.wait_until_it_listens()
    wait_until_migrating(postgres)
    sent = [send(beside, "Amber", 1)]
    postgres.crash()
    blocker.close()
    sent.append(send(beside, "Amber", 2))
    postgres.start()
    settle(beside)
    sent.append(send(beside, "Amber", 3))

    assert [one.status for one in sent] == [202, 202, 200]
    assert order_of(check_applied(beside, sent, shows), "Amber") == [1, 2, 3]


def test_an_event_that_waits_for_a_lock_is_not_held_up_longer_than_its_second(
    beside: Appliance, postgres: OtherPostgres
) -> None:
    shows = add_shows(beside, 5)
    sent = [send(beside, "Amber", 1)]
    with psycopg.connect(postgres.urls.owner_url) as blocker:
        blocker.execute("select * from tracker.tvshows for update")
        sent.append(send(beside, "Amber", 2))
        sent.append(send(beside, "Amber", 3))
    settle(beside)

    assert [one.answer["action"] for one in sent] == ["marked_watched", "spooled", "spooled"]
    assert sent[1].seconds < 1.5
    assert order_of(check_applied(beside, sent, shows), "Amber") == [1, 2, 3]
    assert beside.output.count("level=error") == 0


def wait_until_migrating(postgres: OtherPostgres) -> None:
    waiting = "select count(*) from pg_stat_activity where application_name = 'tellykeep migrate' and wait_event_type = 'Lock'"
    deadline = time.monotonic() + 30
    with psycopg.connect(postgres.urls.owner_url, autocommit=True) as connection:
        while (row := connection.execute(waiting).fetchone()) is None or row[0] == 0:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def send_to(appliance: Appliance, url: str) -> int:
    return appliance.post(b'{"event": "media.play"}', "application/json", url=url).status_code
