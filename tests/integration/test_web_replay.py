"""Running events again from the pages: one, and all of a status."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from psycopg.types.json import Jsonb

from app.plex.events import parse_event
from app.security import accounts
from app.services import Services
from app.sync.receive import receive
from app.tracker import logs
from tests.browser.sample import scrobble
from tests.conftest import Connection
from tests.integration.browser import PASSWORD, Browser
from tests.integration.test_web_pages import _text
from tests.watch_state import value

pytestmark = pytest.mark.usefixtures("cheap_passwords")

Fail = Callable[..., int]


@pytest.fixture
def user_id(services: Services) -> int:
    return accounts.create_user(services, "mira", PASSWORD)


@pytest.fixture
def browser(client: FlaskClient, user_id: int) -> Browser:
    browser = Browser(client.application)
    browser.sign_in("mira")
    return browser


@pytest.fixture
def fail(conn: Connection, user_id: int) -> Fail:
    """Stores an event as one that a fault kept from being decided; its number in the log."""

    def store(episode: int = 1, of: int | None = None) -> int:
        message: dict[str, Any] = scrobble("Harbour Lights", 1, episode)
        arguments = (of or user_id, uuid.uuid4(), Jsonb(parse_event(message).decision()), Jsonb(message))
        log_id = value(
            conn, "select record_failed_event(%s, %s, 'webhook', %s, %s, now(), 'XX000: a fault')", arguments
        )
        assert isinstance(log_id, int)
        return log_id

    return store


def _status(conn: Connection, log_id: int) -> object:
    return value(conn, "select status from plex_webhook_logs where id = %s", (log_id,))


def test_a_failed_event_is_run_again_and_what_came_of_it_is_told(
    browser: Browser, fail: Fail, user_id: int, make_show: Callable[..., int], conn: Connection
) -> None:
    make_show(user_id, "Harbour Lights")
    log_id = fail()

    answer = browser.send(f"/activity/{log_id}/replay", f"/activity/{log_id}")

    assert (answer.status_code, answer.location) == (303, f"/activity/{log_id}")
    page = browser.get(f"/activity/{log_id}").text
    assert "It was run again. Watched: Marked in the tracker." in _text(page)
    assert "Run it again" not in page
    assert _status(conn, log_id) == "success"
    assert value(conn, "select count(*) from plays") == 1
    assert "It was run again" not in browser.get(f"/activity/{log_id}").text


@pytest.mark.parametrize(
    ("status", "action"),
    [("conflict", "needs_user_input"), ("pending", "needs_lookup"), ("ignored", "account_not_tracked")],
)
def test_what_waits_or_was_ignored_can_be_run_again(
    browser: Browser,
    services: Services,
    user_id: int,
    make_show: Callable[..., int],
    conn: Connection,
    status: str,
    action: str,
) -> None:
    log_id = receive(services, user_id, parse_event(scrobble("Harbour Lights", 1, 1))).log_id
    conn.execute(
        "update plex_webhook_logs set status = %s, action_taken = %s,"
        " next_attempt_at = case when %s = 'pending' then now() end",
        (status, action, status),
    )
    make_show(user_id, "Harbour Lights")

    browser.send(f"/activity/{log_id}/replay", f"/activity/{log_id}")

    assert _status(conn, log_id) == "success"


def test_what_was_applied_stays_as_it_is(
    browser: Browser, services: Services, user_id: int, make_show: Callable[..., int], conn: Connection
) -> None:
    make_show(user_id, "Harbour Lights")
    log_id = receive(services, user_id, parse_event(scrobble("Harbour Lights", 1, 1))).log_id
    assert "Run it again" not in browser.get(f"/activity/{log_id}").text

    token = browser.fields("/activity", "/sign-out")["csrf_token"]
    browser.http.post(f"/activity/{log_id}/replay", data={"csrf_token": token})

    assert "What was applied stays as it is." in _text(browser.get(f"/activity/{log_id}").text)
    assert value(conn, "select count(*) from plays") == 1


def test_an_event_that_cannot_be_read_says_so(browser: Browser, fail: Fail, conn: Connection) -> None:
    log_id = fail()
    conn.execute("update plex_webhook_logs set payload = '{}'")

    browser.send(f"/activity/{log_id}/replay", f"/activity/{log_id}")

    assert "cannot be read as an event" in _text(browser.get(f"/activity/{log_id}").text)
    assert _status(conn, log_id) == "failed"


def test_an_event_of_somebody_else_is_not_there_to_be_run(
    browser: Browser, services: Services, fail: Fail, conn: Connection
) -> None:
    theirs = fail(of=accounts.create_user(services, "eve", PASSWORD))
    token = browser.fields("/activity", "/sign-out")["csrf_token"]

    assert browser.http.post(f"/activity/{theirs}/replay", data={"csrf_token": token}).status_code == 404
    browser.http.post("/activity/replay", data={"csrf_token": token, "status": "failed"})
    assert _status(conn, theirs) == "failed"


def test_without_the_csrf_token_nothing_is_run(browser: Browser, fail: Fail, conn: Connection) -> None:
    log_id = fail()

    assert browser.http.post(f"/activity/{log_id}/replay").status_code == 403
    assert browser.http.post("/activity/replay", data={"status": "failed"}).status_code == 403
    assert _status(conn, log_id) == "failed"


def test_all_failed_events_are_run_again_past_one_that_cannot_be_read(
    browser: Browser, fail: Fail, user_id: int, make_show: Callable[..., int], conn: Connection
) -> None:
    make_show(user_id, "Harbour Lights")
    broken = fail(1)
    conn.execute("update plex_webhook_logs set payload = '{}', watched_at = '2000-01-01'")
    good = [fail(2), fail(3)]

    answer = browser.send("/activity/replay", "/activity?status=failed")

    assert (answer.status_code, answer.location) == (303, "/activity?status=failed")
    shown = _text(browser.get("/activity?status=failed").text)
    assert "3 events were run again: 2 Watched." in shown
    assert "1 of them could not be run again" in shown
    assert [_status(conn, log_id) for log_id in (broken, *good)] == ["failed", "success", "success"]


def test_many_are_run_in_several_goes_that_do_not_begin_anew(
    browser: Browser, fail: Fail, monkeypatch: pytest.MonkeyPatch, conn: Connection
) -> None:
    monkeypatch.setattr(logs, "BATCH_SECONDS", 0.0)
    first, second = fail(1), fail(2)
    conn.execute("update plex_webhook_logs set payload = '{}'")

    answer = browser.send("/activity/replay", "/activity?status=failed")
    assert answer.location == f"/activity?status=failed&after={first}"
    page = browser.get(answer.location).text
    assert "go on with the rest" in page
    assert browser.fields(answer.location, "/activity/replay")["after"] == str(first)

    assert browser.send("/activity/replay", answer.location).location == "/activity?status=failed"
    assert "1 event was run again" in _text(browser.get("/activity?status=failed").text)
    assert _status(conn, second) == "failed"


@pytest.mark.parametrize("path", ["/activity", "/activity?status=success", "/activity?status=pending"])
def test_only_a_list_of_what_can_be_run_has_the_button(browser: Browser, fail: Fail, path: str) -> None:
    fail()

    assert "Run all again" not in browser.get(path).text
    assert "Run all again" in browser.get("/activity?status=failed").text


def test_a_status_that_is_not_run_all_at_once_is_refused(browser: Browser) -> None:
    token = browser.fields("/activity", "/sign-out")["csrf_token"]

    assert browser.http.post("/activity/replay", data={"csrf_token": token, "status": "success"}).status_code == 400
