"""Other websites: what they make a browser send changes nothing, and what they ask for they cannot read."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.security import accounts
from app.services import Services
from tests.integration.browser import PASSWORD, Browser

pytestmark = pytest.mark.usefixtures("cheap_passwords")

EVIL = "https://evil.example"
ASKED = {
    "Origin": EVIL,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization, x-csrftoken, content-type",
}
# Guarded in another way: the webhook by the secret in its address.
NO_CSRF = {"/api/plex/webhook"}


@pytest.fixture
def browser(client: FlaskClient, services: Services) -> Browser:
    accounts.create_user(services, "mira", PASSWORD, is_admin=True)
    browser = Browser(client.application)
    browser.sign_in("mira")
    return browser


def _addresses(app: Flask) -> list[tuple[str, str]]:
    """(method, path) of every route, with some value in each place for one."""
    found = []
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:[^<>]*:)?[^<>]+>", "1", rule.rule)
        found += [(method, path) for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})]
    return found


def _grants(answer: TestResponse) -> list[str]:
    return [name for name, _ in answer.headers if name.lower().startswith("access-control-")]


def test_no_answer_lets_another_origin_read_it(browser: Browser) -> None:
    for method, path in _addresses(browser.app):
        if method == "GET":
            answer = browser.get(path, headers={"Origin": EVIL}, buffered=True)
            assert _grants(answer) == [], path


def test_no_preflight_is_granted_anything(browser: Browser) -> None:
    for path in {path for _, path in _addresses(browser.app)}:
        for origin in (EVIL, "null"):
            answer = browser.http.options(path, headers=ASKED | {"Origin": origin}, buffered=True)
            assert _grants(answer) == [], path


def test_every_route_that_changes_something_refuses_a_browser_without_the_csrf_token(browser: Browser) -> None:
    changing = [(method, path) for method, path in _addresses(browser.app) if method != "GET" and path not in NO_CSRF]
    assert len(changing) > 30
    for method, path in changing:
        answer = browser.http.open(path, method=method, headers={"Origin": EVIL}, data={"a": "b"})
        assert answer.status_code == 403, f"{method} {path}: {answer.status_code}"
    assert browser.get("/").status_code == 200


def test_another_website_cannot_sign_a_browser_in_to_its_own_account(client: FlaskClient, services: Services) -> None:
    """Else what somebody watches and types would go to the attacker's account."""
    accounts.create_user(services, "eve", PASSWORD)
    attacker, victim = Browser(client.application), Browser(client.application)
    token = attacker.fields("/sign-in", "/sign-in")["csrf_token"]
    victim.get("/sign-in")

    for form in ({}, {"csrf_token": token}, {"csrf_token": ""}):
        answer = victim.http.post("/sign-in", data={"username": "eve", "password": PASSWORD} | form)
        assert answer.status_code == 403
    assert victim.get("/").status_code == 302


def test_over_https_a_form_that_comes_from_another_website_is_refused_even_with_the_token(browser: Browser) -> None:
    token = browser.fields("/", "/sign-out")["csrf_token"]

    answer = browser.http.post(
        "/sign-out", data={"csrf_token": token}, base_url="https://localhost", headers={"Referer": f"{EVIL}/"}
    )

    assert answer.status_code == 403
    assert browser.get("/").status_code == 200


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_cookies_of_the_sign_in_are_out_of_reach_of_scripts_and_of_other_websites(
    browser: Browser, scheme: str
) -> None:
    new = Browser(browser.app)
    page = new.get("/sign-in", base_url=f"{scheme}://localhost")
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert token is not None
    answer = new.http.post(
        "/sign-in",
        data={"csrf_token": token[1], "username": "mira", "password": PASSWORD},
        base_url=f"{scheme}://localhost",
        headers={"Referer": f"{scheme}://localhost/sign-in"},
    )

    cookies = answer.headers.getlist("Set-Cookie")
    assert {cookie.partition("=")[0] for cookie in cookies} == {"tellykeep", "tellykeep_browser"}
    for cookie in cookies:
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert ("Secure" in cookie) is (scheme == "https")
