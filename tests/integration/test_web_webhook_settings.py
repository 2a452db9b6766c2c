"""The webhook in the settings: its address, another secret, and a test through the real door."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask, redirect
from flask.testing import FlaskClient

from app.security import accounts
from app.services import Services
from tests.conftest import NOBODY, Connection
from tests.integration.browser import PASSWORD, Browser
from tests.integration.listening import listening
from tests.integration.test_web_pages import _text
from tests.watch_state import one, value

pytestmark = pytest.mark.usefixtures("cheap_passwords")

PAGE = "/settings/webhook"


@pytest.fixture
def user_id(services: Services) -> int:
    return accounts.create_user(services, "mira", PASSWORD)


@pytest.fixture
def browser(client: FlaskClient, user_id: int) -> Browser:
    browser = Browser(client.application)
    browser.sign_in("mira")
    return browser


@pytest.fixture
def port(client: FlaskClient, services: Services) -> Iterator[str]:
    """The application listens, and knows where."""
    with listening(client.application) as address:
        services.settings.bind = address.removeprefix("http://")
        yield address


def _secret(page: str) -> str:
    found = re.search(r"secret=([0-9a-f]{64})", page)
    assert found is not None
    return found[1]


def _test(browser: Browser) -> str:
    return _text(browser.send(f"{PAGE}/test", PAGE).text)


def test_a_new_secret_is_made_and_the_old_one_works_until_its_end(
    browser: Browser, services: Services, user_id: int, conn: Connection
) -> None:
    old = _secret(browser.get(PAGE).text)

    assert browser.send(f"{PAGE}/rotate", PAGE, overlap="1").location == PAGE

    page = browser.get(PAGE).text
    new = _secret(page)
    assert new != old
    assert {services.webhook_secrets.owner(old), services.webhook_secrets.owner(new)} == {user_id}
    assert "The address before this one works until" in _text(page)
    conn.execute("update plex_config set previous_secret_until = now() - interval '1 second'")
    assert "The address before this one works until" not in _text(browser.get(PAGE).text)


def test_a_new_secret_can_end_the_old_one_at_once(browser: Browser, services: Services) -> None:
    old = _secret(browser.get(PAGE).text)

    browser.send(f"{PAGE}/rotate", PAGE, overlap="0")

    assert services.webhook_secrets.owner(old) is None
    assert "works until" not in _text(browser.get(PAGE).text)
    assert browser.send(f"{PAGE}/rotate", PAGE, overlap="-5").status_code == 400


def test_a_test_goes_through_the_door_is_in_the_log_and_marks_nothing(
    browser: Browser, port: str, conn: Connection
) -> None:
    page = _test(browser)

    row = one(conn, "select * from plex_webhook_logs")
    assert (row["event_type"], row["status"], row["action_taken"]) == (
        "tellykeep.test",
        "ignored",
        "event_not_scrobble",
    )
    assert f"It arrived {port}/api/plex/webhook answered 200 after" in page
    assert "A test of the webhook, sent from the settings: it marks nothing." in page
    assert str(row["receipt"]) in page
    assert "PUBLIC_URL is not set" in page
    assert value(conn, "select count(*) from plex_accounts") == value(conn, "select count(*) from plex_servers") == 0
    assert "it marks nothing" in _text(browser.get(f"/activity/{row['id']}").text)


def test_htmx_gets_the_result_alone(browser: Browser, port: str) -> None:
    fields = browser.fields(PAGE, f"{PAGE}/test")

    answer = browser.http.post(f"{PAGE}/test", data=fields, headers={"HX-Request": "true"})

    assert answer.text.strip().startswith('<div class="tk-trial" id="trial"')
    assert "It arrived" in _text(answer.text)


def test_it_is_sent_to_public_url_when_there_is_one(browser: Browser, services: Services, port: str) -> None:
    services.settings.public_url = port.replace("127.0.0.1", "localhost")

    page = _test(browser)

    assert f"{services.settings.public_url}/api/plex/webhook answered 200" in page
    assert "PUBLIC_URL" not in page.split("It arrived")[1]


def test_a_public_url_that_nobody_answers_is_said_with_what_to_do_and_the_own_port_is_tried(
    browser: Browser, services: Services, port: str
) -> None:
    services.settings.public_url = NOBODY

    page = _test(browser)

    assert f"It did not arrive {NOBODY}/api/plex/webhook does not listen there: the connection was refused" in page
    assert f"It arrived {port}/api/plex/webhook answered 200" in page
    assert "This machine does not reach PUBLIC_URL" in page
    assert "The webhook itself works" in page


def test_something_else_at_public_url_is_told_apart(browser: Browser, services: Services, port: str) -> None:
    other = Flask("other")
    other.add_url_rule("/api/plex/webhook", view_func=lambda: ("<h1>Router</h1>", 200), methods=["POST"])
    away = Flask("away")
    away.add_url_rule("/api/plex/webhook", view_func=lambda: redirect("https://x/", 301), methods=["POST"])
    with listening(other) as wrong, listening(away) as moved:
        services.settings.public_url = wrong
        assert "answered 200, and not as Tellykeep does: something else listens there" in _test(browser)
        services.settings.public_url = moved
        page = _test(browser)

    assert "answered with a redirect (301), which Plex does not follow" in page
    assert "Look at the proxy in front of it" in page


def test_a_refusal_is_told_in_its_own_words(browser: Browser, services: Services, port: str, conn: Connection) -> None:
    fields = browser.fields(PAGE, f"{PAGE}/test")
    # Another replica has made a new secret, and this one does not know it yet.
    services.settings.webhook_rate_limit = "1 per hour"
    browser.http.post(f"{PAGE}/test", data=fields)

    page = _text(browser.http.post(f"{PAGE}/test", data=fields).text)

    assert "refused it (429): too many webhooks: wait, then try again" in page


def test_a_secret_of_another_key_is_said(browser: Browser, conn: Connection) -> None:
    conn.execute("update plex_config set webhook_secret = '00:00:00'")

    assert "encrypted under another key: make a new one" in _test(browser)


def test_the_secret_is_in_no_answer_of_a_test(browser: Browser, services: Services) -> None:
    secret = _secret(browser.get(PAGE).text)
    services.settings.public_url = NOBODY
    fields = browser.fields(PAGE, f"{PAGE}/test")

    answer = browser.http.post(f"{PAGE}/test", data=fields, headers={"HX-Request": "true"})

    assert "It did not arrive" in answer.text
    assert secret not in answer.text
