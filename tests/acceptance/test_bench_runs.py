"""The benchmark runs and its database holds what was answered. How fast it was is no matter here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.timeout(300)
def test_it_measures_everything_and_nothing_of_what_was_answered_is_lost() -> None:
    command = [
        sys.executable,
        "-m",
        "bench.webhook",
        "--seconds=1",
        "--runs=1",
        "--shows=10",
        "--log-rows=200",
        "--json",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["connections"].keys() == {"1", "8"}
    for measured in found["connections"].values():
        assert measured["errors"] == 0
        for figure in ("webhook", "parse_only", "commits", "ratio", "p50_ms", "p99_ms", "max_ms"):
            assert measured[figure][0] > 0, figure
    kept = found["kept"]
    assert kept["answered"] > 0
    assert {kept[name] for name in ("logged", "plays", "watched", "recounted")} == {kept["answered"]}
    assert found["memory"]["application"]["rss"] > 0
    assert found["queries_ms"].keys() == {"activity list", "show list", "show"}
    assert {kind: log["rows"] for kind, log in found["log"].items()} == {"viewings": 200, "scrobbles": 200}


@pytest.mark.timeout(300)
def test_retention_is_measured_with_every_page_and_deletes_what_is_old_and_no_viewing() -> None:
    command = [sys.executable, "-m", "bench.retention", "--rows", "12000", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)

    assert done.returncode in (0, 1), done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    log = json.loads(done.stdout)["logs"]["12000"]
    # A row every 864 seconds: of 12,000, those older than 90 days are 3,000.
    assert log["retention"]["deleted"] == pytest.approx(3000, abs=2)
    assert log["retention"]["rows_after"] == 12000 - log["retention"]["deleted"]
    assert {"/", "/activity", "/api/plex/logs", "/api/plex/stats?days=30", "/metrics"} <= log["pages"].keys()
    for figures in log["pages"].values():
        assert figures["median_ms"] > 0
        assert figures["limit_ms"] > 0
    assert log["backup"]["rows"] > 12000


@pytest.mark.parametrize(
    ("bench", "option"), [("webhook", "--seconds"), ("retention", "--rows"), ("slow_clients", "--seconds")]
)
def test_it_says_how_it_is_called(bench: str, option: str) -> None:
    command = [sys.executable, f"bench/{bench}.py", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stderr
    assert option in done.stdout


@pytest.mark.timeout(300)
def test_every_page_of_the_url_map_is_measured_and_none_is_heavy() -> None:
    command = [sys.executable, "-m", "bench.pages", "--shows", "20", "--rows", "1000", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)

    assert done.returncode in (0, 1), done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    found = json.loads(done.stdout)
    pages = {page["path"]: page for page in found["pages"]}
    assert {
        "/",
        "/figures",
        "/activity",
        "/conflicts",
        "/mappings",
        "/shows",
        "/settings/plex",
        "/sign-in",
    } <= pages.keys()
    for page in pages.values():
        # How long it took is no matter here.
        assert page["problem"] in ("", "longer than 150 ms"), page
        assert page["median_ms"] > 0, page
        assert 0 < page["page_bytes"] < 100 * 1024, page
