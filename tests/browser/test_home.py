"""The front page with a year behind it: how it looks, and that a question and an episode are dealt with in place."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from app.services import Services
from tests.browser.conftest import PASSWORD
from tests.browser.looks import every_look
from tests.browser.test_pages import TOO_SMALL
from tests.browser.watch import PHONE, Window
from tests.watched_year import fill_year

Open = Callable[..., Window]


@every_look
def test_the_front_page_with_a_year_behind_it(
    open_at: Open, services: Services, user_id: int, size: tuple[int, int], scheme: str, name: str
) -> None:
    fill_year(services, user_id)
    window = open_at(size, scheme)
    window.sign_in("mira", PASSWORD)
    for days in (90, 7):
        window.go(f"/?days={days}")
        window.picture(f"home-{days}-{name}", full=True)
    window.axe()
    assert window.page.evaluate(TOO_SMALL) == []


def test_a_question_and_an_episode_are_dealt_with_in_place(open_at: Open, services: Services, user_id: int) -> None:
    fill_year(services, user_id)
    window = open_at(PHONE)
    page = window.page
    window.sign_in("mira", PASSWORD)

    page.click("button:has-text('It is')")
    expect(page.locator(".tk-ask", has_text="You chose")).to_contain_text("Marked watched: S02E01")
    expect(page.locator("#nav-conflicts")).to_contain_text("3")
    page.click(".tk-ask button:has-text('Undo')")
    expect(page.locator("button:has-text('It is')")).to_be_visible()

    page.click("button[aria-label='Mark Severance S02E03 watched']")
    expect(page.locator("#told")).to_contain_text("S02E03 is marked watched.")
    expect(page.locator("button[aria-label='Mark Severance S02E04 watched']")).to_be_visible()
    # Beyond the next poll the note is still there.
    page.wait_for_timeout(6000)
    page.click("#told button:has-text('Undo')")
    expect(page.locator("button[aria-label='Mark Severance S02E03 watched']")).to_be_visible()
