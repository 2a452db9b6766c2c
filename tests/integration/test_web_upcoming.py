"""What airs next: the page, and the calendar under an address of its own."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import structlog
from flask.testing import FlaskClient
from icalendar import Calendar

from app.security import accounts
from app.services import Services
from tests.browser.sample import HOSTILE
from tests.conftest import Connection
from tests.integration.browser import PASSWORD, Browser

pytestmark = pytest.mark.usefixtures("cheap_passwords")

# Fourteen hours ahead of UTC: mostly another day than the server's.
ZONE = "Pacific/Kiritimati"

Air = Callable[..., int]


@pytest.fixture
def user_id(services: Services) -> int:
    return accounts.create_user(services, "mira", PASSWORD, timezone=ZONE)


@pytest.fixture
def browser(client: FlaskClient, user_id: int) -> Browser:
    browser = Browser(client.application)
    browser.sign_in("mira")
    return browser


def today() -> date:
    return datetime.now(ZoneInfo(ZONE)).date()


@pytest.fixture
def air(make_show: Callable[..., int], user_id: int) -> Air:
    """Adds a show whose episodes air so many days from today."""

    def add(title: str, *days: int, owner: int | None = None, watched: int = 0) -> int:
        episodes: list[dict[str, Any]] = [
            {
                "episodeNumber": number,
                "title": f"Part {number}",
                "airDate": (today() + timedelta(days=day)).isoformat(),
                "watched": number <= watched,
            }
            for number, day in enumerate(days, 1)
        ]
        return make_show(owner or user_id, title, seasons=[{"seasonNumber": 1, "episodes": episodes}])

    return add


def _groups(page: str) -> dict[str, list[str]]:
    """Heading to the titles under it."""
    return {
        heading: re.findall(r'<bdi class="tk-airing-show">([^<]*)</bdi>', part)
        for heading, part in re.findall(r'<h2 class="tk-day-name">([^<]*)</h2>(.*?)</section>', page, re.DOTALL)
    }


def _address(browser: Browser) -> str:
    """Makes an address for the calendar; its path."""
    page = browser.send("/upcoming/calendar", page="/upcoming")
    assert page.status_code == 201
    found = re.search(r'value="http://localhost(/calendar/[^"]+\.ics)"', page.text)
    assert found is not None
    return found[1]


def test_episodes_stand_under_their_day_by_the_users_own_calendar(browser: Browser, air: Air) -> None:
    air("Harbour Lights", -1, 0, 1, 5, 6, 7, 30)
    air("Nightjar", 0)
    air("Long gone", -60)
    air("Far away", 500)
    air("Seen", -1, watched=1)

    page = browser.get("/upcoming").text

    assert _groups(page) == {
        "Today": ["Harbour Lights", "Nightjar"],
        "Tomorrow": ["Harbour Lights"],
        "This week": ["Harbour Lights"] * 2,
        "Later": ["Harbour Lights"] * 2,
        "Aired lately, not watched": ["Harbour Lights"],
    }


def test_a_season_of_one_day_is_one_row(browser: Browser, air: Air) -> None:
    air("Nightjar", *[1] * 8)

    page = browser.get("/upcoming").text

    assert _groups(page) == {"Tomorrow": ["Nightjar"]}
    assert "S01E01-E08" in page


def test_without_anything_announced_the_page_says_so(browser: Browser) -> None:
    assert "Nothing is announced" in browser.get("/upcoming").text


def test_other_peoples_shows_are_not_there(browser: Browser, services: Services, air: Air) -> None:
    air("Noor's show", 0, owner=accounts.create_user(services, "noor", PASSWORD))

    assert "Noor" not in browser.get("/upcoming").text


def test_hostile_titles_are_text(browser: Browser, air: Air) -> None:
    for title in HOSTILE:
        air(title, 0)

    page = browser.get("/upcoming").text

    assert "<script>alert" not in page
    assert len(_groups(page)["Today"]) == len(HOSTILE)


def test_the_calendar_is_read_without_a_session_and_has_what_was_watched_too(
    client: FlaskClient, browser: Browser, air: Air
) -> None:
    air("Harbour Lights", -3, 0, 40, watched=1)
    path = _address(browser)

    answer = client.application.test_client().get(path)

    assert (answer.status_code, answer.content_type) == (200, "text/calendar; charset=utf-8")
    events = list(Calendar.from_ical(answer.data).walk("VEVENT"))
    assert [event["dtstart"].dt for event in events] == [today() + timedelta(days=n) for n in (-3, 0, 40)]
    again = client.application.test_client().get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_the_address_is_shown_once_and_not_kept(browser: Browser, conn: Connection) -> None:
    token = _address(browser).removeprefix("/calendar/").removesuffix(".ics")

    assert token not in browser.get("/upcoming").text
    assert token not in str(conn.execute("select * from calendar_tokens").fetchall())


def test_a_new_address_ends_the_old_one_and_one_that_was_ended_is_not_there(browser: Browser) -> None:
    first = _address(browser)
    second = _address(browser)
    assert [browser.get(path).status_code for path in (first, second)] == [404, 200]

    browser.send("/upcoming/calendar/remove", page="/upcoming")

    assert browser.get(second).status_code == 404
    assert "Make an address" in browser.get("/upcoming").text


@pytest.mark.parametrize("token", ["wrong", "a" * 5000, "%00", "..", "\u2603"])
def test_a_wrong_address_is_not_there(client: FlaskClient, token: str) -> None:
    assert client.get(f"/calendar/{token}.ics").status_code in (404, 308)


def test_a_calendars_token_opens_nothing_else(client: FlaskClient, browser: Browser) -> None:
    token = _address(browser).removeprefix("/calendar/").removesuffix(".ics")

    assert client.get("/api/shows", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_guesses_are_limited_and_their_tokens_reach_no_log(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    stranger = Browser(client.application)

    # The application's own lines do not come by the standard library here.
    with structlog.testing.capture_logs() as logged:
        statuses = [stranger.get(f"/calendar/guessed-token-{n}.ics").status_code for n in range(125)]

    assert statuses == [404] * 120 + [429] * 5
    assert {line["path"] for line in logged if line["event"] == "too many requests"} == {"/calendar/…"}
    assert "guessed-token" not in caplog.text + repr(logged)


@pytest.mark.parametrize("path", ["/upcoming/calendar", "/upcoming/calendar/remove"])
def test_an_address_is_neither_made_nor_ended_by_a_foreign_page(browser: Browser, path: str) -> None:
    assert browser.http.post(path).status_code == 403


def test_five_hundred_shows_are_looked_through_at_once(
    browser: Browser, conn: Connection, user_id: int, make_show: Callable[..., int]
) -> None:
    make_show(user_id, "Show 0", seasons={1: 24, 2: 24, 3: 25})
    conn.execute(
        "insert into tvshows (user_id, title, seasons, total_episodes)"
        " select user_id, 'Show ' || n, seasons, total_episodes from tvshows, generate_series(1, 499) n where user_id = %s",
        (user_id,),
    )
    conn.commit()
    browser.get("/upcoming")

    began = time.perf_counter()
    assert browser.get("/upcoming").status_code == 200
    # A guard against reading every episode in Python, on a busy machine; bench/pages.py has the figures.
    assert time.perf_counter() - began < 1.5
