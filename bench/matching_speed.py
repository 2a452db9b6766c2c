"""How long one decision by title takes in trackers of growing size, with names that are made up here.

    uv run python -m bench.matching_speed [--names 2000 20000 200000] [--json]

Three names a show. Asked for are, in equal parts: names as they are, names written otherwise, names with a slip, and names of
shows that are not there; each with and without a year. The figures are of `decide` with its round trip. Beside them stand how
often PostgreSQL read a table of names or shows from its beginning to its end while asked, and the plans of the look-ups.
"""

from __future__ import annotations

import argparse
import json
import random
import secrets
import sys
import time
from collections.abc import Iterator
from statistics import median, quantiles
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from app.security.accounts import create_user
from app.services import Services
from bench.matching import Query, throw_away_services

NAMES_A_SHOW = 3
LIBRARY = 27_000  # names of 9,000 shows
ASKED_MS = {LIBRARY: 5.0, 200_000: 20.0}
_ONSETS = [
    "b",
    "br",
    "c",
    "d",
    "dr",
    "f",
    "g",
    "gr",
    "h",
    "j",
    "k",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "st",
    "t",
    "tr",
    "v",
    "w",
]
_VOWELS = ["a", "e", "i", "o", "u", "ai", "ea", "ou"]
_CODAS = ["", "", "l", "n", "r", "s", "t", "nd", "rt", "ck", "m"]
_COMMON = ["the", "of", "and", "in", "a", "my", "love", "house", "night", "life", "world", "king"]


def names(count: int, seed: int = 1) -> Iterator[str]:
    """Names of one to five words, of which some are in very many names and most in few."""
    draw = random.Random(seed)
    parts = (_ONSETS, _VOWELS, _CODAS)
    words = [
        "".join(draw.choice(part) for _ in range(draw.choice([1, 2, 2, 3])) for part in parts) for _ in range(40_000)
    ]
    for _ in range(count):
        chosen = [
            draw.choice(_COMMON) if draw.random() < 0.3 else words[int(len(words) * draw.random() ** 2)]
            for _ in range(draw.choice([1, 2, 2, 3, 3, 4, 5]))
        ]
        yield " ".join(chosen).title()


def load(services: Services, owner_url: str, count: int) -> tuple[int, list[tuple[str, int]]]:
    """A user whose tracker knows that many names; answers with some of them and the years of their shows."""
    user_id = create_user(services, f"bench-{secrets.token_hex(4)}", secrets.token_hex(16))
    given = list(names(count))
    years = [1960 + position * 7 % 65 for position in range(len(given))]
    shows = range(0, len(given), NAMES_A_SHOW)
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute("set search_path = tracker, public")
        first = owner.execute("select coalesce(max(id), 0) + 1 from tvshows").fetchone()
        assert first is not None
        with owner.cursor() as cursor, owner.transaction():
            with cursor.copy("copy tvshows (id, user_id, title, show_start_date) from stdin") as copy:
                for number, position in enumerate(shows):
                    copy.write_row((first[0] + number, user_id, given[position], f"{years[position]}-01-01"))
            with cursor.copy("copy show_titles (user_id, tvshow_id, title, kind) from stdin") as copy:
                for number, position in enumerate(shows):
                    for title in dict.fromkeys(given[position : position + NAMES_A_SHOW]):
                        copy.write_row((user_id, first[0] + number, title, "alternative"))
            cursor.execute("select setval('tvshows_id_seq', (select max(id) from tvshows))")
        owner.execute("vacuum analyze tvshows, show_titles")
    draw = random.Random(2)
    return user_id, [(given[position], years[position]) for position in draw.sample(list(shows), min(100, len(shows)))]


def asked(known: list[tuple[str, int]]) -> dict[str, list[Query]]:
    """What is asked for, by kind."""

    def both(title: str, year: int) -> list[Query]:
        return [Query(title, year, None, "", ""), Query(title, None, None, "", "")]

    made_up = list(names(len(known), seed=3))
    kinds: dict[str, list[Query]] = {"as it is": [], "written otherwise": [], "with a slip": [], "not there": []}
    for (title, year), unknown in zip(known, made_up, strict=True):
        kinds["as it is"] += both(title, year)
        kinds["written otherwise"] += both("The " + title.replace(" ", "-").upper(), year)
        kinds["with a slip"] += both(title[: len(title) // 2] + title[len(title) // 2 + 1 :] + "e", year)
        kinds["not there"] += both(f"{unknown} Zyx", year)
    return kinds


_LOOK_UPS = {
    "same title": "title_key = any (array['night of love'])",
    "other spelling": "spelling_key = any (array['nightoflove'])",
    "without article": "core_key = any (array['nightoflove'])",
    "part": "part_keys && array['nightoflove']",
    "similar": "title_key % 'night of love'",
    "contains": "(title_key like 'night %' or title_key like '% night %' or title_key like '% night')",
}


def plans(owner: psycopg.Connection, user_id: int) -> dict[str, str]:
    """By which indexes the names are looked up."""
    found = {}
    for what, condition in _LOOK_UPS.items():
        statement = (
            f"explain (format json) select tvshow_id from tracker.show_titles where user_id = {user_id} and {condition}"
        )
        row = owner.execute(statement.encode()).fetchone()
        assert row is not None
        text = json.dumps(row[0])
        indexes = sorted({part.split('"')[0] for part in text.split('"Index Name": "')[1:]})
        found[what] = "read from end to end" if "Seq Scan" in text else ", ".join(indexes)
    return found


def _scans(owner: psycopg.Connection) -> int:
    row = owner.execute(
        "select sum(seq_scan) from pg_stat_user_tables where relname in ('show_titles', 'tvshows')"
    ).fetchone()
    assert row is not None
    return int(row[0])


def measure(counts: list[int]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for count in counts:
        with throw_away_services() as (services, owner_url):
            user_id, known = load(services, owner_url, count)
            kinds: dict[str, list[float]] = {}
            with psycopg.connect(owner_url, autocommit=True) as owner, services.db.connection() as connection:
                # A connection plans a statement anew for its first five times.
                for query in asked(known[:10])["as it is"]:
                    connection.execute("select decide(%s, %s, false)", (user_id, Jsonb(query.event())))
                connection.execute("select pg_stat_force_next_flush()")
                connection.execute("select 1")
                before = _scans(owner)
                for kind, queries in asked(known).items():
                    kinds[kind] = []
                    for query in queries:
                        event = Jsonb(query.event())
                        started = time.perf_counter()
                        connection.execute("select decide(%s, %s, false)", (user_id, event))
                        kinds[kind].append(1000 * (time.perf_counter() - started))
                connection.execute("select pg_stat_force_next_flush()")
                connection.execute("select 1")
                scans = _scans(owner) - before
                times = [ms for measured in kinds.values() for ms in measured]
                found[str(count)] = {
                    "median_ms": round(median(times), 2),
                    "p95_ms": round(quantiles(times, n=20)[-1], 2),
                    "kinds_ms": {kind: round(median(measured), 2) for kind, measured in kinds.items()},
                    "sequential_scans": scans,
                    "decisions": len(times),
                    "plans": plans(owner, user_id),
                }
    return found


def report(found: dict[str, Any]) -> str:
    """The figures for people."""
    kinds = list(next(iter(found.values()))["kinds_ms"])
    lines = [
        "",
        f"{'names':>9}{'median ms':>11}{'p95 ms':>9}{'asked':>7}"
        + "".join(f"{kind:>19}" for kind in kinds)
        + "   sequential scans",
    ]
    for count, measured in found.items():
        most = ASKED_MS.get(int(count))
        lines.append(
            f"{int(count):>9,}{measured['median_ms']:>11.2f}{measured['p95_ms']:>9.2f}{f'< {most:.0f}' if most else '':>7}"
            + "".join(f"{measured['kinds_ms'][kind]:>19.2f}" for kind in kinds)
            + f"{measured['sequential_scans']:>8} in {measured['decisions']} decisions"
        )
    last = list(found.values())[-1]
    lines += ["", "how names are looked up, as EXPLAIN says:"]
    lines += [f"  {what:17}{index}" for what, index in last["plans"].items()]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.matching_speed", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--names",
        type=int,
        nargs="+",
        default=[2_000, 20_000, LIBRARY, 200_000],
        help="how many (default 2000 20000 27000 200000; 27000 are 9,000 shows)",
    )
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()
    found = measure(options.names)
    print(json.dumps(found, indent=2) if options.json else report(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
