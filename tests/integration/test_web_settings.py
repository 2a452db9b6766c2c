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
from tests.watch_state import value

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
