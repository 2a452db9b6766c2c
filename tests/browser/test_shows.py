"""The shows as they look and behave: pictures at a phone's and a desk's size, by day and by night."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect
from psycopg.types.json import Jsonb

from app.services import Services
from tests.browser.conftest import PASSWORD
from tests.browser.looks import every_look
from tests.browser.sample import fill
from tests.browser.watch import PHONE, Window
from tests.conftest import Connection

Open = Callable[..., Window]

# As test_pages.TOO_SMALL.
TOO_SMALL = """[...document.querySelectorAll('a, button, summary, input:not([type=hidden])')]
    .filter(e => e.checkVisibility() && !e.matches('.tk-skip, p a:not(.btn):only-child'))
    .map(e => [e.getBoundingClientRect(), e])
    .filter(([box]) => box.height < 43.5 || box.width < 43.5)
    .map(([box, e]) => `${e.outerHTML.slice(0, 80)} ${box.width}x${box.height}`)"""


def _library(services: Services, conn: Connection, user_id: int) -> None:
    """More shows than fit on a page, some of them watched."""
    fill(services, user_id, pages=False)
    words = ("Harbour", "Copper", "Winter", "Paper", "Night", "Glass", "Salt", "Tall")
    things = ("Lights", "Road", "House", "Boats", "Shift", "Tables", "Letters")
    with services.db.connection() as connection:
        for number in range(50):
            episodes = [
                {"episodeNumber": e, "title": f"Part {e}", "airDate": f"2024-{e:02}-12", "runtime": 45}
                for e in range(1, 11)
            ]
            title = f"{words[number % 8]} {things[number % 7]}"
            show = {
                "title": title,
                "year": 1990 + number % 35,
                "seasons": [{"seasonNumber": s, "episodes": episodes} for s in (1, 2)],
            }
            row = connection.execute("select add_show(%s, %s) as id", (user_id, Jsonb(show))).fetchone()
            assert row is not None
            for episode in range(1, number % 4 * 3 + 1):
                connection.execute(
                    "select set_watched(%s, %s, 1, %s, true, now() - %s * interval '1 day')",
                    (user_id, row["id"], episode, number + 10 - episode),
                )


@every_look
def test_the_grid_the_list_and_a_show(
    open_at: Open, services: Services, conn: Connection, user_id: int, size: tuple[int, int], scheme: str, name: str
) -> None:
    window = open_at(size, scheme)
    page = window.page
    window.sign_in("mira", PASSWORD)
    window.go("/shows")
    window.picture(f"shows-empty-{name}")
    _library(services, conn, user_id)

    window.go("/shows")
    window.picture(f"shows-{name}")
    assert page.evaluate(TOO_SMALL) == []
    page.locator(".tk-grid-more").scroll_into_view_if_needed()
    expect(page.locator(".tk-tile")).to_have_count(61)
    page.click(".tk-shows-look summary")
    window.picture(f"shows-order-{name}")
    page.click(".tk-shows-look a:has-text('Last watched')")
    page.wait_for_url("**/shows?sort=watched")
    page.fill("#q", "harbour")
    expect(page.locator(".tk-tile")).to_have_count(7)
    expect(page).to_have_url(re.compile(r"\?q=harbour&sort=watched$|\?sort=watched&q=harbour$"))
    window.go("/shows?view=list&sort=watched")
    window.picture(f"shows-list-{name}")
    assert page.evaluate(TOO_SMALL) == []

    page.locator(".tk-shelf-row", has_text="Bob's Burgers").click()
    page.wait_for_url(re.compile(r"/shows/\d+"))
    window.picture(f"show-{name}", full=True)
    assert page.evaluate(TOO_SMALL) == []
    page.click("#season-2 summary")
    expect(page.locator("#season-2 .tk-episodes li")).to_have_count(9)
    expect(page).to_have_url(re.compile(r"\?season=2$"))

    # Only the season and what is said of the whole show change; the first season stays open.
    page.click("#e2-3 .tk-tick")
    expect(page.locator("#season-2 .tk-note")).to_be_focused()
    expect(page.locator("#far")).to_contain_text("1 of 44")
    expect(page.locator("#e2-3 .tk-tick")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#season-1 .tk-episodes li")).to_have_count(13)
    page.click("#season-2 .tk-note button")
    expect(page.locator("#season-2 .tk-note")).to_contain_text("Taken back")
    expect(page.locator("#far")).to_contain_text("0 of 44")
    page.click("#season-2 button:has-text('Watched all')")
    expect(page.locator("#far")).to_contain_text("9 of 44")
    window.picture(f"show-marked-{name}", full=True)

    page.click("#e2-3 .tk-episode")
    page.wait_for_url("**/episodes/2/3")
    page.click("summary:has-text('Add another viewing')")
    page.fill("#at", "2024-03-01T20:15")
    page.click(".tk-add-viewing button")
    expect(page.locator("#episode .tk-note")).to_contain_text("The viewing was added.")
    page.click(".tk-play-change summary >> nth=0")
    window.picture(f"episode-{name}", full=True)
    assert page.evaluate(TOO_SMALL) == []
    page.fill(".tk-play-forms input[type=datetime-local] >> nth=0", "2024-04-02T21:00")
    page.click("button:has-text('Keep this date') >> nth=0")
    expect(page.locator(".tk-plays")).to_contain_text("2 Apr 2024, 21:00")
    page.click("#episode .tk-note button")
    expect(page.locator(".tk-plays")).not_to_contain_text("2 Apr 2024, 21:00")
    page.click("button:has-text('Watched all before it')")
    expect(page.locator("#episode .tk-note")).to_contain_text("13 episodes before S02E03")
    if size == PHONE:
        return
    window.go("/shows?q=donau")
    page.click(".tk-tile")
    page.wait_for_url(re.compile(r"/shows/\d+"))
    window.picture(f"show-long-{name}", full=True)


@every_look
def test_a_show_comes_and_goes(open_at: Open, user_id: int, size: tuple[int, int], scheme: str, name: str) -> None:
    window = open_at(size, scheme)
    page = window.page
    window.sign_in("mira", PASSWORD)
    window.go("/shows")
    page.click("a:has-text('Add a show')")
    page.wait_for_url("**/shows/add")
    page.fill("#title", "Home Videos")
    page.fill("#seasons", "2")
    page.fill("#episodes", "4")
    window.picture(f"show-add-{name}", full=True)
    assert page.evaluate(TOO_SMALL) == []
    page.click("button:has-text('Add this show')")
    page.wait_for_url(re.compile(r"/shows/\d+"))
    page.click("summary:has-text('Delete this show')")
    window.picture(f"show-delete-{name}", full=True)
    assert page.evaluate(TOO_SMALL) == []
    page.click("button:has-text('Delete it')")
    page.wait_for_url("**/shows")
    window.picture(f"shows-deleted-note-{name}")
    page.click(".tk-note button")
    expect(page.locator(".tk-note")).to_contain_text("The show is back")
