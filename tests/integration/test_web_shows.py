"""The pages of the tracker itself: the grid and the list, searched, narrowed and ordered, and one show."""

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
from app.web.shows import PAGE
from tests.browser.sample import HOSTILE, add_shows, scrobble
from tests.conftest import Connection
from tests.integration.browser import PASSWORD, Browser

pytestmark = pytest.mark.usefixtures("cheap_passwords")


@pytest.fixture
def user_id(services: Services) -> int:
    return accounts.create_user(services, "mira", PASSWORD)


@pytest.fixture
def browser(client: FlaskClient, user_id: int) -> Browser:
    browser = Browser(client.application)
    browser.sign_in("mira")
    return browser


def _titles(page: str) -> list[str]:
    """The names on the tiles or in the rows, in order."""
    found = re.findall(r'tk-(?:tile|shelf)-name">(?:<bdi>)?([^<]*)', page)
    return [unescape(title) for title in found]


def _text(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.split("</head>")[-1])).split())


def mark(conn: Connection, user_id: int, show: int, season: int, *episodes: int) -> None:
    for episode in episodes:
        conn.execute("select set_watched(%s, %s, %s, %s, true)", (user_id, show, season, episode))


@pytest.fixture
def three(conn: Connection, user_id: int, make_show: Callable[..., int]) -> dict[str, int]:
    """One finished but for its specials, one begun, one not begun."""
    shows = {
        "done": make_show(user_id, "Alder", seasons={0: 3, 1: 2}, year=2001),
        "begun": make_show(user_id, "Birch", seasons={1: 4}, year=2010),
        "new": make_show(user_id, "Cedar", seasons={1: 3}, year=2005),
    }
    mark(conn, user_id, shows["done"], 1, 1, 2)
    mark(conn, user_id, shows["begun"], 1, 1)
    return shows


def test_the_grid_shows_every_show_with_how_far_it_is_and_leaves_specials_out(
    browser: Browser, three: dict[str, int]
) -> None:
    page = browser.get("/shows").text
    assert _titles(page) == ["Alder", "Birch", "Cedar"]
    text = _text(page)
    assert "2001 · all 2 watched" in text
    assert "2010 · 1 of 4" in text
    assert "2005 · 3 ep." in text


@pytest.mark.parametrize(
    ("show", "titles"),
    [
        ("all", ["Alder", "Birch", "Cedar"]),
        ("unfinished", ["Birch"]),
        ("finished", ["Alder"]),
        ("new", ["Cedar"]),
        ("plex", []),
    ],
)
def test_the_address_narrows_the_list_and_each_filter_says_how_many(
    browser: Browser, three: dict[str, int], show: str, titles: list[str]
) -> None:
    page = browser.get(f"/shows?show={show}").text
    assert _titles(page) == titles
    assert "All 3 In progress 1 Finished 1 Not started 1 From Plex 0" in _text(page)


def test_a_show_that_plex_has_reported_is_from_plex(services: Services, browser: Browser, user_id: int) -> None:
    add_shows(services, user_id)
    receive(services, user_id, parse_event(scrobble("Severance", 1, 1)), patience=30)
    assert _titles(browser.get("/shows?show=plex").text) == ["Severance"]


@pytest.mark.parametrize(
    ("sort", "titles"),
    [
        ("title", ["Alder", "Birch", "Cedar"]),
        ("watched", ["Birch", "Alder", "Cedar"]),
        ("progress", ["Alder", "Birch", "Cedar"]),
        ("added", ["Cedar", "Birch", "Alder"]),
        ("year", ["Birch", "Cedar", "Alder"]),
    ],
)
def test_the_address_orders_the_list(browser: Browser, three: dict[str, int], sort: str, titles: list[str]) -> None:
    for view in ("grid", "list"):
        assert _titles(browser.get(f"/shows?sort={sort}&view={view}").text) == titles


def test_a_search_finds_any_name_and_keeps_the_filters_and_the_order(
    conn: Connection, browser: Browser, user_id: int, three: dict[str, int]
) -> None:
    conn.execute(
        "insert into show_titles (user_id, tvshow_id, title, kind) values (%s, %s, 'Bjørk', 'alternative')",
        (user_id, three["begun"]),
    )
    assert _titles(browser.get("/shows?q=bjørk").text) == ["Birch"]
    assert _titles(browser.get("/shows?q=b%25h").text) == []
    page = browser.get("/shows?q=bir&sort=year&view=list").text
    assert "All 1 In progress 1" in _text(page)
    assert '<input type="hidden" name="sort" value="year">' in page
    assert 'href="/shows?q=bir&amp;show=unfinished&amp;sort=year&amp;view=list"' in page


@pytest.mark.parametrize("sort", ["title", "watched", "progress", "added", "year"])
def test_every_show_is_on_one_page_only_in_every_order(
    conn: Connection, browser: Browser, user_id: int, make_show: Callable[..., int], sort: str
) -> None:
    shows = [make_show(user_id, f"Show {n % 7}", seasons={1: 2}, year=2000 + n % 3) for n in range(PAGE + 5)]
    for show in shows[::4]:
        mark(conn, user_id, show, 1, 1)
    address, seen = f"/shows?sort={sort}", []
    for _ in range(3):
        page = browser.get(address).text
        seen += re.findall(r'class="tk-tile" href="/shows/(\d+)"', page)
        more = re.search(r'class="btn" href="([^"]*after=[^"]*)"', page)
        if more is None:
            break
        address = unescape(more[1])
    assert sorted(map(int, seen)) == shows


def test_htmx_gets_the_next_part_of_the_list_alone(
    browser: Browser, user_id: int, make_show: Callable[..., int]
) -> None:
    first = [make_show(user_id, f"Show {n:03}", seasons={}) for n in range(PAGE + 2)][PAGE - 1]
    part = browser.poll(f"/shows?after={first}").text
    assert _titles(part) == [f"Show {PAGE:03}", f"Show {PAGE + 1:03}"]
    assert part.lstrip().startswith("<li>")


def test_what_no_list_has_is_refused(browser: Browser) -> None:
    for wrong in ("show=zzz", "sort=zzz", "view=zzz", "after=x", "after=99999999999999999999"):
        assert browser.get(f"/shows?{wrong}").status_code == 400


def test_a_show_has_its_seasons_and_opens_the_one_that_is_next(
    conn: Connection, browser: Browser, user_id: int, make_show: Callable[..., int]
) -> None:
    show = make_show(user_id, "Harbour Lights", seasons={0: 1, 1: 2, 2: 3}, year=2024, tmdb_id=800100, status="Ended")
    mark(conn, user_id, show, 1, 1, 2)
    page = browser.get(f"/shows/{show}").text
    text = _text(page)
    assert "2 of 5 episodes watched, 3 to go · 0 of 1 special" in text
    assert "Next S02E01 Episode 1" in text
    assert "2024 Ended 2 seasons TMDB" in text
    assert re.findall(r"<details( open)?>\s*<summary.*?<h2[^>]*>([^<]*)", page, re.DOTALL) == [
        ("", "Season 1"),
        (" open", "Season 2"),
        ("", "Specials"),
    ]
    assert 'id="e2-3"' in page
    assert 'id="e1-1"' not in page
    assert 'id="e1-1"' in browser.get(f"/shows/{show}?season=1").text


def test_what_was_left_out_comes_after_what_follows_the_last_watched_episode(
    conn: Connection, browser: Browser, user_id: int, make_show: Callable[..., int]
) -> None:
    show = make_show(user_id, seasons={1: 4})
    mark(conn, user_id, show, 1, 2)
    assert "Next S01E03" in _text(browser.get(f"/shows/{show}").text)
    mark(conn, user_id, show, 1, 3, 4)
    assert "Next S01E01" in _text(browser.get(f"/shows/{show}").text)


def test_an_episode_that_has_not_aired_is_coming_and_not_next(
    browser: Browser, user_id: int, make_show: Callable[..., int]
) -> None:
    episodes = [{"episodeNumber": 1, "airDate": "2999-01-02", "title": "Far Away"}]
    show = make_show(user_id, seasons=[{"seasonNumber": 1, "episodes": episodes}])
    assert "Coming S01E01 Far Away on 2 Jan 2999" in _text(browser.get(f"/shows/{show}").text)


def test_a_season_of_thousands_is_shown_in_parts(browser: Browser, user_id: int, make_show: Callable[..., int]) -> None:
    show = make_show(user_id, "A Soap", seasons={1: 250})
    page = browser.get(f"/shows/{show}?season=1&from=201").text
    assert re.findall(r'id="e1-(\d+)"', page) == [str(n) for n in range(201, 251)]
    assert "201 to 250 of 250" in _text(page)
    assert len(browser.get(f"/shows/{show}?season=1").data) < 100_000


def test_figures_count_rewatches_and_say_how_much_of_each_season(
    conn: Connection, services: Services, browser: Browser, user_id: int, make_show: Callable[..., int]
) -> None:
    show = make_show(user_id, "Severance", seasons={1: 4, 2: 4}, runtime=45)
    mark(conn, user_id, show, 1, 1, 2)
    conn.execute(
        "select mark_watched(%s, %s, 1, 1, null, 'viewing', now() + interval '2 hours', 'manual')", (user_id, show)
    )
    text = _text(browser.get(f"/shows/{show}").text)
    assert "Time 2 h 15 min Viewings 3 1 again" in text
    assert "1 50 % 2 h 15 min 2 0 % 0 min" in text


def test_a_show_links_to_the_mapping_that_it_comes_from(
    services: Services, conn: Connection, browser: Browser, user_id: int
) -> None:
    add_shows(services, user_id)
    receive(services, user_id, parse_event(scrobble("Severance", 1, 1)), patience=30)
    row = conn.execute("select id, tvshow_id from plex_show_mappings").fetchone()
    assert row is not None
    assert f'href="/mappings/{row["id"]}"' in browser.get(f"/shows/{row['tvshow_id']}").text


def test_titles_that_mean_harm_are_shown_as_text(services: Services, browser: Browser, user_id: int) -> None:
    add_shows(services, user_id)
    for address in ("/shows", "/shows?view=list"):
        page = browser.get(address).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page
        assert len(_titles(page)) == 11
    ids = re.findall(r'class="tk-tile" href="/shows/(\d+)"', browser.get("/shows").text)
    pages = [browser.get(f"/shows/{show}").text for show in ids]
    assert all("<script>alert" not in page for page in pages)
    assert sum(any(title[:40] in unescape(page) for title in HOSTILE) for page in pages) == len(HOSTILE)


def test_a_show_of_somebody_else_is_not_there(
    client: FlaskClient, services: Services, browser: Browser, user_id: int, make_show: Callable[..., int]
) -> None:
    other = make_show(accounts.create_user(services, "otto", PASSWORD), "Secret Show")
    assert browser.get(f"/shows/{other}").status_code == 404
    assert browser.get(f"/shows/{2**70}").status_code == 404
    assert "Secret Show" not in browser.get("/shows").text
    assert browser.get(f"/shows?after={other}").status_code == 200


def test_nobody_sees_shows_without_signing_in(client: FlaskClient) -> None:
    for address in ("/shows", "/shows/1"):
        answer = client.get(address)
        assert (answer.status_code, "/sign-in" in answer.location) == (302, True)
