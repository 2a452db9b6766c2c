"""How fast `tellykeep serve` takes scrobbles of mapped shows, beside two limits of the same machine in the same run.

    uv run python -m bench.webhook [--seconds 10] [--runs 3] [--json]

Starts the server as it is shipped on throw-away data (embedded PostgreSQL, or --database-url), fills it, and sends the
webhooks of distinct episodes from a process of its own. Each run measures, one after the other and for each number of
connections, the parse-only application, the webhook and pgbench; the figures are medians over the runs. At the end the
database must hold exactly what was answered, or the exit code is 1. docs/performance.md explains the figures.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

from app.tracker.activity import list_activity
from app.tracker.shows import get_show, list_shows
from bench.committing import commits_per_second, counter_table
from bench.growth import ASKED_BYTES, YEAR, measure_growth
from bench.installation import HOST, Account, Installation, free_port, running, running_installation
from bench.library import Episode, Show, make_library, message, request_bytes
from bench.load import Load, run_load, write_requests
from bench.processes import MemoryWatch, children_of, cpu_seconds

WARM_UP_SECONDS = 1.0
QUERY_ROUNDS = 300
MEBIBYTE = 1024 * 1024


@dataclass
class Measured:
    """What one number of connections gave, a list entry a run. Rates are per second, times in milliseconds."""

    webhook: list[float] = field(default_factory=list)
    parse_only: list[float] = field(default_factory=list)
    commits: list[float] = field(default_factory=list)
    ratio: list[float] = field(default_factory=list)
    p50_ms: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)
    max_ms: list[float] = field(default_factory=list)
    parse_only_cpu_ms: list[float] = field(default_factory=list)
    application_cpu_ms: list[float] = field(default_factory=list)
    database_cpu_ms: list[float] = field(default_factory=list)
    errors: int = 0


@dataclass(frozen=True)
class ParseOnly:
    """The running parse-only application."""

    address: tuple[str, int]
    pid: int

    def processes(self) -> set[int]:
        """gunicorn's processes."""
        return set(children_of(self.pid))


class Watcher:
    """Sends the webhooks of an account's episodes in a random order, each episode once.

    Shuffled, as consecutive episodes of one show would wait for each other's lock on it more than a household does.
    """

    def __init__(self, installation: Installation, account: Account, library: list[Show], directory: Path) -> None:
        self._installation = installation
        self._account = account
        self._directory = directory
        self._episodes = [episode for show in library for episode in show.episodes]
        random.Random(2).shuffle(self._episodes)
        self._position = 0
        self.loads: list[Load] = []

    @property
    def unsent(self) -> list[Episode]:
        """Episodes that nobody has watched yet."""
        return self._episodes[self._position :]

    def send(self, connections: int, seconds: float, share: float = 1.0) -> Load:
        """Sends for so long, but at most this share of the episodes that are left."""
        unsent = self.unsent
        unsent = unsent[: max(1, int(len(unsent) * share))]
        path = self._directory / "requests"
        write_requests(path, (request_bytes(self._account.webhook, message(episode)) for episode in unsent))
        load = run_load(self._installation.address, connections, seconds, path)
        self._position += sum(load.statuses.values()) + load.errors
        self.loads.append(load)
        return load


def measure(
    installation: Installation, parse_only: ParseOnly, accounts: list[Watcher], counts: list[int], seconds: float
) -> dict[int, Measured]:
    """One run for each account; per run and number of connections the three measurements follow each other."""
    found = {connections: Measured() for connections in counts}
    with tempfile.TemporaryDirectory(prefix="tellykeep-bench-") as name, counter_table(installation.database.owner_url):
        requests = Path(name) / "parse"
        episodes = accounts[0].unsent[:2000]
        # More than can be sent: the same ones again and again.
        ready = [request_bytes("/parse", message(episode)) for episode in episodes]
        write_requests(requests, ready * max(1, int(seconds * 6000 / len(ready))))
        for watcher in accounts:
            for number, connections in enumerate(counts):
                into = found[connections]
                start = cpu_seconds(parse_only.processes())
                parsed = run_load(parse_only.address, connections, seconds, requests)
                parse_only_cpu = cpu_seconds(parse_only.processes()) - start
                share = 1 / (2 * (len(counts) - number))
                watcher.send(connections, min(WARM_UP_SECONDS, seconds), share / 5)
                processes = (installation.serving.application(), installation.serving.database())
                before = [cpu_seconds(pids) for pids in processes]
                load = watcher.send(connections, seconds, 1 / (len(counts) - number))
                used = [cpu_seconds(pids) - start for pids, start in zip(processes, before, strict=True)]
                commits = commits_per_second(installation.database.owner_url, connections, seconds)
                into.parse_only.append(parsed.per_second)
                into.webhook.append(load.per_second)
                into.commits.append(commits)
                into.ratio.append(load.per_second / min(parsed.per_second, commits))
                into.p50_ms.append(load.quantile(0.5) * 1000)
                into.p99_ms.append(load.quantile(0.99) * 1000)
                into.max_ms.append(load.quantile(1.0) * 1000)
                into.parse_only_cpu_ms.append(parse_only_cpu * 1000 / max(1, parsed.answered))
                into.application_cpu_ms.append(used[0] * 1000 / max(1, load.answered))
                into.database_cpu_ms.append(used[1] * 1000 / max(1, load.answered))
                into.errors += load.errors + sum(load.statuses.values()) - load.answered
    return found


@dataclass(frozen=True)
class Kept:
    """What the database holds of the accounts that were sent to, beside what was answered."""

    answered: int
    logged: int
    plays: int
    watched: int
    recounted: int

    @property
    def is_exact(self) -> bool:
        """Whether every answer is there, once."""
        return self.answered == self.logged == self.plays == self.watched == self.recounted


def verify(owner_url: str, watchers: list[Watcher]) -> Kept:
    """Counts in the log, in the plays, in the totals of the shows, and in their seasons."""
    with psycopg.connect(owner_url) as connection:
        row = connection.execute(
            """select (select count(*) from tracker.plex_webhook_logs where status = 'success'),
                      (select count(distinct (tvshow_id, season, episode)) from tracker.plays where voided_at is null),
                      (select sum(watched_episodes) from tracker.tvshows),
                      (select count(*) from tracker.tvshows,
                              jsonb_path_query(seasons, '$[*].episodes[*] ? (@.watched == true)'))"""
        ).fetchone()
    assert row is not None
    return Kept(sum(load.answered for watcher in watchers for load in watcher.loads), *map(int, row))


def time_queries(installation: Installation, user_id: int) -> dict[str, tuple[float, float]]:
    """Median and 99th percentile, in milliseconds, of the reads behind the pages."""
    services = installation.services
    show_id = list_shows(services, user_id, limit=1).rows[0]["id"]
    reads: dict[str, Callable[[], object]] = {
        "activity list": lambda: list_activity(services, user_id, limit=50),
        "show list": lambda: list_shows(services, user_id, limit=50),
        "show": lambda: get_show(services, user_id, show_id),
    }
    found = {}
    for name, read in reads.items():
        times = []
        for _ in range(QUERY_ROUNDS):
            started = time.perf_counter()
            read()
            times.append((time.perf_counter() - started) * 1000)
        times.sort()
        found[name] = (median(times), times[int(len(times) * 0.99)])
    return found


@contextmanager
def _parse_only_server(directory: Path) -> Iterator[ParseOnly]:
    address = (HOST, free_port())
    environment = {"TELLYKEEP_BIND": f"{HOST}:{address[1]}"}
    command = [sys.executable, "-m", "bench.parse_only"]
    with running(command, environment, f"http://{HOST}:{address[1]}/readyz", directory / "parse_only.log") as process:
        yield ParseOnly(address, process.pid)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """The whole benchmark; the result is what --json prints."""
    say: Callable[[str], None] = (lambda text: None) if options.json else (lambda text: print(text, flush=True))
    library = make_library(options.shows)
    with tempfile.TemporaryDirectory(prefix="tellykeep-bench-") as name:
        directory = Path(name)
        say("starting tellykeep serve")
        with running_installation(options.database_url, options.database_owner_url) as installation:
            owner_url = installation.database.owner_url
            say(f"adding {options.runs} accounts with {options.shows} shows each")
            accounts = [installation.add_account(f"bench{number}", library) for number in range(options.runs + 1)]
            watchers = [Watcher(installation, account, library, directory) for account in accounts[:-1]]
            with psycopg.connect(owner_url, autocommit=True) as owner:
                # As autovacuum would within minutes. Not the empty tables, which it would leave alone.
                owner.execute("vacuum analyze tracker.tvshows, tracker.show_titles, tracker.plex_show_mappings")
                version = owner.info.server_version // 10000
            say(f"measuring: {options.runs} runs of {options.seconds:g} s")
            with _parse_only_server(directory) as parse_only, MemoryWatch(installation.serving) as memory:
                measured = measure(installation, parse_only, watchers, options.connections, options.seconds)
            kept = verify(owner_url, watchers)
            queries = time_queries(installation, accounts[0].user_id)
            say("filling the log")
            episodes = [episode for show in library for episode in show.episodes]
            growth = measure_growth(
                installation.services,
                owner_url,
                accounts[-1].user_id,
                episodes,
                min(options.log_rows, len(episodes) * 3 // 4),
            )
    return {
        "postgresql": version,
        "shows": options.shows,
        "seconds": options.seconds,
        "runs": options.runs,
        "connections": {str(connections): asdict(found) for connections, found in measured.items()},
        "memory": {"application": asdict(memory.application), "database": asdict(memory.database)},
        "kept": asdict(kept) | {"is_exact": kept.is_exact},
        "queries_ms": {name: {"median": found[0], "p99": found[1]} for name, found in queries.items()},
        "log": {
            kind: {
                "rows": found.rows,
                "bytes_a_row": found.bytes_a_row,
                "year_bytes": found.year,
                "plays_bytes": found.plays,
            }
            for kind, found in growth.items()
        },
    }


def report(found: dict[str, Any]) -> str:
    """The result for people."""
    lines = [
        "",
        f"tellykeep serve on PostgreSQL {found['postgresql']}; {found['shows']} shows of 96 episodes, all mapped;"
        f" median of {found['runs']} runs of {found['seconds']:g} s",
        "",
        "                              " + "".join(f"{name + ' conn.':>12}" for name in found["connections"]),
    ]

    def row(label: str, key: str, form: str = ",.0f") -> None:
        cells = "".join(f"{format(median(m[key]), form):>12}" for m in found["connections"].values())
        lines.append(f"{label:30}{cells}")

    row("webhooks a second", "webhook")
    row("limit: parse-only a second", "parse_only")
    row("limit: commits a second", "commits")
    row("ratio to the smaller limit", "ratio", ".2f")
    row("p50 ms", "p50_ms", ".2f")
    row("p99 ms", "p99_ms", ".2f")
    row("max ms", "max_ms", ".2f")
    row("CPU ms a request: parse-only", "parse_only_cpu_ms", ".2f")
    row("CPU ms a webhook: serve", "application_cpu_ms", ".2f")
    row("CPU ms a webhook: PostgreSQL", "database_cpu_ms", ".2f")
    errors = "".join(f"{m['errors']:>12}" for m in found["connections"].values())
    kept, most = found["kept"], list(found["connections"].values())[-1]
    lines += [
        f"{'errors':30}{errors}",
        "",
        f"peak memory: serve {_memory(found['memory']['application'])}; PostgreSQL {_memory(found['memory']['database'])}",
        f"answered 2xx: {kept['answered']}; in the log {kept['logged']}, plays {kept['plays']}, watched {kept['watched']},"
        f" recounted {kept['recounted']}: {'exact' if kept['is_exact'] else 'NOT THE SAME'}",
        "",
        "asked                                       reached",
        f"a webhook in 200 ms, 500 at most            p99 {median(most['p99_ms']):.1f} ms, max {max(most['max_ms']):.1f} ms",
    ]
    lines += [
        f"{'a query in 20 ms, 50 at most':44}{name}: median {times['median']:.1f} ms, p99 {times['p99']:.1f} ms"
        for name, times in found["queries_ms"].items()
    ]
    lines.append(f"{'100 webhooks a minute':44}{median(most['webhook']) * 60:,.0f} a minute")
    lines += [
        f"{f'{YEAR:,} rows of the log in 50 MB':44}{kind}: {log['bytes_a_row']:,.0f} bytes a row,"
        f" {log['year_bytes'] / MEBIBYTE:.0f} MB{'' if log['year_bytes'] <= ASKED_BYTES else ' (MORE)'}"
        for kind, log in found["log"].items()
    ]
    return "\n".join(lines)


def _memory(found: dict[str, Any]) -> str:
    pss = "" if found["pss"] is None else f"{found['pss'] / MEBIBYTE:.0f} MB (PSS), "
    return f"{pss}{found['rss'] / MEBIBYTE:.0f} MB (RSS)" if found["rss"] else "not on this machine"


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.webhook", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=10.0, help="of every measurement (default 10)")
    parser.add_argument("--runs", type=int, default=3, help="how often; the figures are medians (default 3)")
    parser.add_argument("--shows", type=int, default=200, help="of 8 seasons of 12 episodes (default 200)")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 8], help="(default 1 8)")
    parser.add_argument("--log-rows", type=int, default=YEAR // 5, help=f"to measure the log by (default {YEAR // 5})")
    parser.add_argument("--database-url", help="an external database, made for this; default: embedded PostgreSQL")
    parser.add_argument("--database-owner-url", help="the role that migrates it; default: the same")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    found = run(parser.parse_args())
    print(json.dumps(found, indent=2) if "--json" in sys.argv else report(found))
    errors = sum(measured["errors"] for measured in found["connections"].values())
    return 0 if found["kept"]["is_exact"] and errors == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
