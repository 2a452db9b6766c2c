"""The webhook over real HTTP against gunicorn and PostgreSQL: what Plex sends, and what strangers send."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.acceptance.appliance import Appliance, answer_of
from tests.payloads import MISSING, as_json, episode, multipart

GOOD_SECONDS = 0.2


def _show(running: Appliance, title: str, seasons: dict[int, int]) -> int:
    document = {
        "title": title,
        "seasons": [
            {"seasonNumber": s, "episodes": [{"episodeNumber": e, "runtime": 30} for e in range(1, count + 1)]}
            for s, count in seasons.items()
        ],
    }
    return int(running.call("POST", "/api/shows", document)["id"])


def test_ninety_six_episodes_of_one_show_sent_by_sixteen_clients_are_all_marked(running: Appliance) -> None:
    show = _show(running, "Ninety-Six", dict.fromkeys(range(1, 9), 12))
    messages = [
        episode(grandparentTitle="Ninety-Six", parentIndex=season, index=number)
        for season in range(1, 9)
        for number in range(1, 13)
    ]
    with ThreadPoolExecutor(16) as clients:
        answers = list(clients.map(lambda message: answer_of(running.send(message)), messages))

    assert answers == [("success", "marked_watched")] * 96
    found = running.call("GET", f"/api/shows/{show}")
    episodes = [e for season in found["seasons"] for e in season["episodes"]]
    assert all(e["watched"] for e in episodes)
    assert found["watched_episodes"] == found["total_episodes"] == len(episodes) == 96
    assert found["total_minutes"] == sum(e["runtime"] for e in episodes)


def test_the_same_scrobble_twenty_times_at_once_is_one_play(running: Appliance) -> None:
    show = _show(running, "Twenty Times", {1: 2})
    body, content_type = multipart(episode(grandparentTitle="Twenty Times", parentIndex=1, index=1))
    with ThreadPoolExecutor(20) as clients:
        answers = list(clients.map(lambda _: answer_of(running.post(body, content_type)), range(20)))

    assert sorted(answers) == [("duplicate", "duplicate")] * 19 + [("success", "marked_watched")]
    assert len(running.call("GET", f"/api/shows/{show}/plays")["plays"]) == 1


def _bad(**changes: Any) -> bytes:
    return as_json(episode(**changes))


BAD: dict[str, tuple[bytes, str | None, int, str]] = {
    "no body": (b"", None, 400, "body"),
    "no payload part": (
        multipart("x")[0].replace(b'name="payload"', b'name="other"'),
        multipart("x")[1],
        400,
        "payload",
    ),
    "truncated multipart": (multipart(episode())[0][:-40], multipart(episode())[1], 400, "body"),
    "invalid JSON": (b'{"event": ', "application/json", 400, "body"),
    "a JSON array": (b"[]", "application/json", 400, "payload"),
    "a JSON string": (b'"media.scrobble"', "application/json", 400, "payload"),
    "null": (b"null", "application/json", 400, "payload"),
    "an empty object": (b"{}", "application/json", 400, "event"),
    "Metadata is a string": (_bad(Metadata="x"), "application/json", 400, "Metadata"),
    "event is a number": (_bad(event=7), "application/json", 400, "event"),
    "index is a word": (_bad(index="abc"), "application/json", 400, "Metadata.index"),
    "index is 6.5": (_bad(index=6.5), "application/json", 400, "Metadata.index"),
    "index is 2^40": (_bad(index=2**40), "application/json", 400, "Metadata.index"),
    "index is -1": (_bad(index=-1), "application/json", 400, "Metadata.index"),
    "rating key is an object": (
        _bad(grandparentRatingKey={"a": 1}),
        "application/json",
        400,
        "Metadata.grandparentRatingKey",
    ),
    "a title of 1 MB": (_bad(grandparentTitle="a" * 1_000_000), "application/json", 400, "Metadata.grandparentTitle"),
    "nesting 5,000 deep": (b'{"event":"x","a":' + b"[" * 5000 + b"]" * 5000 + b"}", "application/json", 400, "body"),
    "NaN": (b'{"event": "media.scrobble", "Metadata": {"index": NaN}}', "application/json", 400, "body"),
    "a form": (b"payload=%7B%7D", "application/x-www-form-urlencoded", 415, "Content-Type"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_at_once_with_the_field_and_one_line_in_the_log(running: Appliance, name: str) -> None:
    body, content_type, status, field = BAD[name]
    before = len(running.output.splitlines())

    response = running.post(body, content_type)

    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert field in error["fields"], error
    assert error["fields"][field]
    assert len(response.text) < 2_000
    lines = _new_lines(running, before)
    assert len(lines) == 1, lines
    assert f"status={status}" in lines[0]
    assert "Traceback" not in lines[0]


@pytest.mark.parametrize("name", BAD)
def test_bad_input_does_not_keep_the_appliance_busy(running: Appliance, name: str) -> None:
    body, content_type, _, _ = BAD[name]
    # The quickest of several: what the message costs, not what else the machine is doing.
    assert min(running.post(body, content_type).elapsed.total_seconds() for _ in range(5)) < GOOD_SECONDS


@pytest.mark.parametrize(
    "secret",
    [None, "", "0" * 64, "ß" * 32, "%ff%fe", "a" * 4_000],
    ids=["none", "empty", "wrong", "not ASCII", "not UTF-8", "long"],
)
def test_a_missing_or_wrong_secret_is_401(running: Appliance, secret: str | None) -> None:
    url = running.webhook_url.partition("?")[0] + ("" if secret is None else f"?secret={secret}")
    before = len(running.output.splitlines())

    response = running.post(*multipart(episode()), url=url)

    assert response.status_code == 401, response.text
    assert "secret" in response.json()["error"]["fields"]
    lines = _new_lines(running, before)
    assert len(lines) == 1
    assert not secret or secret not in lines[0]


def test_ten_megabytes_are_read_before_they_are_refused(running: Appliance) -> None:
    response = running.post(*multipart(episode(summary="x" * 10_000_000)))

    assert response.status_code == 413
    assert response.json()["error"]["code"] == "payload_too_large"


def test_after_all_of_that_the_next_good_event_is_marked_by_the_same_process(running: Appliance) -> None:
    _show(running, "Still Here", {1: 1})
    pids = running.pids()
    for body, content_type, _, _ in BAD.values():
        running.post(body, content_type)

    answer = answer_of(running.send(episode(grandparentTitle="Still Here", parentIndex=1, index="1")))

    assert answer == ("success", "marked_watched")
    assert running.pids() == pids
    assert "Traceback" not in running.output


def test_a_body_in_chunks_is_taken(running: Appliance) -> None:
    import requests

    _show(running, "In Chunks", {1: 1})
    body, content_type = multipart(episode(grandparentTitle="In Chunks", parentIndex=1, index=1))
    pieces = (body[at : at + 100] for at in range(0, len(body), 100))

    response = requests.post(running.webhook_url, data=pieces, headers={"Content-Type": content_type}, timeout=10)

    assert answer_of(response) == ("success", "marked_watched")


def test_text_that_postgresql_cannot_store_is_replaced_and_the_event_kept(running: Appliance) -> None:
    _show(running, "Odd Letters", {1: 1})
    message = episode(grandparentTitle="Odd Letters", parentIndex=1, index=1, title="a\x00b\ud800c", guid=MISSING)

    answer = running.post(json.dumps(message).encode(), "application/json")

    assert answer_of(answer) == ("success", "marked_watched")
    log = running.call("GET", f"/api/plex/logs/{answer.json()['log_id']}")
    assert log["payload"]["Metadata"]["title"] == "a\ufffdb\ufffdc"


def test_no_secret_reaches_the_log(running: Appliance) -> None:
    running.post(b"{", "application/json")
    # A request line that gunicorn itself refuses, and may quote.
    import socket

    with socket.create_connection(("127.0.0.1", running.port)) as raw:
        raw.sendall(f"PO ST {running.webhook_url} HTTP/9.9\r\n\r\n".encode())
        raw.recv(1000)

    secret = running.webhook_url.partition("secret=")[2]
    assert len(secret) == 64
    assert secret not in running.output
    assert running.token not in running.output


def _new_lines(running: Appliance, before: int) -> list[str]:
    """The line is written before the answer is sent, but by another thread of the operating system's pipe."""
    deadline = time.monotonic() + 1
    while len(running.output.splitlines()) <= before and time.monotonic() < deadline:
        time.sleep(0.01)
    return running.output.splitlines()[before:]
