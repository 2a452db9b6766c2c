"""Imports that are larger than memory is for, through a real `tellykeep serve`."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from app.serving.incoming import MEBIBYTE, MOST_KEPT
from app.serving.large import MOST_AT_ONCE
from tests.acceptance.appliance import Appliance, csrf_token, sign_in
from tests.payloads import episode

PAGE = "/settings/transfer"
# What a process may grow by while an import of 60 MiB comes in, piece by piece, and is read, show by show.
MOST_GROWN = 48 * MEBIBYTE


@pytest.fixture
def browser(running: Appliance) -> Iterator[requests.Session]:
    with requests.Session() as session:
        sign_in(session, running)
        yield session


def _export(path: Path, megabytes: int, name: str) -> None:
    """Shows of some hundred kilobytes each, as an export has them."""
    with path.open("w") as file:
        file.write('{"format": "tellykeep-export", "version": 1, "shows": [\n')
        for number in range(megabytes * 4):
            show = f'{{"title": "{name} {number}", "later": "{"x" * 262_000}"}}'
            file.write(("," if number else "") + show + "\n")
        file.write("]}\n")


def _import(session: requests.Session, running: Appliance, path: Path) -> requests.Response:
    token = csrf_token(session, running, PAGE)
    with path.open("rb") as file:
        # requests makes one string of a form with a file: as large as the file, but here.
        return session.post(
            f"{running.address}{PAGE}/import",
            {"csrf_token": token},
            files={"file": ("export.json", file, "application/json")},
            timeout=120,
        )


def _memory(running: Appliance) -> int:
    """The most that gunicorn's worker has had at once."""
    status = Path(f"/proc/{running.pids()[1]}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024


def _imported(session: requests.Session, running: Appliance) -> str:
    deadline = time.monotonic() + 120
    while True:
        text = session.get(running.address + PAGE, timeout=30).text
        if "data-live" not in text:
            return text
        assert time.monotonic() < deadline, text
        time.sleep(0.3)


@pytest.mark.parametrize("megabytes", [20, 60])
def test_an_export_of_many_megabytes_is_brought_in_and_memory_stays_as_it_was(
    running: Appliance, browser: requests.Session, tmp_path: Path, megabytes: int
) -> None:
    _export(tmp_path / "export.json", megabytes, f"Large {megabytes}")
    before = _memory(running)

    answer = _import(browser, running, tmp_path / "export.json")
    assert answer.status_code == 200, answer.text
    page = _imported(browser, running)

    assert "All that was in the file is in your tracker" in page
    assert f"<dt>New shows</dt><dd>{megabytes * 4}</dd>" in page
    assert _memory(running) - before < MOST_GROWN
    assert list((running.directory / "data" / "imports").iterdir()) == []


def test_one_that_is_too_large_is_refused_in_words(
    running: Appliance, browser: requests.Session, tmp_path: Path
) -> None:
    with (tmp_path / "export.json").open("wb") as file:
        file.truncate(65 * MEBIBYTE)
    before = _memory(running)

    answer = _import(browser, running, tmp_path / "export.json")

    assert answer.status_code == 413
    assert "An import may have 64 MB, and this file is larger." in answer.text
    assert _memory(running) - before < MOST_GROWN


def test_clients_that_send_a_large_one_slowly_leave_room_for_webhooks_and_pages(
    running: Appliance, browser: requests.Session
) -> None:
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    head = (
        f"POST {PAGE}/import HTTP/1.1\r\nHost: 127.0.0.1:{running.port}\r\nCookie: {cookie}\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {60 * MEBIBYTE}\r\n\r\n"
    ).encode()
    clients = []
    try:
        for number in range(MOST_AT_ONCE + 1):
            client = socket.create_connection(("127.0.0.1", running.port), timeout=30)
            clients.append(client)
            client.sendall(head)
            if number < MOST_AT_ONCE:
                client.sendall(b"x" * (MOST_KEPT + MEBIBYTE))
                time.sleep(1)
        with suppress(ConnectionError):
            clients[-1].sendall(b"x" * (MOST_KEPT + MEBIBYTE))
        assert clients[-1].recv(100).startswith(b"HTTP/1.1 503 ")

        began = time.monotonic()
        assert running.send(episode(grandparentTitle="Meanwhile")).status_code in (200, 202)
        assert time.monotonic() - began < 5
        assert browser.get(running.address + PAGE, timeout=10).ok
    finally:
        for client in clients:
            client.close()
