"""The front page, the activity and one event of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.plex.events import parse_event
from app.security import accounts
from app.services import Services
from app.sync.receive import receive
from tests.browser.sample import HOSTILE, add_shows, fill, scrobble
from tests.conftest import Connection
from tests.integration.browser import PASSWORD, Browser

pytestmark = pytest.mark.usefixtures("cheap_passwords")

Take = Callable[..., int]


@pytest.fixture
def user_id(services: Services) -> int:
    return accounts.create_user(services, "mira", PASSWORD, timezone="Asia/Tokyo")


@pytest.fixture
def browser(client: FlaskClient, user_id: int) -> Browser:
    browser = Browser(client.application)
    browser.sign_in("mira")
    return browser


@pytest.fixture
def take(services: Services, user_id: int) -> Take:
    """Receives one event and returns its number in the log."""

    def receive_one(title: str = "Severance", season: int = 1, episode: int = 1, **more: Any) -> int:
        received_at = more.pop("received_at", None)
        event = parse_event(scrobble(title, season, episode, **more))
        return receive(services, user_id, event, received_at=received_at).log_id

    return receive_one


def _text(page: str) -> str:
    """What a reader sees of a page."""
    text = unescape(re.sub(r"<[^>]+>", " ", page.split("</head>")[-1]))
    return " ".join(text.replace("\u2068", "").replace("\u2069", "").split())


def test_without_an_event_the_front_page_says_what_to_do(browser: Browser) -> None:
    page = _text(browser.get("/").text)

    assert "Waiting for the first event" in page
    assert "Add webhook" in page


def test_the_webhook_url_on_the_page_opens_the_webhook(browser: Browser, services: Services, user_id: int) -> None:
    found = re.search(r'value="(http://localhost/api/plex/webhook\?secret=([0-9a-f]{64}))"', browser.get("/").text)

    assert found is not None
    assert services.webhook_secrets.owner(found[2]) == user_id


def test_the_webhook_url_begins_with_public_url(services: Services, user_id: int) -> None:
    services.settings = services.settings.model_copy(update={"public_url": "https://tv.example.org"})
    browser = Browser(create_app(services))
    browser.sign_in("mira")

    assert 'value="https://tv.example.org/api/plex/webhook?secret=' in browser.get("/").text


def test_a_secret_of_another_key_is_said_instead_of_a_fault(browser: Browser, conn: Connection) -> None:
    conn.execute("update plex_config set webhook_secret = '00:00:00'")

    page = browser.get("/")

    assert page.status_code == 200
    assert "encrypted under another key" in page.text


def test_an_event_shows_with_its_status_its_reason_and_the_exact_time_in_the_users_zone(
    browser: Browser, services: Services, user_id: int, take: Take
) -> None:
    add_shows(services, user_id)
    log_id = take("Slow Horses", 2, 3, received_at=datetime(2025, 11, 21, 18, 30, 5, tzinfo=UTC))

    page = browser.get("/").text

    assert f'href="/activity/{log_id}"' in page
    assert "Slow Horses S02E03" in _text(page)
    assert "Watched · Marked in the tracker." in _text(page)
    assert 'datetime="2025-11-22T03:30:05+09:00" title="Sat 22 Nov 2025, 03:30:05 JST"' in page


def test_open_conflicts_are_counted_and_lead_to_what_waits(browser: Browser, take: Take) -> None:
    take("Unknown", 1, 1)
    take("Unknown", 1, 2)
    take("Also unknown", 1, 1)

    page = browser.get("/").text

    assert "2 shows need your answer" in _text(page)
    assert 'href="/conflicts"' in page


def test_an_integration_that_is_off_is_said(browser: Browser, take: Take, conn: Connection) -> None:
    take()
    conn.execute("update plex_config set enabled = false")

    assert "Switched off" in _text(browser.get("/").text)


def test_the_poll_gets_the_same_fragment_that_the_page_holds(browser: Browser, take: Take) -> None:
    take()
    page, poll = browser.get("/"), browser.poll("/")

    assert poll.text.startswith('<div id="live"')
    assert poll.text in page.text
    for answer in (page, poll):
        assert "HX-Request" in answer.headers["Vary"]
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_poll_that_would_bring_nothing_new_is_answered_without_a_body(browser: Browser, take: Take) -> None:
    take(received_at=datetime.now(UTC) - timedelta(days=3))

    def seen() -> str:
        found = re.search(r'name="seen" value="([0-9a-f]+)"', browser.poll("/").text)
        assert found is not None
        return found[1]

    first = seen()
    nothing_new = browser.poll(f"/?seen={first}")
    assert (nothing_new.status_code, nothing_new.text) == (204, "")

    take("Severance", 1, 2)
    something_new = browser.poll(f"/?seen={first}")
    assert something_new.status_code == 200
    assert "S01E02" in something_new.text
    assert "seen=" not in something_new.text


def test_a_poll_after_the_session_ended_leads_the_whole_page_to_the_sign_in(browser: Browser, conn: Connection) -> None:
    conn.execute("delete from sessions")

    answer = browser.poll("/")

    assert answer.status_code == 204
    assert answer.headers["HX-Redirect"] == "/sign-in"


def test_the_activity_goes_on_page_by_page_without_a_gap_or_a_double(browser: Browser, take: Take) -> None:
    taken = [take("Severance", 1, number, event="media.play") for number in range(1, 120)]

    seen: list[int] = []
    address: str | None = "/activity"
    while address is not None:
        page = browser.get(address).text
        seen += [int(number) for number in re.findall(r'id="event-(\d+)"', page)]
        older = re.search(r'class="btn" href="(/activity\?before=\d+)"', page)
        address = older[1] if older else None

    assert seen == taken[::-1]


def test_the_front_page_shows_the_last_twenty_and_leads_to_the_older_ones(browser: Browser, take: Take) -> None:
    taken = [take("Severance", 1, number, event="media.play") for number in range(1, 23)]

    page = browser.get("/").text

    assert [int(number) for number in re.findall(r'id="event-(\d+)"', page)] == taken[:1:-1]
    assert f'href="/activity?before={taken[2]}"' in page


def test_the_activity_filters_by_status(browser: Browser, services: Services, user_id: int, take: Take) -> None:
    add_shows(services, user_id)
    watched, waiting = take("Slow Horses", 1, 1), take("Unknown", 1, 1)

    page = browser.get("/activity?status=conflict").text

    assert f'id="event-{waiting}"' in page
    assert f'id="event-{watched}"' not in page
    assert re.search(r'hx-get="/activity\?status=conflict[&"]', page)


@pytest.mark.parametrize("query", ["status=nonsense", "before=abc", "before=-1", "before=" + "9" * 30])
def test_a_filter_that_cannot_be_is_a_400_page(browser: Browser, query: str) -> None:
    answer = browser.get(f"/activity?{query}")

    assert answer.status_code == 400
    assert answer.mimetype == "text/html"


@pytest.mark.parametrize("log_id", [0, 10**6, 10**30])
def test_an_event_that_is_not_there_is_a_404_page(browser: Browser, log_id: int) -> None:
    answer = browser.get(f"/activity/{log_id}")

    assert answer.status_code == 404
    assert "no such event" in answer.text


def test_an_event_of_somebody_else_is_not_there(browser: Browser, services: Services) -> None:
    other = accounts.create_user(services, "eve", PASSWORD)
    log_id = receive(services, other, parse_event(scrobble("Secret Show", 1, 1))).log_id

    assert browser.get(f"/activity/{log_id}").status_code == 404
    for page in ("/", "/activity"):
        assert "Secret Show" not in browser.get(page).text


def test_an_event_tells_its_trace_in_words_with_the_candidates(
    browser: Browser, services: Services, user_id: int, take: Take
) -> None:
    add_shows(services, user_id)
    log_id = take("Doctor Who", 1, 1)

    page = browser.get(f"/activity/{log_id}").text
    shown = _text(page)

    assert "Looked for the title “Doctor Who” among all names of your shows." in shown
    assert "Several shows fit, so none was taken." in shown
    assert re.search(r"Doctor Who 1963 0\.\d\d same title", shown)
    assert re.search(r"Doctor Who 2005 0\.\d\d same title", shown)
    assert "&#34;grandparentTitle&#34;: &#34;Doctor Who&#34;" in page


def test_a_missing_episode_names_the_show_that_lacks_it(
    browser: Browser, services: Services, user_id: int, take: Take
) -> None:
    add_shows(services, user_id)
    shown = _text(browser.get(f"/activity/{take('Severance', 2, 11)}").text)

    assert "The show has no episode S02E11." in shown
    assert "Severance 2022" in shown


def test_a_duplicate_leads_to_the_event_that_it_repeats(
    browser: Browser, services: Services, user_id: int, take: Take
) -> None:
    add_shows(services, user_id)
    first, second = take("Severance", 1, 1), take("Severance", 1, 1)

    assert f'href="/activity/{first}"' in browser.get(f"/activity/{second}").text


def test_every_event_of_the_sample_has_its_page(
    browser: Browser, services: Services, user_id: int, conn: Connection
) -> None:
    fill(services, user_id, pages=False)
    rows = conn.execute("select id, status from plex_webhook_logs").fetchall()

    assert {row["status"] for row in rows} == {"success", "conflict", "failed", "ignored", "duplicate", "pending"}
    for row in rows:
        assert browser.get(f"/activity/{row['id']}").status_code == 200


@pytest.mark.parametrize("title", [*HOSTILE, "nul \x00 and lone surrogate \ud800", "x" * 1000])
def test_a_hostile_title_is_shown_as_text(browser: Browser, services: Services, take: Take, title: str) -> None:
    log_id = take(title, 1, 1, summary=title, Account={"id": 1, "title": title[:200]})

    for path in ("/", "/activity", f"/activity/{log_id}"):
        page = browser.get(path)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        assert "\x00" not in page.text


def test_the_name_of_the_account_is_shown_as_text_too(services: Services, client: FlaskClient) -> None:
    accounts.create_user(services, "<b>mira</b>", PASSWORD)
    browser = Browser(client.application)
    browser.sign_in("<b>mira</b>")

    page = browser.get("/").text

    assert "<b>mira" not in page
    assert "&lt;b&gt;mira" in page


def test_the_appearance_is_chosen_by_a_form_and_drawn_by_the_server(browser: Browser) -> None:
    assert "data-bs-theme" not in browser.get("/").text

    answer = browser.send("/appearance", "/activity", theme="dark")

    assert answer.location == "/activity"
    assert '<html lang="en" data-bs-theme="dark">' in browser.get("/").text
    browser.send("/appearance", "/activity", theme="auto")
    assert "data-bs-theme" not in browser.get("/").text


def test_a_made_up_appearance_is_ignored(browser: Browser) -> None:
    browser.http.set_cookie("tellykeep_theme", '"><script>')

    assert "data-bs-theme" not in browser.get("/").text


def test_no_form_of_a_page_works_without_its_csrf_token(browser: Browser) -> None:
    for action in ("/sign-out", "/appearance"):
        assert browser.http.post(action, data={"theme": "dark"}).status_code == 403
    assert browser.get("/").status_code == 200
