"""Titles that mean harm, or are only long, on every page about one thing: nothing runs, sticks out or lies over another."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect
from psycopg.types.json import Jsonb

from app.plex.events import parse_event
from app.services import Services
from app.sync.receive import receive
from tests.browser.conftest import PASSWORD
from tests.browser.layout import faults_of_layout
from tests.browser.sample import HOSTILE, scrobble
from tests.browser.watch import DESK, SMALL, Window
from tests.conftest import Connection

Open = Callable[..., Window]

TITLES = {
    "script": HOSTILE[0],
    "arabic-and-emoji": f"{HOSTILE[1]} {HOSTILE[2]}",
    "one-word": HOSTILE[3][:300],
    "long-words": "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch, and who will be " * 3 + "there",
}


def _add(conn: Connection, user_id: int, title: str, year: int) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
    episodes = [
        {"episodeNumber": number, "title": f"{title} {number}", "airDate": f"{year}-03-0{number}", "runtime": 45}
        for number in range(1, 6)
    ]
    episodes.append({"episodeNumber": 6, "title": title, "airDate": tomorrow, "runtime": 45})
    show = {"title": title, "year": year, "status": title, "seasons": [{"seasonNumber": 1, "episodes": episodes}]}
    conn.execute("select add_show(%s, %s)", (user_id, Jsonb(show)))


def _take(services: Services, user_id: int, title: str, episode: int, **more: Any) -> None:
    """An event whose every name is the title."""
    message = scrobble(
        title,
        1,
        episode,
        Account={"id": 1, "title": title},
        Server={"title": title, "uuid": "5f0c7d1e2b3a495867a1b2c3d4e5f60718293a4b"},
        Player={"local": True, "title": title, "uuid": "player-1"},
        **{"librarySectionTitle": title} | more,
    )
    message["Metadata"]["title"] = title
    receive(services, user_id, parse_event(message), patience=30)


class Walk:
    """Goes from page to page, and notes what is wrong with each on a small phone and at a desk."""

    def __init__(self, window: Window, name: str) -> None:
        self.window, self.page, self.name = window, window.page, name
        self.faults: list[str] = []
        self.seen: list[str] = []

    def look(self, at: str) -> None:
        """At the page as it stands, with everything on it opened."""
        self.seen.append(at)
        self.page.evaluate(
            "[...document.querySelectorAll('main details:not([data-menu], [open]) > summary')].forEach(e => e.click())"
        )
        expect(self.page.locator(".htmx-request")).to_have_count(0)
        for size in (DESK, SMALL):
            self.page.set_viewport_size({"width": size[0], "height": size[1]})
            self.faults += [f"{at}: {fault}" for fault in faults_of_layout(self.page)]
        self.window.picture(f"hostile-{self.name}-{at}", full=True)
        assert self.page.locator("img[src='x'], main script").count() == 0, at

    def go(self, path: str, at: str) -> None:
        """Opens a page and looks at it."""
        self.window.go(path)
        self.look(at)

    def press(self, button: str, address: str | None = None) -> None:
        """Presses the first visible button with these words, and waits for its answer."""
        self.page.locator(f"main button:has-text('{button}'):visible").first.click()
        if address is not None:
            self.page.wait_for_url(re.compile(address))
        expect(self.page.locator(".htmx-request")).to_have_count(0)


@pytest.mark.parametrize("name", TITLES)
def test_every_page_about_one_thing(
    open_at: Open, services: Services, conn: Connection, user_id: int, name: str
) -> None:
    title = TITLES[name]
    # Two of one name are a question; what is like them, too.
    _add(conn, user_id, title, 2001)
    _add(conn, user_id, title, 2011)
    for episode in (1, 2):
        _take(services, user_id, title, episode, year=2012)
    for other in ("again", "once more"):
        _take(services, user_id, f"{title} {other}", 1, grandparentGuid=f"local://{other}", guid=f"local://1{other}")
    questions = [row["id"] for row in conn.execute("select id from plex_conflicts order by id")]
    assert len(questions) == 3
    window = open_at(SMALL)
    walk = Walk(window, name)
    page = window.page
    window.sign_in("mira", PASSWORD)

    walk.look("home")
    walk.go("/conflicts", "conflicts")
    for pick in page.locator(".tk-pick").all()[1:]:
        pick.click()
    page.click("#several summary")
    page.click("#several button[value='create_new']")
    page.wait_for_url(re.compile(r"/several/\d+"))
    walk.look("several")
    walk.press("Undo", r"/several/\d+")
    walk.look("several-undone")

    walk.go(f"/conflicts/{questions[0]}?q={title[:20]}", "conflict")
    walk.press("It is this")
    walk.look("answered")
    mapping = conn.execute("select min(id) as id from plex_show_mappings where tvshow_id is not null").fetchone()
    assert mapping is not None
    walk.go("/mappings", "mappings")
    window.go(f"/mappings/{mapping['id']}")
    page.click("summary:has-text('Add a rule')")
    for field, value in (("plex_season", "1"), ("from_episode", "1"), ("season", "1"), ("first", "3")):
        page.fill(f"#{field}", value)
    walk.press("Preview")
    expect(page.locator(".tk-preview")).to_be_visible()
    walk.look("mapping-preview")
    walk.press("Keep this rule")
    walk.look("mapping-rule")

    log = conn.execute("select min(id) as id, min(tvshow_id) as show from plex_webhook_logs where tvshow_id > 0")
    row = log.fetchone()
    assert row is not None
    walk.go("/activity", "activity")
    walk.go(f"/activity/{row['id']}", "event")
    window.go(f"/shows/{row['show']}")
    page.locator(".tk-tick").first.click()
    expect(page.locator(".tk-note")).to_be_focused()
    walk.look("show-marked")
    walk.go(f"/shows/{row['show']}/episodes/1/3", "episode")
    walk.press("Watched all before it")
    walk.look("episode-marked")
    for path, at in (("/shows", "shows"), ("/shows?view=list", "shows-list"), ("/upcoming", "upcoming")):
        walk.go(path, at)
    for path, at in (("/figures", "figures"), (f"/search?q={title[:20]}", "search"), ("/settings/plex", "plex")):
        walk.go(path, at)
    window.go(f"/shows/{row['show']}")
    page.click("summary:has-text('Delete this show')")
    walk.press("Delete it", r"/shows$")
    walk.look("deleted-note")
    walk.go("/shows/deleted", "deleted")
    walk.go(f"/mappings/{mapping['id']}", "mapping-untracked")
    assert walk.faults == [], "\n".join(walk.faults)
