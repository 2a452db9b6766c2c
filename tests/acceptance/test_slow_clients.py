"""Two hundred clients that send a byte a second, or read one: webhooks come through all the same."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack

import pytest
import requests

from app.serving.connection import HEAD_SECONDS
from app.serving.worker import MOST_CONNECTIONS
from tests.acceptance.appliance import Appliance
from tests.payloads import episode
from tests.slow_clients import Kind, SlowClients, kinds

ALLOWED_SECONDS = 5.0
BUSY_SECONDS = 60.0
LARGE_FILE = "/static/vendor/tabler-1.6.1/tabler.min.css"


@pytest.fixture(scope="module")
def ways(running: Appliance) -> dict[str, Kind]:
    return kinds(running.webhook_url.removeprefix(running.address), LARGE_FILE)


@pytest.fixture(scope="module", autouse=True)
def began() -> float:
    """When the first of them came."""
    return time.monotonic()


def _longest_wait(running: Appliance, seconds: float, until: Callable[[], bool] = lambda: True) -> float:
    """Sends webhooks one after the other for so long, and on until something is true, for which a busy machine has a minute."""
    start, longest = time.monotonic(), 0.0
    while (passed := time.monotonic() - start) < seconds or (not until() and passed < BUSY_SECONDS):
        began = time.monotonic()
        answer = running.send(episode(grandparentTitle="Meanwhile"))
        longest = max(longest, time.monotonic() - began)
        assert answer.status_code in (200, 202), answer.text
        time.sleep(0.2)
    return longest


@pytest.mark.parametrize("way", ["head", "body of the webhook", "answer"])
def test_two_hundred_slow_clients_do_not_stop_webhooks(running: Appliance, ways: dict[str, Kind], way: str) -> None:
    with SlowClients(("127.0.0.1", running.port), ways[way]) as slow:
        # Of a head nobody ever sees the end; of the others the time for each grows with what comes.
        is_done = (lambda: slow.shut_out >= 200) if way == "head" else (lambda: True)
        assert _longest_wait(running, 10, is_done) < ALLOWED_SECONDS
    if way == "head":
        assert slow.shut_out >= 200, f"a head may take {HEAD_SECONDS} s"
        assert slow.answers[0].startswith(b"HTTP/1.1 408 ")


def test_every_way_of_being_slow_at_once_does_not_stop_webhooks(running: Appliance, ways: dict[str, Kind]) -> None:
    with ExitStack() as stack:
        for kind in ways.values():
            stack.enter_context(SlowClients(("127.0.0.1", running.port), kind, count=50))
        assert _longest_wait(running, 10) < ALLOWED_SECONDS


def test_more_connections_than_are_kept_make_room_for_webhooks(running: Appliance, ways: dict[str, Kind]) -> None:
    with SlowClients(("127.0.0.1", running.port), ways["says nothing"], count=MOST_CONNECTIONS + 150) as slow:
        assert _longest_wait(running, 5, lambda: slow.shut_out >= 150) < ALLOWED_SECONDS
    assert slow.shut_out >= 150


def test_the_log_has_a_line_about_them_and_not_a_line_each(running: Appliance, began: float) -> None:
    lines = [line for line in running.output.splitlines() if "slow clients were shut out" in line]
    assert 1 <= len(lines) <= 2 + (time.monotonic() - began) / 60
    assert "127.0.0.1" in lines[0]


def test_it_still_serves_afterwards_with_all_its_threads(running: Appliance) -> None:
    assert requests.get(f"{running.address}/healthz", timeout=5).status_code == 200
    assert "Traceback" not in running.output, running.output[running.output.index("Traceback") - 300 :][:6000]
