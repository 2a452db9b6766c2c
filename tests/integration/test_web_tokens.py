"""API tokens in the settings: made, shown once, and ended."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from app.security import accounts
from app.services import Services
from tests.conftest import Connection
from tests.integration.browser import PASSWORD, Browser
from tests.integration.test_web_pages import _text
from tests.watch_state import one, value

pytestmark = pytest.mark.usefixtures("cheap_passwords")


@pytest.fixture
def open_as(client: FlaskClient, services: Services) -> Callable[[str], Browser]:
    """A browser in which a new account is signed in."""

    def make(name: str) -> Browser:
        accounts.create_user(services, name, PASSWORD)
        browser = Browser(client.application)
        browser.sign_in(name)
        return browser

    return make


@pytest.fixture
def browser(open_as: Callable[[str], Browser]) -> Browser:
    return open_as("mira")


def _make(browser: Browser, **values: str) -> str:
    answer = browser.send("/settings/tokens", **({"name": "Hall", "scope": "read", "expires": "90"} | values))
    assert answer.status_code == 201
    found = re.search(r'id="new-token"[^>]* value="(tk_[\w-]+)"', answer.text)
    assert found is not None
    return found[1]


def _call(browser: Browser, token: str, method: str = "GET") -> int:
    http = browser.app.test_client()
    return http.open(
        "/api/shows", method=method, headers={"Authorization": f"Bearer {token}"}, json={"title": "X"}
    ).status_code


def test_a_token_opens_the_api_within_its_scope_and_ends_when_it_was_said(browser: Browser, conn: Connection) -> None:
    reads, writes = _make(browser), _make(browser, scope="write", expires="never")

    assert (_call(browser, reads), _call(browser, reads, "POST")) == (200, 403)
    assert _call(browser, writes, "POST") == 201
    row = one(conn, "select name, expires_at from api_tokens where scope = 'read'")
    assert row["name"] == "Hall"
    assert abs(row["expires_at"] - datetime.now(UTC) - timedelta(days=90)) < timedelta(minutes=1)
    assert value(conn, "select expires_at from api_tokens where scope = 'write'") is None


def test_it_is_shown_once_and_is_in_no_cookie_and_no_address(browser: Browser) -> None:
    answer = browser.send("/settings/tokens", name="Hall", scope="read", expires="30")
    token = re.search(r"tk_[\w-]{20,}", answer.text)
    assert token is not None

    assert token[0] not in browser.get("/settings/tokens").text
    assert answer.location is None
    assert not any(token[0] in header for header in answer.headers.getlist("Set-Cookie"))
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_list_says_what_each_may_and_when_it_was_used(browser: Browser, conn: Connection) -> None:
    _call(browser, _make(browser, name="<b>Hall</b>", scope="write"))
    _make(browser, name="Old")
    _make(browser, name="Good", expires="never")
    _make(browser, name="Some days")
    conn.execute("update api_tokens set expires_at = now() - interval '1 day' where name = 'Old'")
    conn.execute("update api_tokens set expires_at = '2199-12-31 12:00Z' where name = 'Some days'")

    page = browser.get("/settings/tokens").text

    assert "&lt;b&gt;Hall&lt;/b&gt;" in page
    text = _text(page)
    assert "Reads and changes. Made just now . Last used just now" in text
    assert "Never used. Expired" in text
    assert re.search(r"Some days Reads\. Made just now ?\. Never used\. Ends Tue 31 Dec 2199, 12:00", text)
    assert "Never used. Does not end." in text


def test_a_revoked_token_opens_nothing_any_more(browser: Browser, conn: Connection) -> None:
    token = _make(browser)
    token_id = value(conn, "select id from api_tokens")

    answer = browser.send(f"/settings/tokens/{token_id}/revoke", "/settings/tokens")

    assert answer.location == "/settings/tokens"
    assert _call(browser, token) == 401
    assert "opens nothing any more" in _text(browser.get("/settings/tokens").text)


def test_somebody_elses_token_is_neither_listed_nor_ended(
    browser: Browser, open_as: Callable[[str], Browser], conn: Connection
) -> None:
    token = _make(browser, name="Secret plan")
    token_id = value(conn, "select id from api_tokens")
    other = open_as("bob")
    page = other.get("/settings/tokens").text
    assert "Secret plan" not in page

    fields = other.fields("/settings/tokens", "/settings/tokens")
    refused = other.http.post(f"/settings/tokens/{token_id}/revoke", data=fields)

    assert refused.status_code == 404
    assert "no such token" in _text(refused.text)
    assert _call(browser, token) == 200
    assert other.http.post(f"/settings/tokens/{2**70}/revoke", data=fields).status_code == 404


def test_what_no_token_can_be_is_refused_on_the_page(browser: Browser, conn: Connection) -> None:
    for wrong in ({"name": "x" * 101}, {"name": "a\0b"}):
        answer = browser.send("/settings/tokens", **({"name": "Hall", "scope": "read", "expires": "30"} | wrong))
        assert answer.status_code == 400
        assert "The token's name cannot be taken." in _text(answer.text)
    for wrong in ({"scope": "admin"}, {"expires": "1000"}):
        answer = browser.send("/settings/tokens", **({"name": "Hall", "scope": "read", "expires": "30"} | wrong))
        assert answer.status_code == 400

    assert value(conn, "select count(*) from api_tokens") == 0
