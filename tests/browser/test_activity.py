"""The log as it looks and behaves: narrowed, read on, paused; pictures at a phone's and a desk's size, by day and by night."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from app.plex.events import parse_event
from app.services import Services
from app.sync.receive import receive
from tests.browser.conftest import PASSWORD
from tests.browser.looks import every_look
from tests.browser.sample import HOSTILE, fill, scrobble
from tests.browser.test_pages import TOO_SMALL
from tests.browser.watch import DESK, PHONE, Window
from tests.conftest import Connection

Open = Callable[..., Window]


@every_look
def test_the_log(
    open_at: Open, services: Services, user_id: int, size: tuple[int, int], scheme: str, name: str
) -> None:
    fill(services, user_id)
    receive(
        services, user_id, parse_event(scrobble("Severance", 2, 3, user=False, Account={"id": 9, "title": HOSTILE[0]}))
    )
    window = open_at(size, scheme)
    page = window.page
    window.sign_in("mira", PASSWORD)
    window.go("/activity")
    window.picture(f"log-{name}")
    page.click("summary:has-text('Search and filter')")
    window.picture(f"log-filters-{name}")
    assert page.evaluate(TOO_SMALL) == []

    page.fill("#q", "slow horses")
    page.select_option("#source", "webhook")
    page.click(".tk-narrow-form button:has-text('Show')")
    expect(page).to_have_url(re.compile(r"q=slow\+horses"))
    expect(page.locator(".tk-chips li")).to_have_count(3)
    expect(page.locator(".tk-event")).to_have_count(7)
    window.picture(f"log-narrowed-{name}")
    assert page.evaluate(TOO_SMALL) == []


def test_reading_on_brings_what_is_older_and_a_live_update_leaves_it_there(
    open_at: Open, services: Services, user_id: int
) -> None:
    fill(services, user_id)
    window = open_at(PHONE)
    page = window.page
    window.sign_in("mira", PASSWORD)
    window.go("/activity")
    expect(page.locator(".tk-event")).to_have_count(50)

    page.locator(".tk-more-by-itself").scroll_into_view_if_needed()
    expect(page.locator(".tk-more-by-itself")).to_have_count(0)
    count = page.locator(".tk-event").count()
    assert count > 55
    assert len(set(page.eval_on_selector_all(".tk-event", "rows => rows.map(row => row.id)"))) == count

    receive(services, user_id, parse_event(scrobble("Severance", 2, 3)))
    expect(page.locator(".tk-event")).to_have_count(count + 1)
    expect(page.locator(".tk-event").first).to_contain_text("S02E03")


def test_it_is_paused_counts_what_comes_and_goes_on(
    open_at: Open, services: Services, conn: Connection, user_id: int
) -> None:
    fill(services, user_id, pages=False)
    window = open_at(DESK, "dark")
    page = window.page
    window.sign_in("mira", PASSWORD)
    window.go("/activity?account=mira")
    page.click("#pause")
    expect(page.locator("#live [role=status]")).to_have_text("Paused. Nothing new")
    expect(page).to_have_url(re.compile(r"/activity\?account=mira&paused=\d+$"))
    before = page.locator(".tk-event").count()

    receive(services, user_id, parse_event(scrobble("Severance", 2, 3)))
    expect(page.locator("#live [role=status]")).to_have_text("Paused. 1 new")
    expect(page.locator(".tk-event")).to_have_count(before)
    window.picture("log-paused-desk-dark")
    page.reload()
    expect(page.locator("#live [role=status]")).to_have_text("Paused. 1 new")

    page.click("#pause")
    expect(page.locator(".tk-event")).to_have_count(before + 1)
    expect(page).to_have_url(re.compile(r"/activity\?account=mira$"))


def test_it_is_paused_narrowed_and_read_on_without_javascript(open_at: Open, services: Services, user_id: int) -> None:
    fill(services, user_id)
    window = open_at(PHONE, java_script_enabled=False)
    page = window.page
    window.sign_in("mira", PASSWORD)
    window.go("/activity")
    page.click("#pause")
    expect(page.locator("#live [role=status]")).to_have_text("Paused. Nothing new")
    page.click("text=See older")
    expect(page.locator("text=Back to the latest")).to_be_visible()
    page.click("summary:has-text('Search and filter')")
    page.select_option("#event", "media.play")
    page.click(".tk-narrow-form button:has-text('Show')")
    expect(page.locator(".tk-event")).to_have_count(40)


def test_without_javascript_nothing_claims_to_update_itself(open_at: Open, services: Services, user_id: int) -> None:
    fill(services, user_id)
    window = open_at(PHONE, java_script_enabled=False)
    page = window.page
    window.sign_in("mira", PASSWORD)
    window.go("/activity?status=success")

    expect(page.locator("text=Updates by itself")).to_be_hidden()
    expect(page.locator("noscript a:has-text('See what came since')")).to_be_visible()
    window.picture("log-no-javascript-phone")
    page.click("summary:has-text('Search and filter')")
    page.fill("#q", "slow")
    page.click("button:has-text('Show')")
    expect(page.locator(".tk-chips")).to_contain_text("slow")
    page.locator(".tk-event a").first.click()
    page.locator(".tk-fact-show").click()
    expect(page.locator("h1")).to_contain_text("Slow Horses")
