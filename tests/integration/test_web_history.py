"""The page about the Plex server's history: what was missed, and an import from its button to its end."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from app.jobs.catch_up import HistoryClock
from app.security import accounts
from app.services import Services
from tests import payloads
from tests.conftest import Connection
from tests.fakes.plex import FakePlex
from tests.integration.browser import PASSWORD, Browser
from tests.integration.test_web_pages import _text
from tests.watch_state import value

pytestmark = pytest.mark.usefixtures("cheap_passwords")

NOW = datetime.now(UTC).replace(microsecond=0)
KEY = "4700"
POLLS = 'hx-get="/history"'


@pytest.fixture
def user_id(services: Services) -> int:
    return accounts.create_user(services, "mira", PASSWORD, timezone="Asia/Tokyo")


@pytest.fixture
def browser(client: FlaskClient, user_id: int) -> Browser:
    browser = Browser(client.application)
    browser.sign_in("mira")
    return browser


@pytest.fixture
def plex(user_id: int, fake_plex: FakePlex, use_plex: Callable[..., None], make_show: Callable[..., int]) -> FakePlex:
    """Mira's server, with a show that her tracker has too."""
    use_plex(user_id)
    make_show(user_id, payloads.SHOW)
    fake_plex.add_show(KEY, payloads.SHOW, seasons={1: 4})
    return fake_plex


@pytest.fixture
def clock(services: Services) -> HistoryClock:
    return HistoryClock(services, threading.Event())


def _watch(plex: FakePlex, *ages: timedelta) -> None:
    for episode, age in enumerate(ages, 1):
        plex.watched(KEY, 1, episode, int((NOW - age).timestamp()))


def test_the_menu_and_the_connection_lead_to_it(browser: Browser) -> None:
    assert 'href="/history"' in browser.get("/").text


def test_without_a_token_it_says_what_is_missing_and_how_to_set_it(browser: Browser) -> None:
    page = browser.get("/history")

    assert "cannot be asked yet" in _text(page.text)
    assert 'href="/settings/plex"' in page.text
    assert POLLS not in page.text
    assert "<button" not in page.text.split('id="history"')[1].split("</main>")[0]


def test_a_button_that_is_pressed_after_the_token_went_is_refused_in_words(
    browser: Browser, plex: FakePlex, conn: Connection
) -> None:
    fields = browser.fields("/history", "/history/import")
    conn.execute("update plex_config set plex_token = null")

    assert browser.http.post("/history/import", data=fields).location == "/history"
    assert "set its address and a token" in _text(browser.get("/history").text)


def test_an_import_runs_from_its_button_to_what_it_found_without_javascript(
    browser: Browser, plex: FakePlex, clock: HistoryClock, conn: Connection
) -> None:
    _watch(plex, *(timedelta(days=100 * n) for n in (3, 2, 1)))
    before = browser.get("/history").text
    assert "Not imported yet" in before
    assert POLLS not in before

    answer = browser.send("/history/import", "/history")
    assert (answer.status_code, answer.location) == (303, "/history")
    waiting = browser.get("/history").text
    assert "About to begin" in waiting
    assert POLLS in waiting

    clock.import_wanted()
    after = browser.get("/history").text
    assert "3 of 3 rows read" in _text(after)
    assert "Taken over 3" in _text(after)
    assert POLLS not in after
    assert value(conn, "select count(*) from plays") == 3


def test_the_progress_is_drawn_while_it_runs_and_the_poll_gets_the_same_part(
    browser: Browser, plex: FakePlex, user_id: int, conn: Connection
) -> None:
    conn.execute("select start_job('history_import', %s, 60)", (user_id,))
    conn.execute(
        """update job_runs
           set progress = '{"read": 120, "total": 400, "at": "2019-03-01T20:00:00Z", "recovered": 70, "known": 50}'"""
    )

    page, poll = browser.get("/history"), browser.poll("/history")

    assert 'max="400" value="120"' in page.text
    assert "120 of 400 rows read, now at 2 Mar 2019 ." in _text(page.text)
    assert poll.text.startswith('<div class="tk-list" id="history" data-live hx-get="/history" hx-trigger="every 2s')
    assert "<html" not in poll.text
    assert "Importing" in poll.text
    for answer in (page, poll):
        assert "HX-Request" in answer.headers["Vary"]


def test_an_import_is_stopped_and_gone_on_with_or_begun_anew(
    browser: Browser, plex: FakePlex, user_id: int, conn: Connection
) -> None:
    conn.execute("select start_job('history_import', %s, 60)", (user_id,))
    conn.execute(
        "insert into plex_history_positions (user_id, server_uuid, imported_to) values (%s, 'S1', now())", (user_id,)
    )

    browser.send("/history/cancel", "/history")
    page = browser.get("/history").text

    assert "The import was stopped" in page
    assert "Go on with the import" in page
    assert POLLS not in page
    token = browser.fields("/history", "/history/import")["csrf_token"]
    browser.http.post("/history/import", data={"csrf_token": token})
    assert value(conn, "select imported_to is not null from plex_history_positions")
    browser.http.post("/history/cancel", data={"csrf_token": token})
    browser.http.post("/history/import", data={"csrf_token": token, "from_start": "yes"})
    assert value(conn, "select imported_to is null from plex_history_positions")


def test_an_import_that_failed_says_why(browser: Browser, plex: FakePlex, user_id: int, conn: Connection) -> None:
    conn.execute("select start_job('history_import', %s, 60)", (user_id,))
    conn.execute(
        "update job_runs set status = 'failed', finished_at = now(), claimed_until = null,"
        " error_message = 'UpstreamUnavailable: the Plex server does not answer'"
    )

    assert "The import failed The Plex server does not answer." in _text(browser.get("/history").text)
    browser.send("/history/import", "/history")
    shown = _text(browser.get("/history").text)
    assert "About to begin" in shown
    assert "Last time: The Plex server does not answer." in shown


def test_the_gap_is_told_in_words_and_in_the_users_time_zone(
    browser: Browser,
    plex: FakePlex,
    services: Services,
    user_id: int,
    clock: HistoryClock,
    conn: Connection,
) -> None:
    _watch(plex, timedelta(hours=9), timedelta(hours=6), timedelta(hours=3))
    clock.catch_up()

    page = browser.get("/history").text

    assert re.search(
        r"3 events were missed between \w{3} \d+ \w{3}, \d\d:\d\d and \w{3} \d+ \w{3}, \d\d:\d\d , 3 recovered",
        _text(page),
    )
    assert "+09:00" in page
    assert "Earlier gaps" not in page

    conn.execute("update job_runs set started_at = started_at - interval '1 hour'")
    services.history.add(user_id)
    clock.catch_up()
    shown = _text(browser.get("/history").text)
    assert "Nothing was missed" in shown
    assert "Earlier gaps 3 events were missed between" in shown


def test_reading_now_is_asked_for_told_and_ends(
    browser: Browser, plex: FakePlex, services: Services, user_id: int, clock: HistoryClock
) -> None:
    clock.catch_up()
    browser.send("/history/read", "/history")

    assert user_id in services.history
    page = browser.get("/history").text
    assert "About to read" in page
    assert POLLS in page
    services.history.done(user_id)
    page = browser.get("/history").text
    assert "Nothing was missed" in page
    assert POLLS not in page


def test_what_keeps_it_from_reading_is_said(browser: Browser, plex: FakePlex, conn: Connection) -> None:
    conn.execute("update plex_config set plex_token_rejected_at = now()")

    page = browser.get("/history").text

    assert "refused the token" in page
    assert "Read now" not in page


def test_the_part_that_follows_a_button_takes_the_focus(browser: Browser, plex: FakePlex) -> None:
    token = browser.fields("/history", "/history/import")
    answer = browser.http.post("/history/import", data=token, headers={"HX-Request": "true"})

    assert answer.location == "/history?pressed=import"
    part = browser.poll(answer.location).text
    assert part.count("data-focus") == 1
    assert 'hx-get="/history"' in part


@pytest.mark.parametrize("action", ["import", "cancel", "read"])
def test_nothing_is_done_without_the_csrf_token_or_signed_out(
    browser: Browser, plex: FakePlex, services: Services, user_id: int, conn: Connection, action: str
) -> None:
    conn.execute("select start_job('history_import', %s, 60)", (user_id,))

    assert browser.http.post(f"/history/{action}").status_code == 403
    assert Browser(browser.app).http.post(f"/history/{action}").location.startswith("/sign-in")
    assert value(conn, "select status from job_runs") == "running"
    assert value(conn, "select count(*) from settings where history_import_wanted_at is not null") == 0
    assert user_id not in services.history


def test_the_history_of_somebody_else_is_neither_seen_nor_stopped(
    browser: Browser, plex: FakePlex, services: Services, user_id: int, use_plex: Callable[..., None], conn: Connection
) -> None:
    conn.execute("select start_job('history_import', %s, 60)", (user_id,))
    use_plex(accounts.create_user(services, "eve", PASSWORD))
    eve = Browser(browser.app)
    eve.sign_in("eve")

    assert "Not imported yet" in eve.get("/history").text
    token = eve.fields("/history", "/history/import")["csrf_token"]
    eve.http.post("/history/cancel", data={"csrf_token": token})
    assert value(conn, "select status from job_runs") == "running"
