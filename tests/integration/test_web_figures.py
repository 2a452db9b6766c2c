"""The figures of a year, as a page."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask.testing import FlaskClient

from app.security import accounts
from app.services import Services
from tests.browser.sample import HOSTILE, add_shows
from tests.conftest import Connection
from tests.integration.browser import PASSWORD, Browser
from tests.viewings import watch, watch_all
from tests.watch_state import value

pytestmark = pytest.mark.usefixtures("cheap_passwords")


@pytest.fixture
def user_id(services: Services) -> int:
    return accounts.create_user(services, "mira", PASSWORD, timezone="America/New_York")


@pytest.fixture
def browser(client: FlaskClient, user_id: int) -> Browser:
    browser = Browser(client.application)
    browser.sign_in("mira")
    return browser


@pytest.fixture
def slow_horses(services: Services, user_id: int, conn: Connection) -> int:
    add_shows(services, user_id)
    return _show_id(conn, "Slow Horses")


def _text(page: str) -> str:
    """What a reader sees of a page."""
    text = unescape(re.sub(r"<[^>]+>", " ", page.split("</head>")[-1]))
    return " ".join(text.replace("\u2068", "").replace("\u2069", "").replace("\u00a0", " ").split())


def _show_id(conn: Connection, title: str) -> int:
    return int(value(conn, "select min(id) from tvshows where title = %s", (title,)))


def test_before_anything_was_watched_it_says_what_to_do(browser: Browser) -> None:
    page = browser.get("/figures")
    assert page.status_code == 200
    assert "No figures yet" in page.text
    assert 'href="/history"' in page.text


def test_a_year_is_told_in_the_users_time_zone(
    browser: Browser, conn: Connection, user_id: int, slow_horses: int
) -> None:
    watch_all(conn, user_id, slow_horses, "2024-02-29T23:30-05:00", "2024-03-01T20:00-05:00", "2024-12-31T23:30-05:00")
    text = _text(browser.get("/figures?year=2024").text)
    assert "Every day of 2024" in text
    assert "Thu 29 Feb: 1 episode" in text
    assert "Tue 31 Dec: 1 episode" in text
    assert "Wed 1 Jan" not in text.replace("Mon 1 Jan", "")
    assert "Time 2 h 15 min" in text
    assert "Longest streak 2 days until 1 Mar 2024" in text
    assert "Slow Horses 2022 · 2 h 15 min · 3 episodes" in text


def test_the_years_lead_to_each_other(browser: Browser, conn: Connection, user_id: int, slow_horses: int) -> None:
    watch(conn, user_id, slow_horses, "2023-05-01T20:00Z")
    watch(conn, user_id, slow_horses, "2025-05-01T20:00Z", episode=2)
    page = browser.get("/figures?year=2024").text
    for year in (2023, 2024, 2025):
        assert f'href="/figures?year={year}"' in page
    assert "Nothing watched in 2024" in page


def test_of_one_show(browser: Browser, conn: Connection, user_id: int, slow_horses: int) -> None:
    severance = _show_id(conn, "Severance")
    watch_all(conn, user_id, slow_horses, "2024-05-01T20:00Z", "2024-05-02T20:00Z")
    watch(conn, user_id, severance, "2024-05-03T20:00Z")
    assert "Episodes 3" in _text(browser.get("/figures?year=2024").text)
    page = browser.get(f"/figures?year=2024&show={severance}").text
    assert "Episodes 1" in _text(page)
    assert f'<option value="{severance}" selected>' in page
    assert f'<option value="{slow_horses}">' in page
    assert "Episodes 3" in _text(browser.get("/figures?year=2024&show=").text)


def test_a_show_that_is_not_in_this_tracker_is_not_found(
    browser: Browser, services: Services, conn: Connection, user_id: int, slow_horses: int
) -> None:
    other = accounts.create_user(services, "olga", PASSWORD)
    add_shows(services, other)
    theirs = int(value(conn, "select max(id) from tvshows"))
    assert browser.get(f"/figures?show={theirs}").status_code == 404
    conn.execute("select delete_show(%s, %s)", (user_id, slow_horses))
    assert browser.get(f"/figures?show={slow_horses}").status_code == 404


@pytest.mark.parametrize("query", ["year=0", "year=99999", "year=soon", "show=-1", "show=x"])
def test_what_cannot_be_asked_is_a_400_page(browser: Browser, query: str) -> None:
    answer = browser.get(f"/figures?{query}")
    assert (answer.status_code, answer.mimetype) == (400, "text/html")


def test_every_picture_says_what_it_shows_and_is_a_table_too(
    browser: Browser, conn: Connection, user_id: int, slow_horses: int
) -> None:
    watch_all(conn, user_id, slow_horses, "2024-05-01T20:00Z", "2024-05-02T20:00Z")
    page = browser.get("/figures?year=2024").text
    pictures = re.findall(r"<svg[^>]*role=\"img\"[^>]*>", page)
    assert len(pictures) == 14
    for picture in pictures:
        ids = re.search(r'aria-labelledby="([^"]*)"', picture)
        assert ids is not None
        for name in ids[1].split():
            assert f'id="{name}"' in page
    assert page.count("<table") == 4
    assert "May: 2 episodes on 2 days" in page
    assert " style=" not in page


@pytest.mark.parametrize("title", HOSTILE)
def test_hostile_titles_are_text(
    browser: Browser, conn: Connection, user_id: int, slow_horses: int, title: str
) -> None:
    watch(conn, user_id, _show_id(conn, title[:1000]), "2024-05-01T20:00Z")
    page = browser.get("/figures?year=2024").text
    assert "<script>alert" not in page
    assert "<img src=x" not in page
