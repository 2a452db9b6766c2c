"""How well shows are found by name: real titles with their right answers, through the functions that a webhook goes through.

    uv run python -m bench.matching --library CSV --alt CSV --queries CSV [--kinds] [--no-baseline] [--json]
    uv run python -m bench.matching --speed

Starts an embedded PostgreSQL on throw-away data, fills a tracker with the library and its other names, and has `decide`
answer every query. Beside it stands what a plain rule would do with the same library: `similarity(title) > 0.6`, the
year off by one at most, mapped when exactly one is above 0.9. `--speed` measures one decision in trackers of growing
size, with names that it makes up. docs/matching.md explains the rules.
"""

from __future__ import annotations

import argparse
import csv
import json
import secrets
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import tuple_row
from psycopg.types.json import Jsonb

from app.opening import open_database, start_database
from app.security.accounts import create_user
from app.services import Services, build_services
from app.settings import load_settings
from bench.installation import forget_settings

CANDIDATES = 5
_BATCH = 500

NONE = "none"
AMBIGUOUS = "ambiguous"


@dataclass(frozen=True)
class Query:
    """A name as a source reports it, with what it stands for.

    Attributes:
        title: as Plex would send it.
        show_year, episode_year: the year that comes with it, of the show or of an episode.
        label: id of the show in the library, `none` or `ambiguous`.
        kind: what is hard about it.
    """

    title: str
    show_year: int | None
    episode_year: int | None
    label: str
    kind: str

    def event(self) -> dict[str, Any]:
        """What `decide` gets of an episode of that show, without any id."""
        values = {
            "event": "media.scrobble",
            "type": "episode",
            "server_uuid": "bench",
            "show_key": "bench",
            "show_title": self.title,
            "show_year": self.show_year,
            "episode_year": self.episode_year,
        }
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True)
class Answer:
    """What a rule says to a query: the show that it maps to, or those that it proposes, best first."""

    mapped: str | None
    candidates: tuple[str, ...] = ()

    def outcome(self, label: str) -> str:
        """Which count it goes to."""
        if label == NONE:
            return "none_mapped" if self.mapped else "none_held" if self.candidates else "none_clean"
        if label == AMBIGUOUS:
            return "ambiguous_mapped" if self.mapped else "ambiguous_held"
        if self.mapped:
            return "right" if self.mapped == label else "wrong"
        if not self.candidates:
            return "missed"
        return "held" if label in self.candidates[:CANDIDATES] else "held_without"


OUTCOMES = (
    "right",
    "wrong",
    "held",
    "held_without",
    "missed",
    "none_mapped",
    "none_held",
    "none_clean",
    "ambiguous_mapped",
    "ambiguous_held",
)


def figures(counts: Counter[str]) -> dict[str, float | int | None]:
    """Precision, recall and reach in percent, and the counts that they come of. None where nothing was to be counted."""
    right, shows = counts["right"], sum(counts[name] for name in OUTCOMES[:5])
    mapped = right + counts["wrong"] + counts["none_mapped"] + counts["ambiguous_mapped"]

    def percent(part: int, whole: int) -> float | None:
        return round(100 * part / whole, 2) if whole else None

    return {
        "precision": percent(right, mapped),
        "recall": percent(right, shows),
        "reach": percent(right + counts["held"], shows),
        **{name: counts[name] for name in OUTCOMES},
    }


def read_queries(path: Path) -> list[Query]:
    """The rows of a queries CSV; where the kind is episode_year the year is an episode's."""
    found = []
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            year = int(row["query_year"]) if row.get("query_year") else None
            of_episode = row["kind"] == "episode_year"
            found.append(
                Query(
                    title=row["query_title"],
                    show_year=None if of_episode else year,
                    episode_year=year if of_episode else None,
                    label=row["label_show_id"],
                    kind=row["kind"],
                )
            )
    return found


def read_library(library: Path, alternatives: Path) -> dict[str, dict[str, Any]]:
    """What add_show takes, by the library's own id."""
    shows: dict[str, dict[str, Any]] = {}
    taken: set[tuple[str, str]] = set()
    with library.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            show: dict[str, Any] = {"title": row["title"], "titles": [], "source": "import"}
            if row.get("year"):
                show["year"] = int(row["year"])
            if row.get("country"):
                show["country"] = row["country"]
            for name in ("tmdb_id", "tvdb_id", "imdb_id"):
                value = row.get(name)
                # A tracker has each id once; public lists do not.
                if value and (name, value) not in taken:
                    taken.add((name, value))
                    show[name] = value if name == "imdb_id" else int(value)
            shows[row["show_id"]] = show
    with alternatives.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["show_id"] in shows and row["title"]:
                shows[row["show_id"]]["titles"].append({"title": row["title"], "kind": "alternative"})
    return shows


@contextmanager
def throw_away_services() -> Iterator[tuple[Services, str]]:
    """The application's parts on an empty embedded database, and the URL of its owner."""
    forget_settings()
    with tempfile.TemporaryDirectory(prefix="tellykeep-bench-") as directory:
        settings = load_settings(data_dir=Path(directory) / "data")
        services = build_services(settings)
        started = start_database(settings)
        try:
            open_database(services, started)
            yield services, started.owner_url
        finally:
            services.db.close()
            started.stop()


def load(services: Services, owner_url: str, library: dict[str, dict[str, Any]]) -> tuple[int, dict[int, str]]:
    """Makes a user who tracks the library.

    Returns:
        The user's id, and the library's id of each show by its id in the tracker.
    """
    user_id = create_user(services, f"bench-{secrets.token_hex(4)}", secrets.token_hex(16))
    ids = list(library)
    by_id: dict[int, str] = {}
    with services.db.connection() as connection, connection.transaction():
        for start in range(0, len(ids), _BATCH):
            batch = ids[start : start + _BATCH]
            rows = connection.execute(
                "select add_show(%s, s) as id from jsonb_array_elements(%s) with ordinality as given(s, n) order by n",
                (user_id, Jsonb([library[name] for name in batch])),
            ).fetchall()
            by_id |= {row["id"]: name for row, name in zip(rows, batch, strict=True)}
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute("vacuum analyze tracker.tvshows, tracker.show_titles")
    return user_id, by_id


def ask_tellykeep(
    services: Services, user_id: int, by_id: dict[int, str], queries: Iterable[Query]
) -> Iterator[tuple[Query, Answer]]:
    """The application's own answers."""
    with services.db.connection() as connection:
        for query in queries:
            row = connection.execute(
                "select decide(%s, %s, false) as decision", (user_id, Jsonb(query.event()))
            ).fetchone()
            assert row is not None
            decision = row["decision"]
            if decision["verdict"] == "mapped":
                yield query, Answer(by_id[decision["tvshow_id"]])
            else:
                yield query, Answer(None, tuple(by_id[c["tvshow_id"]] for c in decision["candidates"]))


_PLAIN = """
    select id, similarity(title, %(title)s) as likeness from tracker.tvshows
    where user_id = %(user)s and similarity(title, %(title)s) > 0.6
      and (%(year)s::integer is null or abs(extract(year from show_start_date) - %(year)s) <= 1)
    order by likeness desc, id
"""


def ask_plain(
    services: Services, user_id: int, by_id: dict[int, str], queries: Iterable[Query]
) -> Iterator[tuple[Query, Answer]]:
    """What the plain rule answers. It takes every year for the show's, as it knows no other."""
    with services.db.connection() as connection, connection.cursor(row_factory=tuple_row) as cursor:
        for query in queries:
            year = query.show_year or query.episode_year
            rows = cursor.execute(_PLAIN, {"user": user_id, "title": query.title, "year": year}).fetchall()
            sure = [show for show, likeness in rows if likeness > 0.9]
            yield (
                query,
                Answer(by_id[sure[0]] if len(sure) == 1 else None, tuple(by_id[show] for show, _ in rows[:CANDIDATES])),
            )


Rule = Callable[[Services, int, dict[int, str], Iterable[Query]], Iterator[tuple[Query, Answer]]]


def count(answers: Iterable[tuple[Query, Answer]]) -> dict[str, Counter[str]]:
    """Outcomes by kind."""
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for query, answer in answers:
        kinds[query.kind][answer.outcome(query.label)] += 1
    return kinds


def measure(options: argparse.Namespace) -> dict[str, Any]:
    library = read_library(options.library, options.alt)
    queries = read_queries(options.queries)
    rules: dict[str, Rule] = {"tellykeep": ask_tellykeep}
    if not options.no_baseline:
        rules["plain"] = ask_plain
    found: dict[str, Any] = {}
    with throw_away_services() as (services, owner_url):
        user_id, by_id = load(services, owner_url, library)
        for name, rule in rules.items():
            started = time.perf_counter()
            kinds = count(rule(services, user_id, by_id, queries))
            seconds = time.perf_counter() - started
            found[name] = figures(sum(kinds.values(), Counter())) | {
                "queries": len(queries),
                "ms_a_query": round(1000 * seconds / max(1, len(queries)), 2),
            }
            if options.kinds:
                found[name]["kinds"] = {kind: figures(kinds[kind]) for kind in sorted(kinds)}
    return found


def report(found: dict[str, Any]) -> str:
    """The figures for people."""
    lines = [
        "",
        "           precision  recall   reach   right  wrong   held  without  missed   none: mapped  held  clean"
        "   ambiguous: mapped  held   ms",
    ]
    for name, measured in found.items():
        lines.append(_line(name, measured) + f"{measured['ms_a_query']:>5.1f}")
    for name, measured in found.items():
        if "kinds" in measured:
            lines += ["", f"{name}, by kind"]
            lines += [_line(kind, by_kind) for kind, by_kind in measured["kinds"].items()]
    return "\n".join(lines)


def _line(name: str, measured: dict[str, Any]) -> str:
    def percent(value: float | None) -> str:
        return "-" if value is None else f"{value:.1f}"

    widths = (7, 7, 7, 9, 8, 15, 6, 7, 20, 6)
    return (
        f"{name[:26]:26}"[: 11 if len(name) <= 10 else 26]
        + "".join(f"{percent(measured[key]):>8}" for key in ("precision", "recall", "reach"))
        + "".join(f"{measured[key]:>{width}}" for key, width in zip(OUTCOMES, widths, strict=True))
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.matching", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--library", type=Path, help="CSV: show_id, title, year, tmdb_id, tvdb_id, imdb_id, country")
    parser.add_argument("--alt", type=Path, help="CSV of other names: show_id, title")
    parser.add_argument("--queries", type=Path, help="CSV: query_title, query_year, label_show_id, kind")
    parser.add_argument("--kinds", action="store_true", help="the figures for every kind of query as well")
    parser.add_argument("--no-baseline", action="store_true", help="leave the plain rule out")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()
    if not (options.library and options.alt and options.queries):
        parser.error("--library, --alt and --queries belong together")
    found = measure(options)
    print(json.dumps(found, indent=2) if options.json else report(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
