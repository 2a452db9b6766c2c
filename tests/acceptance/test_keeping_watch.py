"""What a monitor sees of a real process: the health check's exit code and line, and the figures."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psycopg
import requests

from app.opening import start_database
from app.settings import load_settings
from tests.acceptance.appliance import Appliance
from tests.acceptance.database import freeze, postmaster_of, thaw
from tests.payloads import episode

PROBE = Path(__file__).parents[2] / "healthcheck.py"


def probe(appliance: Appliance) -> tuple[int, str]:
    """Exit code and line, as Docker runs it."""
    done = subprocess.run(
        [sys.executable, "-IS", PROBE],
        env={"TELLYKEEP_BIND": f"127.0.0.1:{appliance.port}"},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1
    return done.returncode, done.stdout.strip()


def eventually(appliance: Appliance, code: int, words: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        found = probe(appliance)
        if found[0] == code and words in found[1]:
            return
        assert time.monotonic() < deadline, (found, appliance.output)
        time.sleep(0.3)


def run_sql(appliance: Appliance, statement: str) -> None:
    """As the owner, beside the running server."""
    started = start_database(load_settings(data_dir=appliance.directory / "data"))
    try:
        with psycopg.connect(started.owner_url, autocommit=True) as owner:
            owner.execute(statement.encode())
    finally:
        started.stop()


def figure(appliance: Appliance, start: str) -> float:
    """The value of the one line of the figures that begins so."""
    text = requests.get(f"{appliance.address}/metrics", timeout=10).text
    (line,) = (line for line in text.splitlines() if line.startswith(start))
    return float(line.rpartition(" ")[2])


def test_a_server_in_order_is_healthy_and_counts_its_events(appliance: Appliance) -> None:
    appliance.start()
    appliance.add_user()
    assert probe(appliance) == (0, "ok")
    appliance.call(
        "POST",
        "/api/shows",
        {"title": "Long Haul", "seasons": [{"seasonNumber": 1, "episodes": [{"episodeNumber": 1}]}]},
    )
    assert appliance.send(episode(grandparentTitle="Long Haul", parentIndex=1, index=1)).status_code == 200
    taken = 'tellykeep_events_total{event="media.scrobble",outcome="success",source="webhook"}'
    assert figure(appliance, taken) == 1
    assert figure(appliance, "tellykeep_database_up") == 1
    assert figure(appliance, "tellykeep_scheduler_alive") == 1
    assert figure(appliance, "tellykeep_spooled_events") == 0
    assert "apscheduler" not in appliance.output
    jobs = {job["kind"]: job for job in appliance.call("GET", "/api/jobs")["jobs"]}
    assert jobs["retention"]["next_run_at"] is not None


def test_a_week_of_silence_is_said_and_is_healthy(appliance: Appliance) -> None:
    appliance.start()
    appliance.add_user()
    run_sql(appliance, "update tracker.plex_config set created_at = now() - interval '8 days', last_webhook_at = null")
    assert probe(appliance) == (0, "ok; warning: nothing was received for 8 days")


def test_a_disk_that_is_almost_full_is_unhealthy(appliance: Appliance) -> None:
    appliance.environment["DISK_RESERVE_MB"] = "1000000000"
    appliance.start(wait=False)
    eventually(appliance, 1, "degraded (200): the disk is almost full: ")


def test_a_database_that_hangs_is_unhealthy_and_healthy_again_when_it_goes_on(appliance: Appliance) -> None:
    appliance.start()
    appliance.add_user()
    postmaster = postmaster_of(appliance.directory / "data" / "postgres")
    freeze(postmaster)
    try:
        eventually(appliance, 1, "the database does not answer")
        # Prometheus gets an answer all the same.
        assert figure(appliance, "tellykeep_scheduler_alive") == 1
    finally:
        thaw(postmaster)
    eventually(appliance, 0, "ok")
