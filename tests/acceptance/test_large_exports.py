"""Exports that are larger than memory is for, through a real `tellykeep serve`, and clients that take their time with them."""

from __future__ import annotations

import json
import socket
import time
from contextlib import ExitStack
from http.client import HTTPResponse
from pathlib import Path

import pytest
import requests

from app.serving.incoming import MEBIBYTE
from tests.acceptance.appliance import Appliance
from tests.payloads import episode

SHOWS = 40
# What a process may grow by while exports of about 14 MiB go out.
MOST_GROWN = 24 * MEBIBYTE
# More than there are threads.
SLOW_CLIENTS = 24


@pytest.fixture(scope="module")
def full(running: Appliance) -> Appliance:
    """With shows of a thousand episodes each."""
    episodes = [{"episodeNumber": number, "title": "x" * 280} for number in range(1, 1001)]
    for number in range(SHOWS):
        show = {"title": f"Large {number}", "seasons": [{"seasonNumber": 1, "episodes": episodes}]}
        running.call("POST", "/api/shows", show)
    return running


def _memory(running: Appliance) -> int:
    """What gunicorn's worker has now."""
    status = Path(f"/proc/{running.pids()[1]}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


def _left_open(running: Appliance) -> int:
    """Files in the data directory that have no name any more, and that the worker has open."""
    found = 0
    for link in Path(f"/proc/{running.pids()[1]}/fd").iterdir():
        try:
            target = str(link.readlink())
        except OSError:
            continue
        found += target.startswith(str(running.directory)) and target.endswith("(deleted)")
    return found


def _asked(running: Appliance) -> socket.socket:
    """A client that has asked for an export, and reads nothing of it."""
    client = socket.create_connection(("127.0.0.1", running.port), timeout=60)
    client.sendall(
        f"GET /api/export HTTP/1.1\r\nHost: 127.0.0.1:{running.port}\r\nAuthorization: Bearer {running.token}\r\n"
        "Connection: close\r\n\r\n".encode()
    )
    return client


def test_an_export_of_many_megabytes_is_whole_and_memory_stays_as_it_was(full: Appliance) -> None:
    headers = {"Authorization": f"Bearer {full.token}"}
    requests.get(f"{full.address}/api/export?format=csv", headers=headers, timeout=60)
    before = _memory(full)

    answer = requests.get(f"{full.address}/api/export", headers=headers, timeout=120)

    assert len(answer.content) == int(answer.headers["Content-Length"]) > 10 * MEBIBYTE
    shows = json.loads(answer.content)["shows"]
    assert sum(len(show["seasons"][0]["episodes"]) for show in shows) == SHOWS * 1000
    assert _memory(full) - before < MOST_GROWN
    assert requests.head(f"{full.address}/api/export", headers=headers, timeout=120).content == b""
    assert _left_open(full) == 0


def test_clients_that_do_not_read_theirs_leave_threads_and_connections_for_everybody_else(full: Appliance) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(_asked(full)) for _ in range(SLOW_CLIENTS)]
        deadline = time.monotonic() + 60
        while _left_open(full) < SLOW_CLIENTS:
            assert time.monotonic() < deadline, "they were to wait in files"
            time.sleep(0.2)
        # What is written after it is not in it.
        full.call("POST", "/api/shows", {"title": "Too late"})

        for number in range(5):
            began = time.monotonic()
            assert full.send(episode(grandparentTitle=f"Meanwhile {number}")).status_code in (200, 202)
            full.call("GET", "/api/shows")
            assert time.monotonic() - began < 5
        answer = HTTPResponse(clients[0])
        answer.begin()
        document = json.loads(answer.read())

    assert len(document["shows"]) == SHOWS
    deadline = time.monotonic() + 60
    while _left_open(full):
        assert time.monotonic() < deadline, "files of clients that are gone were to go"
        time.sleep(0.2)
