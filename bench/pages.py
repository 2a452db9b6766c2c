"""What every page costs: the server's time, and the bytes that a browser loads once it has seen a page before.

    uv run python -m bench.pages [--shows 500] [--rows 36500] [--json]

Starts the server as it is shipped on throw-away data (embedded PostgreSQL) and fills it as a household leaves it after a year:
shows with their mappings, a log with its viewings, open and answered questions, failed events. Then it asks for every page of
the URL map, with the ids of something that is there. Bytes are those of the page, compressed as it is sent, and of whatever it
names that a browser may not keep. Exit code 1 when a page takes longer (the median counts), is heavier, or cannot be asked for.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sys
import time
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from statistics import median
from typing import Any
from uuid import uuid4

import psycopg
import requests
from psycopg.types.json import Jsonb
from werkzeug.routing import Rule

from app import create_app
from app.db.queries import queries
from app.plex.events import parse_event
from app.sync.receive import receive
from app.tracker.answers import Chosen, begin_answers, work_off_answers
from app.tracker.conflicts import list_conflicts
from bench.installation import Account, Installation, running_installation
from bench.library import Show, make_library, message
from bench.year import ROWS, browser_of, fill, mark, prepare

SHOWS = 500
ROUNDS = 15
QUESTIONS, ANSWERED, FAILED = 24, 8, 5
# What is asked of a page.
LONGEST_MS, MOST_BYTES = 150.0, 100 * 1024

# Where the ids of an address come from. A page with another one fails until it has a line here.
_SAMPLES = {
    "conflict_id": "select max(id) from tracker.plex_conflicts where not resolved",
    "mapping_id": "select min(id) from tracker.plex_show_mappings",
    "log_id": "select max(id) from tracker.plex_webhook_logs where status = 'success'",
    "tvshow_id": "select tvshow_id from tracker.plays order by id desc limit 1",
    "play_id": "select max(id) from tracker.plays",
    "season": "select season from tracker.plays order by id desc limit 1",
    "episode": "select episode from tracker.plays order by id desc limit 1",
    "user_id": "select max(id) from tracker.users",
    "number": "select episode from tracker.plays order by id desc limit 1",
    "batch_id": "select max(id) from tracker.answer_batches",
    # A step of the setup.
    "name": "select 'plex'",
}
# Pages whose first form is not their heaviest.
_ALSO = (
    "/?days=90",
    "/activity?status=success",
    "/activity?status=conflict",
    "/conflicts?show=answered",
    "/figures?year={year}",
    "/figures?show={tvshow_id}",
    "/welcome/server",
    "/welcome/accounts",
    "/welcome/tmdb",
    "/welcome/webhook",
)
# What only somebody sees who has not signed in.
_DOOR = ("/sign-in",)
# No pages: what apps, calendars, sign-in elsewhere, Prometheus and the browser itself ask for.
_NO_PAGES = re.compile(
    r"/(api|static|metrics|healthz|readyz|posters|calendar|manifest\.webmanifest|sign-in/oidc)\b|/settings/backup/"
)
_PARTS = re.compile(r'<(?:script|img|link|use)\b[^>]*?\b(?:src|href)="(/[^"#]*)')


@dataclass(frozen=True)
class Measured:
    """A page: milliseconds of the server, and bytes; `problem` says why it does not do, or is empty."""

    path: str
    median_ms: float
    max_ms: float
    page_bytes: int
    part_bytes: int
    problem: str

    @property
    def bytes(self) -> int:
        """All that is transferred after the first load."""
        return self.page_bytes + self.part_bytes


@dataclass
class Browser:
    """A browser that has been here before: `kept` are the parts that it need not ask for again."""

    session: requests.Session
    address: str
    kept: set[str]

    def load(self, path: str) -> tuple[requests.Response, int, float]:
        """The answer, the bytes of its body as they came, and the milliseconds that it took."""
        began = time.perf_counter()
        answer = self.session.get(
            self.address + path,
            headers={"Accept-Encoding": "gzip", "Sec-Fetch-Site": "same-origin"},
            timeout=60,
            stream=True,
            allow_redirects=False,
        )
        raw = answer.raw.read(decode_content=False)
        took = (time.perf_counter() - began) * 1000
        if answer.headers.get("Content-Encoding") == "gzip":
            answer._content = gzip.decompress(raw)
        else:
            answer._content = raw
        return answer, len(raw), took

    def parts(self, html: str) -> int:
        """Bytes of what a page names and a browser that has been here has to load again."""
        total = 0
        for path in sorted({name.replace("&amp;", "&") for name in _PARTS.findall(html)} - self.kept):
            answer, length, _ = self.load(path)
            lives = re.search(r"max-age=(\d+)", answer.headers.get("Cache-Control", ""))
            if lives and int(lives[1]) > 0:
                self.kept.add(path)
            else:
                total += length
        return total


def main() -> int:
    """Measures, prints, and says whether every page does."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--shows", type=int, default=SHOWS)
    parser.add_argument("--rows", type=int, default=ROWS, help="of the log")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    pages, unknown = measure(options.shows, options.rows)
    if options.json:
        print(json.dumps({"pages": [asdict(page) for page in pages], "not_asked": unknown}, indent=1))
    else:
        print(report(pages, unknown))
    return 0 if not unknown and not any(page.problem for page in pages) else 1


def measure(shows: int, rows: int) -> tuple[list[Measured], list[str]]:
    """Every page, and the rules for which there is no sample."""
    library = make_library(shows)
    with running_installation() as installation:
        account = installation.add_account("bench", library)
        with psycopg.connect(installation.database.owner_url, autocommit=True) as owner:
            prepare(installation, owner, account)
            fill(owner, rows)
            mark(owner)
            _ask_questions(installation, account, library)
            owner.execute("update tracker.users set is_admin = true, timezone = 'Europe/Berlin'")
            owner.execute("vacuum analyze")
            paths, unknown = _paths(installation, owner)
        address = f"http://{installation.address[0]}:{installation.address[1]}"
        browser = Browser(browser_of(installation, account), address, set())
        stranger = Browser(requests.Session(), address, set())
        asked = [(browser, path) for path in paths] + [(stranger, path) for path in _DOOR]
        found = [page for who, path in asked if (page := _measure_page(who, path)) is not None]
    return found, unknown


def _ask_questions(installation: Installation, account: Account, library: list[Show]) -> None:
    """Questions that are open or answered, and events that failed, as the last weeks may have left them."""
    services = installation.services
    for number, show in enumerate(library[:QUESTIONS]):
        # Nearly the name of a show: asked. Every third is like none.
        title = f"{show.title}s" if number % 3 else f"Unheard of number {number}"
        for episode in show.episodes[: 1 + number % 4]:
            keys = {
                "grandparentRatingKey": f"9{number}",
                "grandparentGuid": f"local://9{number}",
                "guid": f"local://8{number}",
            }
            receive(services, account.user_id, parse_event(message(replace(episode, show=title), **keys)))
    newest = list_conflicts(services, account.user_id, limit=ANSWERED).rows
    begin_answers(services, account.user_id, "ignore", [Chosen(conflict["id"]) for conflict in newest])
    work_off_answers(services, account.user_id)
    with services.db.connection() as connection:
        for episode in library[0].episodes[:FAILED]:
            event = parse_event(message(episode))
            queries().record_failed_event(
                connection,
                user_id=account.user_id,
                receipt=uuid4(),
                source="webhook",
                event=Jsonb(event.decision()),
                payload=Jsonb(event.kept()),
                received_at=datetime.now(UTC),
                error="XX000: a fault made by the benchmark",
            )


def _paths(installation: Installation, owner: psycopg.Connection[Any]) -> tuple[list[str], list[str]]:
    """Addresses of the URL map that can be asked for by GET, and rules whose arguments nobody knows."""
    samples = {name: (owner.execute(query.encode()).fetchone() or (None,))[0] for name, query in _SAMPLES.items()}
    paths, unknown = set(), []
    app = create_app(installation.services)
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            if "GET" not in (rule.methods or ()) or _NO_PAGES.match(rule.rule):
                continue
            values = {name: samples.get(name) for name in rule.arguments}
            if None in values.values():
                unknown.append(rule.rule)
            else:
                paths.add(_built(rule, values))
    year = time.gmtime().tm_year - 1
    return [*sorted(paths), *(path.format(**samples, year=year) for path in _ALSO)], sorted(unknown)


def _built(rule: Rule, values: dict[str, Any]) -> str:
    built = rule.build(values)
    assert built is not None
    return str(built[1])


def _measure_page(browser: Browser, path: str) -> Measured | None:
    """None for what is no page: a file, or a redirect elsewhere."""
    answer, length, _ = browser.load(path)
    if answer.status_code in (301, 302, 303, 307, 308):
        return None
    if answer.status_code != 200:
        return Measured(path, 0, 0, length, 0, f"answered {answer.status_code}")
    if not answer.headers["Content-Type"].startswith("text/html"):
        return None
    browser.parts(answer.text)
    times = []
    for _ in range(ROUNDS):
        answer, length, took = browser.load(path)
        times.append(took)
    parts = browser.parts(answer.text)
    problems = []
    if median(times) > LONGEST_MS:
        problems.append(f"longer than {LONGEST_MS:.0f} ms")
    if length + parts > MOST_BYTES:
        problems.append(f"more than {MOST_BYTES // 1024} KB")
    return Measured(path, round(median(times), 1), round(max(times), 1), length, parts, ", ".join(problems))


def report(pages: list[Measured], unknown: list[str]) -> str:
    """The figures as a table."""
    lines = [f"{'page':<44} {'median':>10} {'longest':>10} {'page':>10} {'parts':>10}"]
    for page in pages:
        lines.append(
            f"{page.path:<44} {page.median_ms:>7.1f} ms {page.max_ms:>7.1f} ms {page.page_bytes / 1024:>7.1f} KB"
            f" {page.part_bytes / 1024:>7.1f} KB{'  ' + page.problem.upper() if page.problem else ''}"
        )
    lines += [f"{rule:<44} NOT ASKED: no sample for its arguments" for rule in unknown]
    slowest = max(pages, key=lambda page: page.median_ms)
    heaviest = max(pages, key=lambda page: page.bytes)
    lines += [
        "",
        f"{len(pages)} pages; the slowest {slowest.path} in {slowest.median_ms:.0f} ms (asked: {LONGEST_MS:.0f} ms),"
        f" the heaviest {heaviest.path} with {heaviest.bytes / 1024:.1f} KB (asked: {MOST_BYTES // 1024} KB)",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
