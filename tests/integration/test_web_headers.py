"""Headers, static files and error pages."""

from __future__ import annotations

import gzip
import re

import pytest
from flask import abort
from flask.testing import FlaskClient

from app import create_app
from app.errors import DatabaseUnavailable, Unprocessable
from app.security import accounts
from app.security.headers import CONTENT_SECURITY_POLICY
from app.services import Services
from tests.integration.browser import PASSWORD, Browser

pytestmark = pytest.mark.usefixtures("cheap_passwords")


@pytest.fixture
def browser(client: FlaskClient, services: Services) -> Browser:
    accounts.create_user(services, "mira", PASSWORD)
    return Browser(client.application)


@pytest.mark.parametrize("path", ["/sign-in", "/", "/nothing", "/static/app.css", "/api/plex/logs", "/healthz"])
def test_every_answer_carries_the_security_headers(browser: Browser, path: str) -> None:
    headers = browser.get(path).headers

    assert headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert "Strict-Transport-Security" not in headers


def test_the_policy_allows_nothing_inline_and_nothing_foreign() -> None:
    assert CONTENT_SECURITY_POLICY.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    for loose in ("unsafe", "http", "*", "blob:"):
        assert loose not in CONTENT_SECURITY_POLICY


def test_hsts_is_sent_at_a_name_of_its_own_only(services: Services) -> None:
    services.settings = services.settings.model_copy(update={"public_url": "https://tv.example.org"})
    http = create_app(services).test_client()

    assert "Strict-Transport-Security" in http.get("/healthz", base_url="https://tv.example.org").headers
    for home in ("nas.lan", "tellykeep.local", "nas", "192.168.1.20", "tv.home.arpa"):
        services.settings = services.settings.model_copy(update={"public_url": f"https://{home}"})
        assert "Strict-Transport-Security" not in http.get("/healthz", base_url=f"https://{home}").headers, home
    services.settings = services.settings.model_copy(update={"public_url": "https://tv.example.org"})
    # The same host name serves other things by plain http on other ports.
    assert "Strict-Transport-Security" not in http.get("/healthz", base_url="https://nas.lan:8787").headers


@pytest.mark.parametrize("path", ["/setup", "/sign-in", "/nothing", "/", "/activity", "/conflicts", "/mappings"])
def test_pages_hold_no_inline_script_style_or_foreign_address(browser: Browser, path: str) -> None:
    if path not in ("/sign-in", "/setup"):
        browser.sign_in("mira")
    page = browser.get(path, follow_redirects=True).text

    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page)
    addresses = re.findall(r'(?:src|href|action)="([^"]*)"', page)
    assert addresses
    assert all(address.startswith(("/", "#")) and not address.startswith("//") for address in addresses)


def test_every_file_that_a_page_names_is_there_and_kept_for_ever(browser: Browser) -> None:
    browser.sign_in("mira")
    files = set(re.findall(r'(?:src|href)="(/static/[^"#]*)', browser.get("/").text))

    assert len(files) >= 6
    for file in files:
        answer = browser.get(file)
        assert answer.status_code == 200, file
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable", file
        assert "Set-Cookie" not in answer.headers


def test_a_file_without_its_hash_or_with_an_old_one_is_asked_for_anew(browser: Browser) -> None:
    for address in ("/static/app.css", "/static/app.css?v=0123456789ab"):
        assert browser.get(address).headers["Cache-Control"] == "no-cache"


def test_text_is_sent_compressed_to_who_takes_it(browser: Browser) -> None:
    plain = browser.get("/static/app.css")
    zipped = browser.get("/static/app.css", headers={"Accept-Encoding": "gzip, deflate"})

    assert "Content-Encoding" not in plain.headers
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped.data) == plain.data
    assert plain.headers["Vary"] == zipped.headers["Vary"] == "Accept-Encoding"
    assert plain.headers["ETag"] != zipped.headers["ETag"]


def test_a_file_that_did_not_change_is_304(browser: Browser) -> None:
    tag = browser.get("/static/app.css").headers["ETag"]

    assert browser.get("/static/app.css", headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize("name", ["nothing.css", "../settings.py", "..%2f..%2fpyproject.toml", "icons", "%00"])
def test_nothing_outside_the_static_folder_is_served(browser: Browser, name: str) -> None:
    assert browser.get(f"/static/{name}").status_code == 404


def test_an_address_that_is_not_there_is_a_page_or_json(browser: Browser) -> None:
    page, api = browser.get("/nothing"), browser.get("/api/nothing")

    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert "There is nothing here" in page.text
    assert (api.status_code, api.mimetype) == (404, "application/json")


def test_a_method_that_is_not_allowed_names_those_that_are(browser: Browser) -> None:
    answer = browser.http.put("/activity")

    assert (answer.status_code, answer.mimetype) == (405, "text/html")
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 503])
def test_every_error_has_its_page(services: Services, status: int) -> None:
    app = create_app(services)
    app.add_url_rule("/broken", view_func=lambda: abort(status))

    answer = app.test_client().get("/broken")

    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    assert f"Error {status}" in answer.text
    assert ("http-equiv" in answer.text) == (status == 503)


def test_a_fault_shows_nothing_of_itself(services: Services) -> None:
    app = create_app(services)

    # Not in the line that raises: a traceback shows that one, and it is looked through for passwords (tests.leak_guard).
    address = "postgresql://user:password@host/"

    def broken() -> str:
        raise RuntimeError(address)

    app.add_url_rule("/broken", view_func=broken)
    answer = app.test_client().get("/broken")

    assert answer.status_code == 500
    assert "password" not in answer.text


def test_a_known_error_says_its_sentence(services: Services) -> None:
    app = create_app(services)

    def broken() -> str:
        raise Unprocessable("several episodes wait here")

    app.add_url_rule("/broken", view_func=broken)

    assert "Several episodes wait here." in app.test_client().get("/broken").text


def test_while_the_database_is_not_there_yet_a_page_says_so_and_comes_back(services: Services) -> None:
    services.db.close()
    services.readiness.started = False

    answer = create_app(services).test_client().get("/", follow_redirects=True)

    assert answer.status_code == 503
    assert "Tellykeep is starting" in answer.text
    assert '<meta http-equiv="refresh" content="3">' in answer.text
    assert "Retry-After" in answer.headers


def test_a_signed_in_browser_sees_it_too_when_the_database_goes_away(browser: Browser, services: Services) -> None:
    browser.sign_in("mira")
    services.db.close()

    answer = browser.get("/")

    assert answer.status_code == DatabaseUnavailable.http_status
    assert "The database does not answer" in answer.text
