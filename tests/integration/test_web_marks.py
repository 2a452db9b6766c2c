"""Marking by hand in the pages: an episode, a season, all before; the viewings of an episode; and exactly back."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from html.parser import HTMLParser

import pytest
from flask.testing import FlaskClient

from app.plex.events import parse_event
from app.security import accounts
from app.services import Services
from app.sync.receive import receive
from tests.browser.sample import scrobble
from tests.conftest import Connection
from tests.integration.browser import PASSWORD, Browser
from tests.mapping_state import show_state
from tests.watch_state import live_plays, show_row

pytestmark = pytest.mark.usefixtures("cheap_passwords")

MakeShow = Callable[..., int]


@pytest.fixture
def user_id(services: Services) -> int:
    return accounts.create_user(services, "mira", PASSWORD, timezone="America/New_York")


@pytest.fixture
def browser(client: FlaskClient, user_id: int) -> Browser:
    browser = Browser(client.application)
    browser.sign_in("mira")
    return browser


@pytest.fixture
def show(user_id: int, make_show: MakeShow) -> int:
    return make_show(user_id, "Severance", seasons={0: 2, 1: 3, 2: 4}, runtime=45)


class _UndoForm(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.action, self.fields, self._inside = "", {}, False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._inside = "tk-note-undo" in (given.get("class") or "")
            self.action = given.get("action") or "" if self._inside else self.action
        elif tag == "input" and self._inside:
            self.fields[given["name"]] = given.get("value")


def _text(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.split("</head>")[-1])).split())


def _token(browser: Browser) -> str:
    return browser.fields("/", "/sign-out")["csrf_token"]


def _post(browser: Browser, address: str, **values: str) -> str:
    """Sends a form and returns the page that follows it, as a browser without JavaScript shows it."""
    answer = browser.http.post(address, data=values | {"csrf_token": _token(browser)})
    assert answer.status_code == 303, answer.text
    return browser.get(answer.location.partition("#")[0]).text


def _undo(browser: Browser, page: str) -> str:
    """Presses Undo in the note on a page."""
    form = _UndoForm()
    form.feed(page)
    assert form.action
    return _post(browser, form.action, **form.fields)


def _watched(conn: Connection, show: int) -> list[tuple[int, int]]:
    return [
        (season["seasonNumber"], episode["episodeNumber"])
        for season in show_row(conn, show)["seasons"]
        for episode in season["episodes"]
        if episode["watched"]
    ]


def test_an_episode_is_marked_where_it_stands_and_taken_back(conn: Connection, browser: Browser, show: int) -> None:
    before = show_state(conn, show)
    answer = browser.http.post(
        f"/shows/{show}/mark", data={"season": "2", "watched": "3", "csrf_token": _token(browser)}
    )
    assert answer.location == f"/shows/{show}?season=2#season-2"
    page = browser.get(answer.location).text
    assert _watched(conn, show) == [(2, 3)]
    assert "S02E03 is marked as watched. Undo" in _text(page)
    assert 'name="unwatched" value="3"' in page
    assert "Taken back" in _text(_undo(browser, page))
    assert show_state(conn, show)["show"] == before["show"]
    assert live_plays(conn, show) == []


def test_an_unmark_keeps_what_plex_told_and_undo_brings_it_back(
    services: Services, conn: Connection, browser: Browser, user_id: int, show: int
) -> None:
    receive(services, user_id, parse_event(scrobble("Severance", 1, 1)), patience=30)
    before = [(p["account_id"], p["watched_at"], p["source"]) for p in live_plays(conn, show)]
    page = _post(browser, f"/shows/{show}/mark", season="1", unwatched="1")
    assert _watched(conn, show) == []
    _undo(browser, page)
    assert _watched(conn, show) == [(1, 1)]
    assert [(p["account_id"], p["watched_at"], p["source"]) for p in live_plays(conn, show)] == before


def test_a_season_is_marked_and_taken_back_at_once(conn: Connection, browser: Browser, show: int) -> None:
    _post(browser, f"/shows/{show}/mark", season="1", watched="2")
    before = show_state(conn, show)["show"]
    page = _post(browser, f"/shows/{show}/mark", season="1", all="now")
    assert "2 episodes of Season 1 marked as watched." in _text(page)
    assert _watched(conn, show) == [(1, 1), (1, 2), (1, 3)]
    assert "Taken back" in _text(_undo(browser, page))
    assert show_state(conn, show)["show"] == before
    assert "taken back already" in _text(_undo(browser, page))
    assert "marked as not watched" in _text(_post(browser, f"/shows/{show}/mark", season="1", all="unwatched"))
    assert _watched(conn, show) == []


def test_all_before_an_episode_leaves_specials_and_what_has_not_aired(
    conn: Connection, browser: Browser, user_id: int, make_show: MakeShow
) -> None:
    episodes = [{"episodeNumber": n, "airDate": "2999-01-01" if n == 2 else "2020-01-01"} for n in (1, 2, 3)]
    specials = {"seasonNumber": 0, "episodes": [{"episodeNumber": 1}]}
    show = make_show(user_id, seasons=[specials, *({"seasonNumber": s, "episodes": episodes} for s in (1, 2))])
    page = _post(browser, f"/shows/{show}/mark", season="2", before="3", back="episode")
    assert "3 episodes before S02E03 marked as watched." in _text(page)
    assert _watched(conn, show) == [(1, 1), (1, 3), (2, 1)]
    assert "Season 2, episode 3" in _text(_undo(browser, page))
    assert _watched(conn, show) == []


def test_a_season_can_be_watched_when_it_aired(
    conn: Connection, browser: Browser, user_id: int, make_show: MakeShow
) -> None:
    episodes = [{"episodeNumber": 1, "airDate": "2020-07-01"}]
    show = make_show(user_id, seasons=[{"seasonNumber": 1, "episodes": episodes}])
    assert "Watched when aired" in browser.get(f"/shows/{show}").text
    _post(browser, f"/shows/{show}/mark", season="1", all="aired")
    # Eight in the evening in New York.
    assert [p["watched_at"] for p in live_plays(conn, show)] == [datetime(2020, 7, 2, 0, 0, tzinfo=UTC)]


def test_no_form_of_the_page_stands_within_another(browser: Browser, show: int) -> None:
    """A browser would drop the inner one, and its button would send the outer."""
    for page in (
        _post(browser, f"/shows/{show}/mark", season="1", watched="1"),
        _post(browser, f"/shows/{show}/mark", season="1", watched="2", back="episode"),
    ):
        assert "tk-note-undo" in page
        depth = 0
        for tag in re.findall(r"<(/?)form[ >]", page):
            depth += -1 if tag else 1
            assert depth in (0, 1)


def test_htmx_gets_the_season_with_its_progress_and_nothing_else(browser: Browser, show: int) -> None:
    _post(browser, f"/shows/{show}/mark", season="1", watched="1")
    part = browser.poll(f"/shows/{show}?season=1").text
    assert part.lstrip().startswith('<section class="card tk-season tk-season-open" id="season-1"')
    assert 'id="far" hx-swap-oob="true"' in part
    assert 'id="figures" aria-labelledby="figures-name" hx-swap-oob="true"' in part
    assert "<html" not in part
    assert "season-2" not in part


def test_a_part_of_a_long_season_comes_back_after_a_mark(browser: Browser, user_id: int, make_show: MakeShow) -> None:
    show = make_show(user_id, seasons={1: 250})
    token = _token(browser)
    answer = browser.http.post(
        f"/shows/{show}/mark", data={"season": "1", "watched": "130", "from": "101", "csrf_token": token}
    )
    assert answer.location == f"/shows/{show}?season=1&from=101#season-1"


def test_an_undo_of_hundreds_of_episodes_fits_into_the_note(
    conn: Connection, browser: Browser, user_id: int, make_show: MakeShow
) -> None:
    show = make_show(user_id, seasons={1: 700})
    page = _post(browser, f"/shows/{show}/mark", season="1", all="now")
    assert len(_watched(conn, show)) == 700
    _undo(browser, page)
    assert _watched(conn, show) == []


def test_what_cannot_be_marked_is_refused(browser: Browser, show: int) -> None:
    token = {"csrf_token": _token(browser)}
    for form in ({}, {"season": "1"}, {"season": "x", "watched": "1"}, {"season": "1", "watched": "1", "before": "1"}):
        assert browser.http.post(f"/shows/{show}/mark", data={**form, **token}).status_code == 400
    page = _post(browser, f"/shows/{show}/mark", season="1", watched="99")
    assert "The show has no such episode." in _text(page)


def _at(days_ago: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days_ago)).strftime("%Y-%m-%dT%H:%M")


def test_the_viewings_of_an_episode_say_who_and_which_way(
    services: Services, browser: Browser, user_id: int, show: int
) -> None:
    receive(services, user_id, parse_event(scrobble("Severance", 1, 1)), patience=30)
    text = _text(browser.get(f"/shows/{show}/episodes/1/1").text)
    assert "Viewing" in text
    assert "mira on Attic , by a webhook · what Plex said" in text
    assert "Not watched yet." in _text(browser.get(f"/shows/{show}/episodes/1/2").text)


def test_a_viewing_is_added_moved_and_removed_and_each_is_undone(conn: Connection, browser: Browser, show: int) -> None:
    here = f"/shows/{show}/episodes/1/2"
    _post(browser, f"{here}/viewings", at="2024-03-01T20:15")
    # In New York's winter.
    assert [p["watched_at"] for p in live_plays(conn, show)] == [datetime(2024, 3, 2, 1, 15, tzinfo=UTC)]
    page = _post(browser, f"{here}/viewings", at="2024-05-01T20:15")
    assert "Viewings 2" in _text(page)
    (first, second) = live_plays(conn, show)

    page = _post(browser, f"{here}/viewings/{second['id']}/move", at="2024-06-01T21:00")
    assert "The date was changed." in _text(page)
    assert [p["watched_at"].month for p in live_plays(conn, show)] == [3, 6]
    _undo(browser, page)
    assert [p["watched_at"] for p in live_plays(conn, show)] == [first["watched_at"], second["watched_at"]]
    second = live_plays(conn, show)[1]

    page = _post(browser, f"{here}/viewings/{first['id']}/remove")
    assert [p["id"] for p in live_plays(conn, show)] == [second["id"]]
    _undo(browser, page)
    assert [p["watched_at"] for p in live_plays(conn, show)] == [first["watched_at"], second["watched_at"]]


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ("2999-01-01T20:15", "Nobody watches in the future"),
        ("", "This is no day and time."),
        ("yesterday", "This is no day and time."),
        ("2024-01-01", "This is no day and time."),
        ("0001-01-01T00:00", "This is no day and time."),
    ],
)
def test_a_time_that_cannot_be_is_told_and_changes_nothing(
    conn: Connection, browser: Browser, show: int, at: str, told: str
) -> None:
    here = f"/shows/{show}/episodes/1/2"
    assert told in _text(_post(browser, f"{here}/viewings", at=at))
    assert live_plays(conn, show) == []


def test_what_is_somebody_elses_is_not_there(
    services: Services, conn: Connection, browser: Browser, make_show: MakeShow, show: int
) -> None:
    otto = accounts.create_user(services, "otto", PASSWORD)
    theirs = make_show(otto, "Secret Show", seasons={1: 2})
    conn.execute("select set_watched(%s, %s, 1, 1, true)", (otto, theirs))
    (play,) = live_plays(conn, theirs)
    before = show_state(conn, theirs)
    assert browser.get(f"/shows/{theirs}/episodes/1/1").status_code == 404
    token = {"csrf_token": _token(browser), "season": "1", "watched": "2", "first": "1", "last": "999", "at": _at(1)}
    for address in (
        f"/shows/{theirs}/mark",
        f"/shows/{theirs}/undo",
        f"/shows/{theirs}/episodes/1/1/viewings",
        f"/shows/{theirs}/episodes/1/1/viewings/{play['id']}/remove",
        f"/shows/{show}/episodes/1/1/viewings/{play['id']}/remove",
        f"/shows/{show}/episodes/1/1/viewings/{play['id']}/move",
        f"/shows/{show}/episodes/9/1/viewings",
        f"/shows/{2**70}/mark",
    ):
        assert browser.http.post(address, data=token).status_code == 404, address
    _post(browser, f"/shows/{show}/undo", season="1", first="1", last="999999", again="1,2,3,x")
    assert show_state(conn, theirs) == before


def test_no_form_is_taken_without_its_token(browser: Browser, show: int) -> None:
    for address in (f"/shows/{show}/mark", f"/shows/{show}/undo", f"/shows/{show}/episodes/1/1/viewings"):
        assert browser.http.post(address, data={"season": "1", "watched": "1"}).status_code in (400, 403)
