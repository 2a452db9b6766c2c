"""Errors as a browser gets them: pages of this house that say what happened, what to do, and how to go on."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import create_app
from app.errors import DatabaseUnavailable, TooManyRequests
from app.security import accounts
from app.services import Services
from tests.integration.browser import PASSWORD, Browser

pytestmark = pytest.mark.usefixtures("cheap_passwords")

LIKE_A_BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def app(services: Services) -> Flask:
    accounts.create_user(services, "mira", PASSWORD)
    return create_app(services)


@pytest.fixture
def browser(app: Flask) -> Browser:
    browser = Browser(app)
    browser.sign_in("mira")
    return browser


def _read(answer: TestResponse, status: int) -> tuple[str, str, list[tuple[str, str]]]:
    """Heading, advice, and the ways on: address and words."""
    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    heading = re.search(r"<h1>(.*?)</h1>", answer.text)
    advice = re.search(r'<p class="tk-lead"[^>]*>(.*?)</p>', answer.text)
    assert heading is not None
    assert advice is not None
    ways = re.findall(r'<a class="btn[^"]*" href="([^"]*)">(.*?)</a>', answer.text)
    return heading[1], re.sub(r"<[^>]+>", "", advice[1]), ways


def _raising(app: Flask, error: Exception, method: str = "GET") -> FlaskClient:
    def broken() -> str:
        raise error

    app.add_url_rule("/broken", view_func=broken, methods=[method])
    return app.test_client()


FRONT = ("/", "Go to the front page")


def test_an_address_that_leads_nowhere(browser: Browser) -> None:
    heading, advice, ways = _read(browser.get("/nothing", headers=LIKE_A_BROWSER), 404)

    assert heading == "There is nothing here"
    assert advice == "The address is wrong, or what it showed is gone."
    assert ways == [FRONT]


def test_a_page_for_administrators_says_only_that(services: Services, app: Flask) -> None:
    accounts.create_user(services, "noor", PASSWORD)
    noor = Browser(app)
    noor.sign_in("noor")

    heading, advice, ways = _read(noor.get("/settings/users", headers=LIKE_A_BROWSER), 403)

    assert (heading, advice) == ("Not allowed", "This is for administrators.")
    assert ways == [FRONT]


def test_a_form_of_an_older_session_leads_back_to_its_page(browser: Browser) -> None:
    answer = browser.http.post(
        "/shows/add",
        data={"csrf_token": "of another session"},
        headers=LIKE_A_BROWSER | {"Referer": "http://localhost/shows?q=lights"},
    )
    heading, advice, ways = _read(answer, 403)

    assert heading == "That page is out of date"
    assert "Nothing was changed." in advice
    assert "session" not in advice
    assert ways == [("/shows?q=lights", "Back to where you were"), FRONT]


@pytest.mark.parametrize(
    "referrer",
    [
        "https://evil.example/trap",
        "http://localhost//evil.example",
        "http://[",
        "http://localhost/sign-out",
        "javascript:alert(1)",
        "",
    ],
)
def test_the_way_back_leads_to_no_other_place(browser: Browser, referrer: str) -> None:
    answer = browser.http.post("/shows/add", data={}, headers={"Referer": referrer} if referrer else {})
    *_, ways = _read(answer, 403)

    assert "evil" not in answer.text
    assert [address for address, _words in ways] == ["/"]


def test_what_is_only_sent_to_is_no_page(browser: Browser) -> None:
    answer = browser.get("/sign-out", headers=LIKE_A_BROWSER)
    heading, _advice, ways = _read(answer, 405)

    assert heading == "Not like that"
    assert "POST" in answer.headers["Allow"]
    assert ways == [FRONT]


def test_a_form_that_is_too_large(browser: Browser) -> None:
    token = browser.fields("/settings/account", "/sign-out")["csrf_token"]
    answer = browser.http.post(
        "/shows/add", data={"csrf_token": token, "title": "x" * 6_000_000}, headers=LIKE_A_BROWSER
    )
    heading, advice, ways = _read(answer, 413)

    assert (heading, advice) == ("That is too large", "Send less at once.")
    assert ways == [FRONT]


def test_too_many_tries_say_how_long_to_wait(app: Flask) -> None:
    stranger = Browser(app)
    for _ in range(11):
        answer = stranger.send(
            "/setup", page="/sign-in", csrf_token=stranger.fields("/sign-in", "/sign-in")["csrf_token"]
        )
    heading, advice, ways = _read(answer, 429)

    assert heading == "Too many tries"
    assert re.fullmatch(r"Wait \d+ (seconds?|minutes?), then try again\.", advice)
    assert int(answer.headers["Retry-After"]) <= 61
    assert ways == [FRONT]


def test_a_limit_that_says_itself_how_long_is_not_contradicted(app: Flask) -> None:
    error = TooManyRequests("too many tries: wait 10 minutes, then try again", retry_after=600)
    _heading, advice, ways = _read(_raising(app, error).get("/broken"), 429)

    assert advice == "Too many tries: wait 10 minutes, then try again."
    assert ways == [("", "Try again"), FRONT]


def test_a_fault_is_said_to_be_ours_and_can_be_tried_again(app: Flask) -> None:
    heading, advice, ways = _read(_raising(app, RuntimeError("broken")).get("/broken", headers=LIKE_A_BROWSER), 500)

    assert heading == "Something went wrong here"
    assert "not yours" in advice
    assert ways == [("", "Try again"), FRONT]


def test_a_page_waits_for_the_database_and_a_form_is_not_sent_again_by_itself(app: Flask) -> None:
    away = DatabaseUnavailable("connection refused")
    reading = _raising(app, away).get("/broken", headers=LIKE_A_BROWSER)
    heading, advice, ways = _read(reading, 503)
    assert heading == "The database does not answer"
    assert "goes on by itself" in advice
    assert "data-until-ready" in reading.text
    assert ways == [("", "Try again"), FRONT]


def test_what_was_sent_while_the_database_was_away_is_said_not_to_be_done(app: Flask) -> None:
    answer = _raising(app, DatabaseUnavailable("connection refused"), "POST").post("/broken")
    _heading, advice, ways = _read(answer, 503)

    assert "was not done" in advice
    assert "data-until-ready" not in answer.text
    assert "http-equiv" not in answer.text
    assert ways == [FRONT]


def test_starting_is_not_called_an_error(services: Services) -> None:
    services.db.close()
    services.readiness.started = False
    answer = create_app(services).test_client().get("/shows", headers=LIKE_A_BROWSER, follow_redirects=True)

    assert (answer.status_code, answer.mimetype) == (503, "text/html")
    assert "<h1>Tellykeep is starting</h1>" in answer.text
    assert "tk-breathing" in answer.text
    assert ">Look again</a>" in answer.text
    assert "Error" not in answer.text


def test_out_of_reach_is_of_the_same_house(client: FlaskClient) -> None:
    heading, advice, ways = _read(client.get("/unreachable"), 200)

    assert heading == "Tellykeep cannot be reached"
    assert "on the VPN?" in advice
    assert ways == [("", "Try again")]
