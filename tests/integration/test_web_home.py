"""The front page: figures that agree with the API, questions answered in place, and where to go on."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.plex.events import parse_event
from app.security import accounts
from app.security.accounts import create_token
from app.services import Services
from app.sync.receive import receive
from app.web import kept_figures
from tests.browser.sample import HOSTILE, add_shows, scrobble
from tests.conftest import Connection
from tests.integration.api_client import ApiClient
from tests.integration.browser import PASSWORD, Browser
from tests.watch_state import episode_entry, one, value

pytestmark = pytest.mark.usefixtures("cheap_passwords")

Take = Callable[..., int]


@pytest.fixture
def user_id(services: Services) -> int:
    mira = accounts.create_user(services, "mira", PASSWORD, timezone="Asia/Tokyo")
    add_shows(services, mira)
    return mira


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
        owner = more.pop("owner_id", user_id)
        event = parse_event(scrobble(title, season, episode, **more))
        return receive(services, owner, event, received_at=received_at, patience=30).log_id

    return receive_one


def _text(page: str) -> str:
    """What a reader sees of a page."""
    text = unescape(re.sub(r"<[^>]+>", " ", page.split("</head>")[-1]))
    return " ".join(text.replace("\u2068", "").replace("\u2069", "").split())


def _show_id(conn: Connection, title: str) -> int:
    return int(value(conn, "select min(id) from tvshows where title = %s", (title,)))


def _seen(text: str) -> str:
    found = re.search(r'name="seen" value="([0-9a-f]+)"', text)
    assert found is not None
    return found[1]


def _swap(browser: Browser, action: str, form: dict[str, str]) -> str:
    """Sends one of the page's forms as htmx does, and returns what it swaps in."""
    token = browser.fields("/", "/sign-out")["csrf_token"]
    headers = {"HX-Request": "true", "HX-Request-Type": "partial"}
    return browser.http.post(action, data=form | {"csrf_token": token}, headers=headers, follow_redirects=True).text


@pytest.mark.parametrize("days", [7, 30, 90])
def test_the_figures_are_those_of_the_api(
    browser: Browser, client: FlaskClient, services: Services, user_id: int, take: Take, days: int
) -> None:
    now = datetime.now(UTC)
    for number in range(1, 7):
        take("Slow Horses", 1, number, received_at=now - timedelta(days=20, hours=number))
        take("Slow Horses", 2, number, received_at=now - timedelta(days=3, hours=number))
    take("Slow Horses", 2, 1, event="media.play")
    take("The Traitors", 4, 3)
    api = ApiClient(client.application, create_token(services, "mira"), user_id, client.application.test_client(), {})
    figures = api.call("GET", f"/api/plex/stats?days={days}")

    page = browser.get(f"/?days={days}")
    text = _text(page.text)

    assert f"The last {days} days" in text
    assert f"Episodes watched {figures['watched_episodes']}" in text
    assert f"Shows added {figures['shows_added']}" in text
    assert f"Events received {figures['received']}" in text
    assert figures["watched_episodes"] == (6 if days == 7 else 12)
    for status, word in (
        ("success", "Watched"),
        ("conflict", "Conflict"),
        ("ignored", "Ignored"),
        ("failed", "Failed"),
    ):
        percent = figures["shares"][status] * 100
        assert f"{word} {figures[status]} {percent:.0f} %".replace(" %", " %") in text


def test_the_chart_adds_up_to_the_figure_and_is_a_table_too(browser: Browser, take: Take) -> None:
    now = datetime.now(UTC)
    for number in range(1, 6):
        take("Slow Horses", 1, number, received_at=now - timedelta(days=number, hours=1))
    page = browser.get("/?days=7").text

    table = re.search(r'<table class="tk-table">.*?</table>', page, re.DOTALL)
    assert table is not None
    counts = [int(number) for number in re.findall(r"<td>(\d+) episodes?</td>", table[0])]
    assert sum(counts) == 5
    assert 'role="img" aria-labelledby="per-day-title per-day-desc"' in page
    assert "5 watched in the last 7 days, by day." in page


def test_a_number_of_days_that_is_not_offered_is_refused(browser: Browser, take: Take) -> None:
    take()
    assert browser.get("/?days=31").status_code == 400
    assert browser.get("/?days=x").status_code == 400


def test_a_poll_does_not_count_again_while_nothing_happens(
    browser: Browser, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.web import home

    counted: list[int] = []
    plain = home.plex_stats
    monkeypatch.setattr(home, "plex_stats", lambda *a, **more: counted.append(1) or plain(*a, **more))
    take(received_at=datetime.now(UTC) - timedelta(days=3))
    seen = _seen(browser.get("/").text)

    for _ in range(3):
        assert browser.poll(f"/?seen={seen}").status_code == 204
    assert len(counted) == 1
    take("Severance", 1, 2)
    assert browser.poll(f"/?seen={seen}").status_code == 200
    assert len(counted) == 2


def test_what_is_kept_is_counted_again_after_a_minute_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(kept_figures.time, "monotonic", lambda: clock[0])
    kept = kept_figures.KeptFigures()
    assert kept.get("a", 1, lambda: "first") == "first"
    clock[0] = 59
    assert kept.get("a", 1, lambda: "second") == "first"
    assert kept.get("a", 2, lambda: "third") == "third"
    clock[0] = 120
    assert kept.get("a", 2, lambda: "fourth") == "fourth"
    for number in range(kept_figures.MOST):
        kept.renew(number, 1, "more")
    assert kept.get("a", 2, lambda: "fifth") == "fifth"


def test_it_goes_on_with_the_next_episode_of_what_was_watched_last(
    browser: Browser, take: Take, conn: Connection
) -> None:
    now = datetime.now(UTC)
    take("Slow Horses", 1, 2, received_at=now - timedelta(hours=5))
    take("Severance", 2, 1, received_at=now - timedelta(hours=9))
    page = browser.get("/").text

    shows = re.findall(r'id="next-(\d+)"', page)
    assert shows == [str(_show_id(conn, "Slow Horses")), str(_show_id(conn, "Severance"))]
    assert "Mark Slow Horses S01E03 watched" in page
    assert "Mark Severance S02E02 watched" in page


def test_what_was_deleted_is_somebody_elses_or_is_through_is_not_gone_on_with(
    browser: Browser, services: Services, take: Take, conn: Connection, user_id: int
) -> None:
    other = accounts.create_user(services, "olga", PASSWORD)
    add_shows(services, other)
    take("Severance", 1, 1, owner_id=other)
    take("The Great Pottery Throw Down", 7, 10)
    take("Slow Horses", 1, 1)
    conn.execute("select delete_show(%s, %s)", (user_id, _show_id(conn, "Slow Horses")))

    assert "Continue watching" not in browser.get("/").text


def test_a_button_marks_the_next_episode_and_a_note_takes_it_back(
    browser: Browser, take: Take, conn: Connection
) -> None:
    take("Slow Horses", 1, 1)
    show = _show_id(conn, "Slow Horses")

    answer = browser.send("/watched", "/")

    assert (answer.status_code, answer.location) == (303, "/")
    assert episode_entry(conn, show, 1, 2)["watched"]
    page = browser.get("/").text
    assert "S01E02 is marked watched." in _text(page)
    assert "Mark Slow Horses S01E03 watched" in page
    # Told once.
    assert "is marked watched" not in browser.get("/").text

    form = {"tvshow_id": str(show), "season": "1", "episode": "2", "watched": "no"}
    token = browser.fields("/", "/sign-out")["csrf_token"]
    browser.http.post("/watched", data=form | {"csrf_token": token})
    assert not episode_entry(conn, show, 1, 2)["watched"]
    assert "Mark Slow Horses S01E02 watched" in browser.get("/").text


def test_htmx_gets_the_live_part_the_note_with_undo_and_the_count_of_the_navigation(
    browser: Browser, take: Take, conn: Connection
) -> None:
    take("Slow Horses", 1, 1)
    show = str(_show_id(conn, "Slow Horses"))

    swapped = _swap(browser, "/watched", {"tvshow_id": show, "season": "1", "episode": "2", "days": "7"})

    assert swapped.startswith('<div id="live"')
    assert 'hx-get="/?days=7"' in swapped
    assert '<div class="tk-told" id="told" hx-swap-oob="true">' in swapped
    assert re.search(r'name="watched" value="no">.*Undo', swapped, re.DOTALL)
    assert 'id="nav-conflicts" hx-swap-oob="true"' in swapped


@pytest.mark.parametrize(
    "form",
    [
        {"season": "1", "episode": "99"},
        {"season": "1", "episode": "1", "tvshow_id": "999999"},
        {"season": "0", "episode": "0"},
    ],
)
def test_an_episode_that_is_not_there_is_told_and_changes_nothing(
    browser: Browser, take: Take, conn: Connection, form: dict[str, str]
) -> None:
    take("Slow Horses", 1, 1)
    plays = value(conn, "select count(*) from plays")
    form = {"tvshow_id": str(_show_id(conn, "Slow Horses"))} | form

    swapped = _swap(browser, "/watched", form)

    assert "tk-tone-failed" in swapped
    assert value(conn, "select count(*) from plays") == plays


def test_somebody_elses_show_cannot_be_marked(
    browser: Browser, services: Services, take: Take, conn: Connection
) -> None:
    other = accounts.create_user(services, "olga", PASSWORD)
    add_shows(services, other)
    theirs = int(value(conn, "select max(id) from tvshows where title = 'Slow Horses'"))
    take("Slow Horses", 1, 1)

    _swap(browser, "/watched", {"tvshow_id": str(theirs), "season": "1", "episode": "1"})

    assert not episode_entry(conn, theirs, 1, 1).get("watched")


def test_a_question_is_confirmed_in_place_and_its_answer_can_be_taken_back_there(
    browser: Browser, take: Take, conn: Connection
) -> None:
    log_id = take("Slow Horse", 2, 1, grandparentGuid="local://77", guid="local://78")
    question = one(conn, "select * from plex_conflicts")
    page = browser.get("/").text
    assert " Slow Horses (2022)</span>" in page
    assert f'href="/conflicts/{question["id"]}"' in page
    show = str(_show_id(conn, "Slow Horses"))

    swapped = _swap(
        browser,
        f"/conflicts/{question['id']}/answer",
        {"place": "home", "action": "select", "tvshow_id": show},
    )

    assert swapped.startswith('<div id="live"')
    assert "You chose Slow Horses (2022)." in _text(swapped)
    assert "Marked watched: S02E01." in _text(swapped)
    assert one(conn, "select status from plex_webhook_logs where id = %s", (log_id,)) == {"status": "success"}
    # It stays while the page updates itself.
    assert "You chose Slow Horses" in _text(browser.poll("/").text)

    swapped = _swap(browser, f"/conflicts/{question['id']}/undo", {"place": "home"})
    assert "1 show needs your answer" in _text(swapped)
    assert one(conn, "select status from plex_webhook_logs where id = %s", (log_id,)) == {"status": "conflict"}


def test_without_javascript_an_answer_leads_back_to_the_front_page(
    browser: Browser, take: Take, conn: Connection
) -> None:
    take("Slow Horse", 2, 1, grandparentGuid="local://77", guid="local://78")
    question = one(conn, "select * from plex_conflicts")

    answer = browser.send(f"/conflicts/{question['id']}/answer", "/")

    assert (answer.status_code, answer.location) == (303, "/")
    assert "You chose Slow Horses (2022)." in _text(browser.get("/").text)


def test_an_answer_of_long_ago_or_by_itself_is_not_told_again(browser: Browser, take: Take, conn: Connection) -> None:
    take("Slow Horse", 2, 1, grandparentGuid="local://77", guid="local://78")
    question = one(conn, "select * from plex_conflicts")
    browser.send(f"/conflicts/{question['id']}/answer", "/")
    conn.execute("update plex_conflicts set resolved_at = resolved_at - interval '6 minutes'")
    assert "You chose" not in browser.get("/").text
    conn.execute("update plex_conflicts set resolved_at = now(), resolution_action = 'auto'")
    assert "Answered" not in _text(browser.get("/").text)


def test_of_equal_candidates_none_is_put_forward(browser: Browser, take: Take) -> None:
    take("Doctor Who", 1, 1)
    text = _text(browser.get("/").text)
    assert "1 show needs your answer" in text
    assert "Not this" not in text


@pytest.mark.parametrize("title", HOSTILE)
def test_hostile_titles_are_text(browser: Browser, take: Take, title: str) -> None:
    take(title, 1, 1)
    take(title + " unknown", 1, 1)
    page = browser.get("/").text
    assert "<script>alert" not in page
    assert "<img src=x" not in page
