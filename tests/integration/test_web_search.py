"""The search for everything: shows and mappings by name, with JavaScript and without."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app.plex.events import parse_event
from app.security import accounts
from app.services import Services
from app.sync.receive import receive
from tests.browser.sample import scrobble
from tests.integration.browser import PASSWORD, Browser

pytestmark = pytest.mark.usefixtures("cheap_passwords")


@pytest.fixture
def user_id(services: Services) -> int:
    return accounts.create_user(services, "mira", PASSWORD)


@pytest.fixture
def browser(client: FlaskClient, user_id: int) -> Browser:
    browser = Browser(client.application)
    browser.sign_in("mira")
    return browser


def test_shows_and_mappings_with_the_name_are_found(
    browser: Browser, services: Services, user_id: int, make_show: Callable[..., int]
) -> None:
    make_show(user_id, "Severance")
    make_show(user_id, "Slow Horses")
    receive(services, user_id, parse_event(scrobble("Severance", 1, 1)), patience=30)

    page = browser.get("/search?q=sever").text

    assert page.count("<bdi>Severance</bdi>") == 3
    assert "Slow Horses" not in page
    assert 'value="sever"' in page


def test_htmx_gets_what_the_page_has(browser: Browser, user_id: int, make_show: Callable[..., int]) -> None:
    make_show(user_id, "Severance")

    part = browser.poll("/search?q=sever").text

    assert part.strip() in browser.get("/search?q=sever").text
    assert "<html" not in part


def test_nothing_of_others_is_found(browser: Browser, services: Services, make_show: Callable[..., int]) -> None:
    make_show(accounts.create_user(services, "noor", PASSWORD), "Severance")

    assert "Nothing found" in browser.get("/search?q=severance").text


@pytest.mark.parametrize("query", ["", "   ", "%00", "<script>alert(1)</script>", "%25_\\", "x" * 5000])
def test_any_query_is_a_page(browser: Browser, query: str) -> None:
    page = browser.get("/search", query_string={"q": query})

    assert page.status_code == 200
    assert "<script>alert" not in page.text


def test_every_page_leads_to_the_search(browser: Browser) -> None:
    assert 'action="/search"' in browser.get("/activity").text
