"""Shows that come and go in the pages: added, deleted after a warning, brought back."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from flask.testing import FlaskClient

from app.plex.events import parse_event
from app.security import accounts
from app.services import Services
from app.sync.receive import receive
from tests.browser.sample import scrobble
from tests.conftest import Connection
from tests.fakes.tmdb import FakeTmdb
from tests.integration.browser import PASSWORD, Browser
from tests.watch_state import live_plays, one, show_row

pytestmark = pytest.mark.usefixtures("cheap_passwords")


@pytest.fixture
def user_id(services: Services) -> int:
    return accounts.create_user(services, "mira", PASSWORD)


@pytest.fixture
def browser(client: FlaskClient, user_id: int) -> Browser:
    browser = Browser(client.application)
    browser.sign_in("mira")
    return browser


def _text(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.split("</head>")[-1])).split())


def _post(browser: Browser, address: str, **values: str) -> str:
    token = browser.fields("/", "/sign-out")["csrf_token"]
    answer = browser.http.post(address, data=values | {"csrf_token": token})
    assert answer.status_code == 303, answer.status_code
    return browser.get(answer.location).text


def test_a_show_is_deleted_after_a_warning_and_brought_back_with_its_mapping(
    services: Services, conn: Connection, browser: Browser, user_id: int, make_show: Callable[..., int]
) -> None:
    show = make_show(user_id, "Severance", seasons={1: 3})
    receive(services, user_id, parse_event(scrobble("Severance", 1, 1)), patience=30)
    assert "Its viewing is kept." in _text(browser.get(f"/shows/{show}").text)
    page = _post(browser, f"/shows/{show}/delete")
    assert "The show was deleted. Undo" in _text(page)
    assert browser.get(f"/shows/{show}").status_code == 404
    assert "Severance" in _text(browser.get("/shows/deleted").text)

    page = _post(browser, f"/shows/{show}/restore")
    assert "The show is back" in _text(page)
    assert len(live_plays(conn, show)) == 1
    assert one(conn, "select tvshow_id from plex_show_mappings")["tvshow_id"] == show
    receive(services, user_id, parse_event(scrobble("Severance", 1, 2)), patience=30)
    assert show_row(conn, show)["watched_episodes"] == 2


def test_a_show_is_not_brought_back_beside_one_with_the_same_id(
    conn: Connection, browser: Browser, user_id: int, make_show: Callable[..., int]
) -> None:
    show = make_show(user_id, "Severance", tmdb_id=95396)
    _post(browser, f"/shows/{show}/delete")
    make_show(user_id, "Severance", tmdb_id=95396)
    assert "A show with this TMDB id is in the tracker already." in _text(_post(browser, f"/shows/{show}/restore"))
    assert show_row(conn, show)["deleted_at"] is not None


def test_a_show_is_added_by_hand_with_its_seasons(conn: Connection, browser: Browser) -> None:
    page = browser.get("/shows/add").text
    assert "With a TMDB key" in page
    assert 'href="/settings/tmdb">Give it a key' in page
    page = _post(browser, "/shows/add", title=" Home  Videos ", year="1999", seasons="2", episodes="3")
    assert "The show was added." in _text(page)
    show = one(conn, "select * from tvshows")
    assert (show["title"], show["total_episodes"], show["source"]) == ("Home Videos", 6, "manual")
    for wrong in ({"title": " "}, {"title": "x", "year": "1"}, {"title": "x", "seasons": "9999"}, {"tmdb_id": "0"}):
        _post(browser, "/shows/add", **wrong)
    assert one(conn, "select count(*) as n from tvshows")["n"] == 1


def test_a_show_of_tmdb_is_found_and_added_and_then_marked_as_there(
    conn: Connection, browser: Browser, fake_tmdb: FakeTmdb
) -> None:
    fake_tmdb.add_show(7, "<b>Nightjar</b>", first_air_date="2009-02-01")
    fake_tmdb.shows[7]["overview"] = "A <i>bird</i> that is heard at dusk."
    page = browser.poll("/shows/add?q=nightjar").text
    assert "&lt;b&gt;Nightjar" in page
    assert "A &lt;i&gt;bird" in page
    assert 'name="tmdb_id" value="7"' in page
    assert "The show was added." in _text(_post(browser, "/shows/add", tmdb_id="7", q="nightjar"))
    show = one(conn, "select id, tmdb_id from tvshows")
    assert show["tmdb_id"] == 7
    assert f'href="/shows/{show["id"]}"' in browser.get("/shows/add?q=nightjar").text
    assert "is in the tracker already" in _text(_post(browser, "/shows/add", tmdb_id="7", q="nightjar"))


def test_what_tmdb_does_not_know_is_said(browser: Browser, fake_tmdb: FakeTmdb) -> None:
    page = browser.get("/shows/add?q=Nothing+At+All").text
    assert "TMDB knows no show of that name." in page


def test_nobody_deletes_or_restores_what_is_somebody_elses(
    services: Services, conn: Connection, browser: Browser, make_show: Callable[..., int]
) -> None:
    otto = accounts.create_user(services, "otto", PASSWORD)
    theirs = make_show(otto, "Secret Show")
    token = {"csrf_token": browser.fields("/", "/sign-out")["csrf_token"]}
    for what in ("delete", "restore", "refresh"):
        assert browser.http.post(f"/shows/{theirs}/{what}", data=token).status_code == 404
    conn.execute("select delete_show(%s, %s)", (otto, theirs))
    assert browser.http.post(f"/shows/{theirs}/restore", data=token).status_code == 404
    assert "Secret Show" not in browser.get("/shows/deleted").text
    assert show_row(conn, theirs)["deleted_at"] is not None
