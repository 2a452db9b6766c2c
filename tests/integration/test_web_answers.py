"""Several questions answered at once: each for itself, with a page that says how far it is, and taken back again."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.jobs.answering import AnswerClock
from app.plex.events import parse_event
from app.security import accounts
from app.services import Services
from app.sync.receive import receive
from app.tracker import answers
from app.web import answers as page
from tests.browser.sample import add_shows, scrobble
from tests.conftest import Connection
from tests.integration.browser import PASSWORD, Browser
from tests.watch_state import one, value

pytestmark = pytest.mark.usefixtures("cheap_passwords")

Ask = Callable[..., int]


@pytest.fixture
def user_id(services: Services) -> int:
    mira = accounts.create_user(services, "mira", PASSWORD)
    add_shows(services, mira)
    return mira


@pytest.fixture
def browser(client: FlaskClient, user_id: int) -> Browser:
    browser = Browser(client.application)
    browser.sign_in("mira")
    return browser


@pytest.fixture
def ask(services: Services, user_id: int) -> Ask:
    """Receives an event that cannot be decided; the question's number."""

    def receive_one(title: str = "Doctor Who", season: int = 1, episode: int = 1) -> int:
        outcome = receive(services, user_id, parse_event(scrobble(title, season, episode)), patience=30)
        assert outcome.conflict_id is not None
        return outcome.conflict_id

    return receive_one


def _text(page: str) -> str:
    """What a reader sees of a page."""
    text = unescape(re.sub(r"<[^>]+>", " ", page.split("</head>")[-1]))
    return " ".join(text.replace("\u2068", "").replace("\u2069", "").split())


def _begin(browser: Browser, action: str, *conflict_ids: int, **values: str) -> TestResponse:
    """Sends the action bar of the list with these boxes ticked."""
    fields = _bar(browser.get("/conflicts").text) | values
    token = browser.fields("/conflicts", "/conflicts/several")["csrf_token"]
    data = fields | {"csrf_token": token, "action": action, "conflict": [str(number) for number in conflict_ids]}
    return browser.http.post("/conflicts/several", data=data)


def _bar(text: str) -> dict[str, Any]:
    """What the page says of the likeliest show of each question."""
    return dict(re.findall(r'name="(best-\d+)" value="([^"]*)" form="several"', text))


def _result(browser: Browser, answer: TestResponse) -> str:
    assert answer.status_code == 303
    assert re.fullmatch(r"/conflicts/several/\d+", answer.location)
    return _text(browser.get(answer.location).text)


def _open(conn: Connection) -> int:
    return int(value(conn, "select count(*) from plex_conflicts where not resolved"))


def test_the_likeliest_show_of_each_is_taken_and_told(browser: Browser, ask: Ask, conn: Connection) -> None:
    near, lacking, other = ask("Slow Horse"), ask("Severance", 2, 11), ask("Nobody knows this")

    said = _result(browser, _begin(browser, "confirm", near, lacking))

    assert "Done 2 questions: the likeliest show taken." in said
    assert "You chose Slow Horses (2022). Marked watched : S01E01" in said
    assert "Marked watched : S02E11" in said
    assert one(conn, "select watched_episodes as n from tvshows where title = 'Severance'") == {"n": 1}
    assert value(conn, "select id from plex_conflicts where not resolved") == other


def test_where_no_show_is_put_forward_none_is_taken(browser: Browser, ask: Ask, conn: Connection) -> None:
    equal, unknown, near = ask(), ask("Nobody knows this"), ask("Slow Horse")

    said = _result(browser, _begin(browser, "confirm", equal, unknown, near))

    assert "2 questions have no likeliest show: choose one yourself." in said
    assert _open(conn) == 2
    assert "1 question has no likeliest show" in _text(browser.get(_begin(browser, "confirm", equal).location).text)


@pytest.mark.parametrize(
    ("action", "said", "status"),
    [
        ("ignore", "You left these episodes out.", "ignored"),
        ("ignore_forever", "You chose not to track this show.", "ignored"),
        ("create_new", "You added Nobody knows this.", "success"),
        ("search_again", "It waits for your answer.", "conflict"),
    ],
)
def test_every_other_answer_can_be_given_to_several(
    browser: Browser,
    ask: Ask,
    conn: Connection,
    action: str,
    said: str,
    status: str,
) -> None:
    questions = [ask("Nobody knows this"), ask("Nor that")]

    assert said in _result(browser, _begin(browser, action, *questions))

    assert conn.execute("select distinct status from plex_webhook_logs").fetchall() == [{"status": status}]


def test_all_are_taken_back_with_one_press_and_one_alone_too(browser: Browser, ask: Ask, conn: Connection) -> None:
    near, lacking, left = ask("Slow Horse"), ask("Severance", 2, 11), ask("Bob's Burger")
    address = _begin(browser, "confirm", near, lacking, left).location
    assert "Undo all 3" in browser.get(address).text

    token = browser.fields(address, f"{address}/undo")["csrf_token"]
    back = browser.http.post(f"/conflicts/{left}/undo", data={"csrf_token": token, "batch": address.split("/")[-1]})
    assert back.location == address
    assert "Taken back." in _text(browser.get(address).text)

    said = _result(browser, browser.send(f"{address}/undo", address))
    assert "Done 2 questions: taken back." in said
    assert "1 episode waits: S02E11. It waits for your answer again." in said
    assert _open(conn) == 3
    assert value(conn, "select sum(watched_episodes) from tvshows") == 0


def test_what_takes_long_goes_on_by_itself_and_can_be_come_back_to(
    browser: Browser,
    ask: Ask,
    conn: Connection,
    services: Services,
    user_id: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    questions = [ask("Nobody knows this"), ask("Nor that")]
    monkeypatch.setattr(page, "AT_ONCE_SECONDS", -1.0)

    address = _begin(browser, "ignore", *questions).location

    part = browser.poll(address).text
    assert 'hx-trigger="every 2s' in part
    assert "0 of 2" in _text(part)
    assert f'id="under-way" href="{address}"' in browser.get("/conflicts").text
    assert _begin(browser, "ignore", *questions).location == address  # the one that is under way
    assert "Other questions are being answered: wait for them." in _text(browser.get(address).text)

    AnswerClock(services, threading.Event()).look()

    part = browser.poll(address).text
    assert "hx-trigger" not in part
    assert "Done 2 questions: left out." in _text(part)
    assert "under-way" not in browser.get("/conflicts").text
    assert _open(conn) == 0


def test_what_one_is_refused_for_does_not_keep_the_others(
    browser: Browser,
    ask: Ask,
    conn: Connection,
    services: Services,
    user_id: int,
) -> None:
    first, second = ask("Nobody knows this"), ask("Nor that")
    token = browser.fields("/", "/sign-out")["csrf_token"]
    browser.http.post(f"/conflicts/{first}/answer", data={"csrf_token": token, "action": "ignore"})

    said = _result(browser, _begin(browser, "ignore", first, second))

    assert "Done 1 question: left out." in said
    assert f"Conflict {first} was resolved before" in said
    assert _open(conn) == 0


def test_nothing_chosen_is_said(browser: Browser, ask: Ask) -> None:
    ask()
    assert "No question was chosen." in _text(browser.get(_begin(browser, "ignore").location).text)


def test_all_of_the_page_are_chosen_without_javascript(browser: Browser, ask: Ask) -> None:
    ask()
    ask("Slow Horse")
    assert browser.get("/conflicts").text.count('form="several" checked') == 0
    assert browser.get("/conflicts?choose=1").text.count('form="several" checked') == 2


def test_questions_and_goes_of_somebody_else_are_not_there(
    client: FlaskClient,
    services: Services,
    browser: Browser,
    ask: Ask,
    conn: Connection,
) -> None:
    accounts.create_user(services, "sam", PASSWORD)
    mine = ask("Nobody knows this")
    address = _begin(browser, "search_again", mine).location
    other = Browser(client.application)
    other.sign_in("sam")
    token = other.fields("/", "/sign-out")["csrf_token"]

    assert other.get(address).status_code == 404
    assert other.http.post(f"{address}/undo", data={"csrf_token": token}).status_code == 404
    answer = other.http.post(
        "/conflicts/several", data={"csrf_token": token, "action": "ignore", "conflict": str(mine)}
    )
    assert "One of these conflicts is not there." in _text(other.get(answer.location).text)
    assert _open(conn) == 1
    assert answers.users_with_answers(services) == []
