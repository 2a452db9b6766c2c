"""What a year of use costs, and ten: every page, the daily retention, a backup and a restore, on a log of so many rows.

    uv run python -m bench.retention [--rows 36500 365000] [--json]

Starts the server as it is shipped on throw-away data (embedded PostgreSQL) and fills its log as a household with a hundred
events a day does: viewings of five messages, each with its play. Beside every figure stands the limit that was measured
in the same run: for a page the same page with ten days in the log, for the retention one DELETE of the same rows (which holds
its locks to the end), for a backup the bare COPY of the same tables. Exit code 1 when a time is longer than asked.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
import requests
from pydantic import SecretStr

from app.backup import restore_backup, write_backup
from app.db.queries import queries
from app.jobs.retention import purge
from app.settings import load_settings
from bench.installation import Installation, running_installation
from bench.library import make_library
from bench.year import ROWS, fill, prepare, signed_in

YEARS = (ROWS, 10 * ROWS)
FEW_ROWS = 1000  # ten days: every page is full
ROUNDS = 15
SHOWS = 50
# What is asked of this machine: a page is there at once, a lock is gone before a webhook gives up waiting (a second), and the
# nightly work is done in the night.
ASKED = {"page_ms": 300.0, "batch_ms": 1000.0, "retention_s_per_year": 30.0}

# The API as a page's script or an app asks it, beside the pages themselves.
API = (
    "/api/plex/logs",
    "/api/plex/logs?status=conflict",
    "/api/plex/logs?status=success&event=media.scrobble",
    "/api/plex/stats?days=30",
    "/api/plex/stats?days=365",
    "/api/plex/conflicts",
    "/api/plex/mappings",
    "/api/shows",
    "/metrics",
)

_ONE_DELETE = """
delete from tracker.plex_webhook_logs
where created_at < now() - make_interval(days => %(days)s) and status in ('success', 'ignored', 'duplicate')"""


def main() -> int:
    """Measures, prints, and says whether it was all within what is asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--rows", type=int, nargs="+", default=list(YEARS), help="lengths of the log")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    found = measure(options.rows)
    print(json.dumps(found, indent=1) if options.json else report(found))
    return 0 if all(within for within in found["within"].values()) else 1


def measure(lengths: list[int]) -> dict[str, Any]:
    """All figures, for each length of the log."""
    with running_installation() as installation:
        account = installation.add_account("bench", make_library(SHOWS))
        with psycopg.connect(installation.database.owner_url, autocommit=True) as owner:
            prepare(installation, owner, account)
            get = signed_in(installation, account)
            fill(owner, FEW_ROWS)
            pages = {path: _page_times(get, path) for path in _paths(get)}
            logs = {str(rows): _measure_log(installation, owner, get, list(pages), rows) for rows in lengths}
    for log in logs.values():
        for path, times in log["pages"].items():
            times["limit_ms"] = pages[path]["median_ms"]
            times["ratio"] = round(times["median_ms"] / times["limit_ms"], 2)
    within = {}
    for rows, log in logs.items():
        slowest = max(times["median_ms"] for times in log["pages"].values())
        years = max(1.0, int(rows) / YEARS[0])
        within[f"pages of {rows} rows"] = slowest <= ASKED["page_ms"]
        within[f"batches of {rows} rows"] = log["retention"]["longest_batch_ms"] <= ASKED["batch_ms"]
        within[f"retention of {rows} rows"] = log["retention"]["seconds"] <= ASKED["retention_s_per_year"] * years
    return {"asked": ASKED, "logs": logs, "within": within}


def _paths(get: Callable[[str], requests.Response]) -> list[str]:
    """Every page that the pages link to, and the API behind them."""
    found, waiting = [], ["/"]
    while waiting:
        path = waiting.pop()
        if path in found or len(found) > 40:
            continue
        answer = get(path)
        if answer.status_code != 200 or not answer.headers["Content-Type"].startswith("text/html") or answer.history:
            continue
        found.append(path)
        links = re.findall(r'href="(/[a-z/-]*(?:\?status=[a-z]+)?)"', answer.text)
        waiting += [link for link in links if not link.startswith(("/static", "/api", "/sign-out"))]
    return [*sorted(found), *API]


def _page_times(get: Callable[[str], requests.Response], path: str) -> dict[str, float]:
    times = []
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        answer = get(path)
        times.append((time.perf_counter() - began) * 1000)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answered {answer.status_code}")
    times = times[1:]
    return {"median_ms": round(median(times), 2), "max_ms": round(max(times), 2)}


def _measure_log(
    installation: Installation,
    owner: psycopg.Connection[Any],
    get: Callable[[str], requests.Response],
    paths: list[str],
    rows: int,
) -> dict[str, Any]:
    services, days = installation.services, installation.settings.log_retention_days
    fill(owner, rows)
    pages = {path: _page_times(get, path) for path in paths}
    backup = _measure_backup(installation)
    plays = _count(owner, "plays")

    with owner.transaction(force_rollback=True):
        began = time.perf_counter()
        doomed = owner.execute(_ONE_DELETE, {"days": days}).rowcount
        limit = time.perf_counter() - began
    owner.execute("vacuum tracker.plex_webhook_logs, tracker.plays")
    began = time.perf_counter()
    result = purge(services)
    seconds = time.perf_counter() - began
    if result["deleted"] != doomed or _count(owner, "plays") != plays:
        raise RuntimeError(f"{result['deleted']} rows were deleted instead of {doomed}, or viewings with them")
    began = time.perf_counter()
    if purge(services)["deleted"]:
        raise RuntimeError("the second retention found something to delete")
    again = time.perf_counter() - began
    retention = {
        "seconds": round(seconds, 3),
        "limit_s": round(limit, 3),
        "ratio": round(seconds / limit, 2) if limit else 0.0,
        "the_next_day_s": round(again, 3),
        **result,
    }
    return {"pages": pages, "retention": retention, "backup": backup}


def _count(owner: psycopg.Connection[Any], table: str) -> int:
    row = owner.execute(f"select count(*) from tracker.{table}".encode()).fetchone()
    return int(row[0]) if row else 0


def _measure_backup(installation: Installation) -> dict[str, float]:
    """Backup, its limit, and the restore into another embedded PostgreSQL."""
    with installation.services.db.connection() as connection, connection.transaction():
        connection.execute("set local statement_timeout = 0")
        began = time.perf_counter()
        for table in list(queries().stored_tables(connection)):
            with connection.cursor().copy(table["copy_out"]) as rows:
                for _ in rows:
                    pass
        limit = time.perf_counter() - began
    directory = Path(tempfile.mkdtemp(prefix="tellykeep-bench-"))
    try:
        began = time.perf_counter()
        manifest = write_backup(installation.services, directory / "backup.zip")
        seconds = time.perf_counter() - began
        size = (directory / "backup.zip").stat().st_size
        key = (installation.settings.data_dir / "encryption.key").read_text().strip()
        target = load_settings(data_dir=directory / "data", encryption_key=SecretStr(key))
        began = time.perf_counter()
        restore_backup(target, directory / "backup.zip")
        restored = time.perf_counter() - began
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    return {
        "rows": manifest.rows,
        "seconds": round(seconds, 2),
        "limit_s": round(limit, 2),
        "ratio": round(seconds / limit, 2),
        "megabytes": round(size / 1e6, 1),
        "restore_s": round(restored, 2),
    }


def report(found: dict[str, Any]) -> str:
    """The figures as a table."""
    lines = []
    for rows, log in found["logs"].items():
        lines += [
            f"\nA log of {rows} rows",
            f"  {'page':<55} {'median':>9} {'longest':>9} {'ten days':>9} {'ratio':>6}",
        ]
        for path, t in log["pages"].items():
            lines.append(
                f"  {path:<55} {t['median_ms']:>6.1f} ms {t['max_ms']:>6.1f} ms {t['limit_ms']:>6.1f} ms {t['ratio']:>6.2f}"
            )
        r, b = log["retention"], log["backup"]
        lines += [
            f"  retention: {r['deleted']} rows in {r['seconds']:.2f} s, longest batch {r['longest_batch_ms']:.0f} ms;"
            f" one DELETE {r['limit_s']:.2f} s; ratio {r['ratio']:.2f}; the next day {r['the_next_day_s']:.2f} s",
            f"  the log: {r['rows_before']} rows, {r['bytes_before'] / 1e6:.1f} MB before; {r['rows_after']} rows,"
            f" {r['bytes_after'] / 1e6:.1f} MB after (freed inside)",
            f"  backup: {b['rows']} rows in {b['seconds']:.1f} s, {b['megabytes']:.1f} MB; bare COPY {b['limit_s']:.1f} s;"
            f" ratio {b['ratio']:.2f}; restore {b['restore_s']:.1f} s",
        ]
    lines.append("")
    lines += [f"  {'within' if within else 'TOO LONG'}: {what}" for what, within in found["within"].items()]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
