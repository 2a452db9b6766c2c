"""Two hundred clients that send a byte a second, or read one: webhooks come through all the same."""

from __future__ import annotations

import time
from contextlib import ExitStack

import pytest
import requests

from app.serving.connection import HEAD_SECONDS
from app.serving.worker import MOST_CONNECTIONS
from tests.acceptance.appliance import Appliance
from tests.payloads import episode
from tests.slow_clients import Kind, SlowClients, kinds

ALLOWED_SECONDS = 5.0
LARGE_FILE = "/static/vendor/tabler-1.6.1/tabler.min.css"


@pytest.fixture(scope="module")
def ways(running: Appliance) -> dict[str, Kind]:
    return kinds(running.webhook_url.removeprefix(running.address), LARGE_FILE)


def _longest_wait(running: Appliance, seconds: float) -> float:
    """Sends webhooks one after the other for so long."""
    until, longest = time.monotonic() + seconds, 0.0
    while time.monotonic() < until:
        began = time.monotonic()
        answer = running.send(episode(grandparentTitle="Meanwhile"))
        longest = max(longest, time.monotonic() - began)
        assert answer.status_code in (200, 202), answer.text
        time.sleep(0.2)
    return longest


@pytest.mark.parametrize("way", ["head", "body of the webhook", "answer"])
def test_two_hundred_slow_clients_do_not_stop_webhooks(running: Appliance, ways: dict[str, Kind], way: str) -> None:
    with SlowClients(("127.0.0.1", running.port), ways[way]) as slow:
        assert _longest_wait(running, 15 if way == "head" else 10) < ALLOWED_SECONDS
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
        assert _longest_wait(running, 5) < ALLOWED_SECONDS
    assert slow.shut_out >= 150


def test_the_log_has_a_line_about_them_and_not_a_line_each(running: Appliance) -> None:
    lines = [line for line in running.output.splitlines() if "slow clients were shut out" in line]
    assert 1 <= len(lines) <= 4
    assert "127.0.0.1" in lines[0]


def test_it_still_serves_afterwards_with_all_its_threads(running: Appliance) -> None:
    assert requests.get(f"{running.address}/healthz", timeout=5).status_code == 200
    assert "Traceback" not in running.output, running.output[running.output.index("Traceback") - 300 :][:6000]
