"""Webhooks at a steady rate, whatever becomes of the ones before; and what must be in the database of them afterwards."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.acceptance.appliance import Appliance
from tests.payloads import episode, multipart

# More than can be under way at a rate of 20 a second, each of which is answered within two.
CLIENTS = 60
SHOWS = ("Amber", "Birch", "Cedar", "Dogwood")
SECONDS_TO_SETTLE = 60


@dataclass
class Sent:
    """One event and its answer; `status` is 0 when the connection broke."""

    show: str
    number: int
    status: int
    seconds: float
    answer: dict[str, Any] = field(default_factory=dict)

    @property
    def is_taken(self) -> bool:
        return 200 <= self.status < 300


def add_shows(appliance: Appliance, episodes: int, shows: tuple[str, ...] = SHOWS) -> dict[str, int]:
    """Shows of one season, mapped by their first viewing; returns their ids."""
    seasons = [{"seasonNumber": 1, "episodes": [{"episodeNumber": n, "runtime": 30} for n in range(1, episodes + 1)]}]
    return {show: appliance.call("POST", "/api/shows", {"title": show, "seasons": seasons})["id"] for show in shows}


def send(appliance: Appliance, show: str, number: int, **changes: Any) -> Sent:
    """Scrobbles an episode of season 1."""
    return begin(appliance, show, number, **changes)()


def begin(appliance: Appliance, show: str, number: int, **changes: Any) -> Callable[[], Sent]:
    """Sends the scrobble of an episode of season 1. What is returned waits for the answer."""
    message = episode(grandparentTitle=show, parentIndex=1, index=number, lastViewedAt=int(time.time()), **changes)
    body, content_type = multipart(message)
    url = urlsplit(appliance.webhook_url)
    connection = HTTPConnection(url.hostname or "", url.port, timeout=20)
    began = time.monotonic()
    try:
        connection.request("POST", f"{url.path}?{url.query}", body, {"Content-Type": content_type})
        broken = False
    except OSError:
        broken = True

    def answered() -> Sent:
        with closing(connection):
            try:
                response = None if broken else connection.getresponse()
                content = response.read() if response else b""
            except (OSError, HTTPException):
                response = None
            taken = time.monotonic() - began
            if response is None:
                return Sent(show, number, 0, taken)
            return Sent(show, number, response.status, taken, json.loads(content))

    return answered


class Stream(threading.Thread):
    """Sends the episodes of the shows from `first` on in turn, each at its time, whatever the test does meanwhile."""

    def __init__(
        self,
        appliance: Appliance,
        *,
        per_second: int,
        seconds: float,
        first: int = 1,
        shows: tuple[str, ...] = SHOWS,
    ) -> None:
        super().__init__(name="stream")
        self._appliance = appliance
        self._per_second = per_second
        self._total = int(per_second * seconds)
        self._first = first
        self._shows = shows
        self._began = time.monotonic()
        self._sent: list[Sent] = []

    def run(self) -> None:
        self._began = time.monotonic()
        with ThreadPoolExecutor(CLIENTS) as clients:
            answers: list[Future[Sent]] = []
            for count in range(self._total):
                time.sleep(max(0.0, self._began + count / self._per_second - time.monotonic()))
                show, number = self._shows[count % len(self._shows)], count // len(self._shows) + self._first
                # All from this thread: on a busy machine those that wait would overtake each other before they have sent.
                answers.append(clients.submit(begin(self._appliance, show, number)))
            self._sent = [answer.result() for answer in answers]

    def until(self, second: float) -> None:
        """Waits until so long after the beginning."""
        time.sleep(max(0.0, self._began + second - time.monotonic()))

    def all_sent(self) -> list[Sent]:
        """Waits for the end, and returns what was sent with its answers."""
        self.join()
        return self._sent


@contextmanager
def stream(appliance: Appliance, *, per_second: int, seconds: float, first: int = 1) -> Iterator[Stream]:
    """A stream that has begun; at the end of the block it has ended."""
    sender = Stream(appliance, per_second=per_second, seconds=seconds, first=first)
    sender.start()
    try:
        sender.until(0)
        yield sender
    finally:
        sender.join()


def settle(appliance: Appliance, seconds: float = SECONDS_TO_SETTLE) -> None:
    """Waits until the appliance is in order and nothing waits in the spool."""
    deadline = time.monotonic() + seconds
    said: Any = None
    while time.monotonic() < deadline:
        try:
            said = requests.get(f"{appliance.address}/readyz", timeout=10).json()
        except requests.RequestException as error:
            said = str(error)
        if isinstance(said, dict) and said["status"] == "ok" and "spooled" not in said:
            return
        time.sleep(0.1)
    raise AssertionError(f"not settled after {seconds} s: {said}\n{appliance.output}")


def log_rows(appliance: Appliance) -> list[dict[str, Any]]:
    """The whole log, in the order in which events were applied."""
    rows: list[dict[str, Any]] = []
    before = ""
    while True:
        page = appliance.call("GET", f"/api/plex/logs?limit=200{before}")
        rows += page["logs"]
        if page["next"] is None:
            return rows[::-1]
        before = f"&before={page['next']}"


def check_applied(appliance: Appliance, sent: list[Sent], shows: dict[str, int]) -> list[dict[str, Any]]:
    """Holds what was answered 2xx against the log, the viewings and the shows: all of it, each once. Returns the log."""
    rows = log_rows(appliance)
    logged = Counter((row["plex_title"], row["plex_episode"]) for row in rows)
    taken = {(one.show, one.number) for one in sent if one.is_taken}
    sent_at_all = {(one.show, one.number) for one in sent}

    assert {place: logged[place] for place in taken} == dict.fromkeys(taken, 1)
    assert {row["status"] for row in rows} == {"success"}
    # What got no answer may be there all the same, once.
    assert set(logged) <= sent_at_all
    assert max(logged.values()) == 1
    for show, show_id in shows.items():
        found = appliance.call("GET", f"/api/shows/{show_id}")
        watched = {e["episodeNumber"] for e in found["seasons"][0]["episodes"] if e["watched"]}
        assert watched == {number for title, number in logged if title == show}
        assert found["watched_episodes"] == len(watched)
        plays = appliance.call("GET", f"/api/shows/{show_id}/plays?limit=500")["plays"]
        assert Counter(play["episode"] for play in plays) == dict.fromkeys(watched, 1)
    return rows


def order_of(rows: list[dict[str, Any]], show: str) -> list[int]:
    """The episodes of a show in the order in which they were applied."""
    return [row["plex_episode"] for row in rows if row["plex_title"] == show]
