"""Pages that wait for another server: webhooks and monitors have threads all the same, and most other pages too."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, as_completed, wait
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pytest
import requests

from app.upstream.waiting_room import BUSY_SECONDS
from tests.acceptance.appliance import Appliance, free_port, sign_in
from tests.acceptance.waiting_app import SLOW_SECONDS, THREADS
from tests.fakes import failures
from tests.fakes.tmdb import KEY, FakeTmdb
from tests.payloads import episode

QUICK_SECONDS = SLOW_SECONDS / 2
AT_ONCE = 12


@pytest.fixture(scope="module")
def slow() -> Iterator[str]:
    """The address of an application that is slow at one of its pages."""
    place = f"127.0.0.1:{free_port()}"
    with subprocess.Popen([sys.executable, "-m", "tests.acceptance.waiting_app", place]) as process:
        try:
            for _ in range(200):
                try:
                    requests.get(f"http://{place}/healthz", timeout=5)
                    break
                except requests.ConnectionError:
                    time.sleep(0.1)
            yield f"http://{place}"
        finally:
            process.terminate()


@contextmanager
def at_once(number: int, ask: Callable[[], requests.Response]) -> Iterator[list[Future[requests.Response]]]:
    with ThreadPoolExecutor(number) as pool:
        asked = [pool.submit(ask) for _ in range(number)]
        time.sleep(0.5)
        yield asked


def seconds_of(ask: Callable[[], requests.Response]) -> float:
    began = time.monotonic()
    assert ask().ok
    return time.monotonic() - began


def test_a_webhook_does_not_queue_behind_pages(slow: str) -> None:
    with at_once(THREADS, lambda: requests.get(f"{slow}/slow", timeout=60)) as asked:
        for _ in range(8):
            assert seconds_of(lambda: requests.post(f"{slow}/api/plex/webhook?secret=x", timeout=60)) < QUICK_SECONDS
        assert seconds_of(lambda: requests.get(f"{slow}/readyz", timeout=60)) < QUICK_SECONDS
        assert requests.post(f"{slow}/api/plex/webhook", timeout=60).text.startswith("spare")
        assert not any(one.done() for one in asked), "the pages were to be at work all the while"
        # Whoever is not urgent waits for one of them.
        assert not requests.get(f"{slow}/quick", timeout=60).text.startswith("spare")
        # Its client may notice a moment later.
        assert wait(asked, timeout=0.5, return_when=FIRST_COMPLETED).done
    assert [one.result().status_code for one in asked] == [200] * len(asked)


def test_the_spare_threads_are_left_alone_while_others_are_free(slow: str) -> None:
    names = {requests.post(f"{slow}/api/plex/webhook", timeout=60).text for _ in range(10)}
    assert not any(name.startswith("spare") for name in names)


def test_posters_that_do_not_come_leave_threads_for_everything_else() -> None:
    directory = Path(tempfile.mkdtemp(prefix="tellykeep-test-"))
    with FakeTmdb() as tmdb, requests.Session() as browser:
        tmdb.fail("*", failures.time_out())
        appliance = Appliance(directory)
        images = {"TMDB_URL": tmdb.url, "TMDB_IMAGE_URL": tmdb.image_url}
        appliance.environment |= images | {"TELLYKEEP_THREADS": "8"}
        appliance.start()
        try:
            appliance.add_user()
            sign_in(browser, appliance)
            names = iter(range(1000))
            posters = f"{appliance.address}/posters/tmdb"
            shows = f"{appliance.address}/api/shows"
            header = {"Authorization": f"Bearer {appliance.token}"}
            with at_once(24, lambda: browser.get(f"{posters}/p{next(names)}.jpg", timeout=60)) as asked:
                # Three of eight threads may wait; whoever comes besides has a tile for this look.
                tiles = [one.result() for one in islice(as_completed(asked, timeout=5), 21)]
                assert sum(one.done() for one in asked) == 21
                assert {(one.status_code, one.headers["Content-Type"]) for one in tiles} == {(200, "image/svg+xml")}
                assert {one.headers["Cache-Control"] for one in tiles} == {"no-store"}
                for _ in range(5):
                    assert seconds_of(lambda: appliance.send(episode())) < 3
                    assert seconds_of(lambda: requests.get(shows, headers=header, timeout=60)) < 3
                assert sum(one.done() for one in asked) == 21, "the posters were to be waited for all the while"
            assert {one.result().status_code for one in asked} == {200}
        finally:
            appliance.stop()


def test_only_so_many_requests_wait_for_tmdb_at_once() -> None:
    directory = Path(tempfile.mkdtemp(prefix="tellykeep-test-"))
    with FakeTmdb() as tmdb:
        tmdb.fail("*", failures.time_out())
        appliance = Appliance(directory)
        appliance.environment |= {"TELLYKEEP_THREADS": "4", "TMDB_URL": tmdb.url, "TMDB_API_KEY": KEY}
        appliance.start()
        try:
            appliance.add_user()
            header = {"Authorization": f"Bearer {appliance.token}"}
            search = f"{appliance.address}/api/search?q=harbour"
            with at_once(AT_ONCE, lambda: requests.get(search, headers=header, timeout=60)) as asked:
                shows = f"{appliance.address}/api/shows"
                assert seconds_of(lambda: requests.get(shows, headers=header, timeout=60)) < 5
                assert seconds_of(lambda: appliance.send(episode())) < 5
                # Half of the threads may wait; those give up after 15 seconds.
                told = [one.result() for one in islice(as_completed(asked, timeout=12), AT_ONCE - 2)]
                assert sum(one.done() for one in asked) == AT_ONCE - 2
                assert {one.status_code for one in told} == {503}
                assert {one.headers["Retry-After"] for one in told} == {str(BUSY_SECONDS)}
                assert "too many wait" in told[0].json()["error"]["message"]
            # They were given up in time, and their places are free again.
            tmdb.heal()
            assert requests.get(search, headers=header, timeout=60).status_code == 200
        finally:
            appliance.stop()
