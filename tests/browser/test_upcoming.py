"""What airs next and the search as they look and behave, at a phone's and a desk's size, by day and by night."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from app.services import Services
from tests.browser.conftest import PASSWORD
from tests.browser.looks import every_look
from tests.browser.sample import HOSTILE, fill
from tests.browser.test_pages import TOO_SMALL
from tests.browser.watch import DESK, PHONE, Window
from tests.conftest import Connection
from tests.fakes.tmdb import FakeTmdb

Open = Callable[..., Window]


def _air(make_show: Callable[..., int], user_id: int, title: str, *days: int) -> int:
    today = datetime.now(ZoneInfo("Europe/Berlin")).date()
    episodes = [
        {"episodeNumber": number, "title": "The Tide Turns", "airDate": (today + timedelta(days=day)).isoformat()}
        for number, day in enumerate(days, 1)
    ]
    return make_show(user_id, title, seasons=[{"seasonNumber": 1, "episodes": episodes}])


@every_look
def test_what_airs_next(
    open_at: Open, user_id: int, make_show: Callable[..., int], size: tuple[int, int], scheme: str, name: str
) -> None:
    window = open_at(size, scheme)
    window.sign_in("mira", PASSWORD)
    window.go("/upcoming")
    window.picture(f"upcoming-empty-{name}", full=True)
    _air(make_show, user_id, "Harbour Lights", -1, 0, 1, 4, 8, 400)
    _air(make_show, user_id, "Nightjar", *[1] * 8)
    for title in HOSTILE:
        _air(make_show, user_id, title, 2)

    window.go("/upcoming")

    window.picture(f"upcoming-{name}", full=True)
    assert window.page.evaluate(TOO_SMALL) == []
    window.axe()
    window.page.click("button:has-text('Make an address')")
    expect(window.page.locator("#calendar-url")).to_have_value(
        f"{window.base}/calendar/" + window.page.input_value("#calendar-url").split("/")[-1]
    )
    window.picture(f"upcoming-address-{name}", full=True)
    window.axe()


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "light"), (DESK, "dark")])
def test_a_slash_leads_to_the_search_which_finds_as_somebody_types(
    open_at: Open, services: Services, user_id: int, size: tuple[int, int], scheme: str
) -> None:
    fill(services, user_id, pages=False)
    window = open_at(size, scheme)
    page = window.page
    window.sign_in("mira", PASSWORD)
    page.keyboard.press("/")
    if size == DESK:
        expect(page.locator("[data-search-everywhere]")).to_be_focused()
        page.keyboard.press("Enter")
    page.wait_for_url("**/search*")
    expect(page.locator("#q")).to_be_focused()

    page.keyboard.type("sever")

    expect(page.locator("#everything").get_by_text("Severance").first).to_be_visible()
    page.wait_for_url("**/search?q=sever")
    window.picture(f"search-{'phone' if size == PHONE else 'desk'}-{scheme}", full=True)
    assert page.evaluate(TOO_SMALL) == []
    window.axe()


def test_a_poster_that_cannot_be_fetched_is_a_tile_and_no_fault(
    open_at: Open, user_id: int, make_show: Callable[..., int], conn: Connection, fake_tmdb: FakeTmdb
) -> None:
    show = _air(make_show, user_id, "Harbour Lights", 0)
    conn.execute("update tvshows set poster_path = '/gone.jpg' where id = %s", (show,))
    conn.commit()
    window = open_at()
    window.sign_in("mira", PASSWORD)

    window.go("/upcoming")

    expect(window.page.locator(".tk-airing img").first).to_have_js_property("complete", True)
    assert window.page.evaluate("document.querySelector('.tk-airing img').naturalWidth") > 0
