"""How long an unknown show takes: from the webhook until it is added and its episode marked, look-ups included.

`tellykeep serve`, with a simulated Plex server and TMDB that answer in 100 ms; one show after the other, and then many at once.

    uv run python -m bench.lookup [--shows 30] [--latency 100] [--json]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

import psycopg

from app.demo.simulated_plex import SimulatedPlex
from app.demo.simulated_tmdb import SimulatedTmdb
from app.tracker.plex_config import change_config
from bench.installation import HOST, Account, Installation, running_installation

KEY = "0123456789abcdef0123456789abcdef"
TOKEN = "token-of-the-benchmark"
ASKED_SECONDS, AT_MOST_SECONDS = 1.0, 2.0
SLOW_MS, TOO_SLOW_MS = 500, 1000
SEASONS, EPISODES = 5, 10
_PATIENCE = 60.0


@dataclass
class Measured:
    """One way of looking up.

    Attributes:
        seconds: from the webhook until the episode is marked, for each show.
        requests_ms: how long TMDB took for each request, as the trace says.
        slow, too_slow: how many of those took longer than 500 ms, and than 1 s.
        wrong: events that ended in another way than added and marked.
    """

    seconds: list[float] = field(default_factory=list)
    requests_ms: list[int] = field(default_factory=list)
    slow: int = 0
    too_slow: int = 0
    wrong: int = 0


def run(options: argparse.Namespace) -> dict[str, Any]:
    """The whole benchmark; the result is what --json prints."""
    with SimulatedTmdb(KEY) as tmdb, SimulatedPlex(TOKEN) as plex:
        say: Callable[[str], None] = (lambda text: None) if options.json else (lambda text: print(text, flush=True))
        say("starting tellykeep serve")
        with running_installation(tmdb_url=tmdb.url) as installation:
            found = {}
            for name, with_plex, with_tmdb in (
                ("Plex server and TMDB", True, True),
                ("TMDB alone", False, True),
                ("Plex server alone", True, False),
            ):
                say(f"measuring: {name}, {options.shows} shows one after the other, then {options.shows} at once")
                account = _account(installation, name, plex, with_plex=with_plex, with_tmdb=with_tmdb)
                tmdb.latency = plex.latency = options.latency / 1000
                for at_once in (False, True):
                    shows = [
                        _Show(tmdb, plex, len(tmdb.shows) + 1, name, with_plex=with_plex) for _ in range(options.shows)
                    ]
                    found[f"{name}, at once" if at_once else name] = asdict(
                        _measure(installation, account, shows, at_once=at_once)
                    )
    return {"shows": options.shows, "latency_ms": options.latency, "ways": found}


class _Show:
    """A show that the tracker does not have, known to both servers."""

    def __init__(self, tmdb: SimulatedTmdb, plex: SimulatedPlex, number: int, way: str, *, with_plex: bool) -> None:
        self.title = f"{way} {number}"
        self.number = number
        # Without the Plex server, only the id of the episode leads to the show.
        seasons = {
            season: [{"tvdb_id": _episode_id(number, season, n)} for n in range(1, EPISODES + 1)]
            for season in range(1, SEASONS + 1)
        }
        tmdb.add_show(number, self.title, seasons=seasons, tvdb_id=number + 900_000)
        if with_plex:
            numbers = dict.fromkeys(range(1, SEASONS + 1), EPISODES)
            guid = f"plex://show/{number:024x}"
            plex.add_show(str(number), self.title, guid=guid, guids=[f"tmdb://{number}"], seasons=numbers)

    def message(self) -> dict[str, Any]:
        """The webhook of its third episode."""
        return {
            "event": "media.scrobble",
            "user": True,
            "owner": True,
            "Account": {"id": 1, "title": "bench"},
            "Server": {"title": "Bench", "uuid": "bench"},
            "Metadata": {
                "librarySectionType": "show",
                "type": "episode",
                "title": "Part 3",
                "grandparentTitle": self.title,
                "parentIndex": 1,
                "index": 3,
                "ratingKey": f"{self.number}03",
                "grandparentRatingKey": str(self.number),
                "guid": f"plex://episode/{self.number:024x}",
                "grandparentGuid": f"plex://show/{self.number:024x}",
                "Guid": [{"id": f"tvdb://{_episode_id(self.number, 1, 3)}"}],
            },
        }


def _episode_id(show: int, season: int, episode: int) -> int:
    return 1_000_000 + show * 1000 + season * 100 + episode


def _account(
    installation: Installation, name: str, plex: SimulatedPlex, *, with_plex: bool, with_tmdb: bool
) -> Account:
    account = installation.add_account(name.replace(" ", "-"), [])
    changes: dict[str, Any] = {"tmdb_api_key": KEY} if with_tmdb else {}
    if with_plex:
        changes |= {"plex_token": TOKEN, "plex_server_url": plex.url}
    change_config(installation.services, account.user_id, changes, base_url="http://localhost")
    return account


def _measure(installation: Installation, account: Account, shows: list[_Show], *, at_once: bool) -> Measured:
    found = Measured()
    with psycopg.connect(installation.database.app_url, autocommit=True) as connection:
        sent: dict[int, float] = {}
        for show in shows:
            started = time.perf_counter()
            sent[_send(installation, account, show)] = started
            if not at_once:
                _wait(connection, sent, found)
        _wait(connection, sent, found)
    return found


def _send(installation: Installation, account: Account, show: _Show) -> int:
    request = urllib.request.Request(
        f"http://{HOST}:{installation.address[1]}{account.webhook}",
        data=json.dumps(show.message()).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        answer = json.load(response)
    assert answer["status"] == "pending", answer
    log_id: int = answer["log_id"]
    return log_id


def _wait(connection: psycopg.Connection[Any], sent: dict[int, float], found: Measured) -> None:
    """Waits until each is decided, and takes it out of `sent`."""
    deadline = time.perf_counter() + _PATIENCE
    while sent and time.perf_counter() < deadline:
        rows = connection.execute(
            "select id, status, action_taken, trace from tracker.plex_webhook_logs where id = any (%s) and status <> 'pending'",
            (list(sent),),
        ).fetchall()
        now = time.perf_counter()
        for log_id, status, action, trace in rows:
            found.seconds.append(now - sent.pop(log_id))
            found.wrong += (status, action) != ("success", "added_show")
            for step in trace:
                if step["step"] == "asked" and step["service"] == "tmdb" and not step["cached"]:
                    found.requests_ms.append(step["ms"])
                    found.slow += step["ms"] > SLOW_MS
                    found.too_slow += step["ms"] > TOO_SLOW_MS
        time.sleep(0.002)
    found.wrong += len(sent)
    sent.clear()


def report(found: dict[str, Any]) -> str:
    """The result for people."""
    lines = [
        "",
        f"an unknown show of {SEASONS} seasons: webhook → looked up → added → marked;"
        f" servers that answer in {found['latency_ms']:g} ms, {found['shows']} shows each way",
        "",
        f"{'':32}{'median s':>10}{'max s':>10}{'TMDB: requests':>16}{'median ms':>11}{'max ms':>9}"
        f"{'> 500 ms':>10}{'> 1 s':>7}{'wrong':>7}",
    ]
    for name, way in found["ways"].items():
        seconds, requests = way["seconds"], way["requests_ms"]
        times = f"{median(seconds):>10.2f}{max(seconds):>10.2f}" if seconds else f"{'—':>10}{'—':>10}"
        asked = f"{median(requests):>11.0f}{max(requests):>9}" if requests else f"{'—':>11}{'—':>9}"
        lines.append(
            f"{name:32}{times}{len(requests):>16}{asked}{way['slow']:>10}{way['too_slow']:>7}{way['wrong']:>7}"
        )
    alone = [way for name, way in found["ways"].items() if not name.endswith("at once")]
    slowest = max((max(way["seconds"]) for way in alone if way["seconds"]), default=0.0)
    middle = max((median(way["seconds"]) for way in alone if way["seconds"]), default=0.0)
    lines += [
        "",
        "asked                                       reached",
        f"{'a show in 1 s, 2 at most':44}median {middle:.2f} s, max {slowest:.2f} s"
        f"{'' if slowest <= ASKED_SECONDS else ' (MORE THAN ASKED)' if slowest <= AT_MOST_SECONDS else ' (TOO SLOW)'}",
        f"{'a TMDB request in 500 ms, 1 s at most':44}"
        f"{sum(way['slow'] for way in found['ways'].values())} slower than 500 ms,"
        f" {sum(way['too_slow'] for way in found['ways'].values())} than 1 s",
    ]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.lookup", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--shows", type=int, default=30, help="each way (default 30)")
    parser.add_argument("--latency", type=float, default=100, help="of the simulated servers, in ms (default 100)")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()
    found = run(options)
    print(json.dumps(found, indent=2) if options.json else report(found))
    return 1 if any(way["wrong"] for way in found["ways"].values()) else 0


if __name__ == "__main__":
    sys.exit(main())
