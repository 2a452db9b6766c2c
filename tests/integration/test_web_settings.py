"""The settings: what each account finds there, and how its pages look to it."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from app.security import accounts
from app.services import Services
from app.web.settings import SECTIONS
from tests.conftest import Connection
from tests.integration.browser import PASSWORD, Browser
from tests.integration.test_web_pages import _text
from tests.watch_state import one, value

pytestmark = pytest.mark.usefixtures("cheap_passwords")


@pytest.fixture
def user_id(services: Services) -> int:
    return accounts.create_user(services, "mira", PASSWORD, timezone="Asia/Tokyo")


@pytest.fixture
def browser(client: FlaskClient, user_id: int) -> Browser:
    browser = Browser(client.application)
    browser.sign_in("mira")
    return browser


def _address(browser: Browser, endpoint: str) -> str:
    with browser.app.test_request_context():
        return browser.app.url_for(endpoint)


def test_the_menu_leads_to_a_list_of_what_this_account_may_open(browser: Browser) -> None:
    assert 'href="/settings"' in browser.get("/").text
    page = browser.get("/settings").text
    for section in SECTIONS:
        address = _address(browser, section.endpoint)
        assert (f'href="{address}"' in page) is not section.needs_admin
        assert browser.get(address).status_code == (403 if section.needs_admin else 200)


def test_an_administrator_opens_every_section_and_each_says_where_it_is(
    services: Services, client: FlaskClient
) -> None:
    accounts.create_user(services, "olga", PASSWORD, is_admin=True)
    browser = Browser(client.application)
    browser.sign_in("olga")
    listed = browser.get("/settings").text

    for section in SECTIONS:
        address = _address(browser, section.endpoint)
        assert f'href="{address}"' in listed
        page = browser.get(address).text
        assert f"<title>{section.name} · Settings · Tellykeep</title>" in page
        assert f'href="{address}" aria-current="page"' in page
        assert f'<h1 class="tk-title">{section.name}</h1>' in page


def test_a_time_zone_is_chosen_and_dates_are_shown_in_it(browser: Browser, conn: Connection, user_id: int) -> None:
    assert '<option value="Asia/Tokyo" selected>Tokyo</option>' in browser.get("/settings/appearance").text

    answer = browser.send("/settings/appearance/time-zone", "/settings/appearance", timezone="America/Argentina/Salta")

    assert answer.location == "/settings/appearance"
    page = browser.get("/settings/appearance").text
    assert '<option value="America/Argentina/Salta" selected>Argentina / Salta</option>' in page
    assert "Dates and times are shown in this time zone now." in _text(page)
    assert value(conn, "select timezone from users where id = %s", (user_id,)) == "America/Argentina/Salta"


def test_a_time_zone_that_is_none_is_refused_in_words(browser: Browser, conn: Connection, user_id: int) -> None:
    for wrong in ("Atlantis/Capital", "../../etc/passwd", "\0", "x" * 300, ""):
        answer = browser.send("/settings/appearance/time-zone", "/settings/appearance", timezone=wrong)
        assert answer.status_code == 303
        assert "This is no time zone that this system knows." in _text(browser.get("/settings/appearance").text)

    assert value(conn, "select timezone from users where id = %s", (user_id,)) == "Asia/Tokyo"


def test_a_time_zone_that_the_list_lacks_stays_chosen(browser: Browser, conn: Connection, user_id: int) -> None:
    conn.execute("update users set timezone = 'CET' where id = %s", (user_id,))

    assert '<option value="CET" selected>CET</option>' in browser.get("/settings/appearance").text


def test_light_or_dark_is_chosen_there_and_the_browser_comes_back_to_it(browser: Browser) -> None:
    answer = browser.send("/appearance", "/settings/appearance", theme="dark")

    assert answer.location == "/settings/appearance"
    assert 'data-bs-theme="dark"' in browser.get("/settings/appearance").text


def test_what_is_done_without_asking_is_switched_off_and_on(browser: Browser, conn: Connection) -> None:
    assert browser.send("/settings/sync/switches", "/settings/sync", auto_add_shows="yes").location == "/settings/sync"
    assert one(conn, "select auto_add_shows, auto_mark_watched from plex_config") == {
        "auto_add_shows": True,
        "auto_mark_watched": False,
    }
    page = browser.get("/settings/sync").text
    assert 'name="auto_add_shows" value="yes" checked' in page
    assert 'name="auto_mark_watched" value="yes"><' in page
    assert "Saved." in _text(page)

    browser.send("/settings/sync/switches", "/settings/sync", auto_mark_watched="yes")
    assert one(conn, "select auto_add_shows, auto_mark_watched from plex_config") == {
        "auto_add_shows": False,
        "auto_mark_watched": True,
    }


def test_thresholds_are_entered_in_percent(browser: Browser, conn: Connection) -> None:
    browser.send("/settings/sync/thresholds", "/settings/sync", map_confidence="85", propose_similarity="40")

    row = one(conn, "select map_confidence::float8, propose_similarity::numeric::float8 as similarity from settings")
    assert row == {"map_confidence": 0.85, "similarity": 0.4}
    assert 'required value="85"' in browser.get("/settings/sync").text


def test_a_threshold_that_is_finer_than_a_percent_stays_until_another_is_entered(
    browser: Browser, conn: Connection
) -> None:
    conn.execute("update settings set propose_similarity = 0.333")

    browser.send("/settings/sync/thresholds", "/settings/sync", map_confidence="60", propose_similarity="33")

    assert value(conn, "select propose_similarity::text from settings") == "0.333"


@pytest.mark.parametrize("wrong", ["59", "101", "-60", "abc", "6e1", "9" * 40])
def test_a_threshold_that_cannot_be_is_refused_in_words(browser: Browser, conn: Connection, wrong: str) -> None:
    browser.send("/settings/sync/thresholds", "/settings/sync", map_confidence=wrong, propose_similarity="35")

    assert "Map confidence is no number that can be here." in _text(browser.get("/settings/sync").text)
    assert value(conn, "select map_confidence::float8 from settings") == 0.6
