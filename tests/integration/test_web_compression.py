"""Pages come compressed, unless another site made the browser ask for them."""

from __future__ import annotations

import gzip

import pytest
from flask.testing import FlaskClient

from app.security import accounts
from app.services import Services
from tests.integration.browser import PASSWORD, Browser

pytestmark = pytest.mark.usefixtures("cheap_passwords")

GZIP = {"Accept-Encoding": "gzip, br"}


@pytest.fixture
def browser(client: FlaskClient, services: Services) -> Browser:
    accounts.create_user(services, "mira", PASSWORD)
    browser = Browser(client.application)
    browser.sign_in("mira")
    return browser


@pytest.mark.parametrize("site", [None, "none", "same-origin"])
def test_a_page_that_the_user_asked_for_is_compressed(browser: Browser, site: str | None) -> None:
    plain = browser.get("/figures")
    headers = GZIP if site is None else GZIP | {"Sec-Fetch-Site": site}
    answer = browser.http.get("/figures", headers=headers)

    assert answer.headers["Content-Encoding"] == "gzip"
    assert int(answer.headers["Content-Length"]) == len(answer.data) < len(plain.data) / 2
    assert b"No figures yet" in gzip.decompress(answer.data)
    assert {"Accept-Encoding", "Cookie"} <= {name.strip() for name in answer.headers["Vary"].split(",")}


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_page_that_another_site_made_the_browser_ask_for_is_not(browser: Browser, site: str) -> None:
    answer = browser.http.get("/", headers=GZIP | {"Sec-Fetch-Site": site})

    assert "Content-Encoding" not in answer.headers
    assert b"Waiting for the first event" in answer.data


@pytest.mark.parametrize("encoding", [None, "br", "gzip;q=0"])
def test_who_does_not_read_gzip_gets_it_plain(browser: Browser, encoding: str | None) -> None:
    answer = browser.http.get("/", headers={} if encoding is None else {"Accept-Encoding": encoding})

    assert "Content-Encoding" not in answer.headers
    assert "Accept-Encoding" in answer.headers["Vary"]


def test_what_is_small_already_compressed_or_without_a_body_stays(browser: Browser) -> None:
    assert "Content-Encoding" not in browser.http.get("/healthz", headers=GZIP).headers
    picture = browser.http.get("/static/icons/icon-192.png", headers=GZIP)
    assert "Content-Encoding" not in picture.headers
    style = browser.http.get("/static/app.css", headers=GZIP)
    assert gzip.decompress(style.data).startswith(b"/* Tellykeep")
    assert browser.http.get("/watched", headers=GZIP).status_code == 405


def test_json_is_compressed_too(browser: Browser) -> None:
    answer = browser.http.get("/api/openapi.json", headers=GZIP)

    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.data).startswith(b"{")
