"""The mappings as they look and behave: pictures at a phone's and a desk's size, by day and by night."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect
from pydantic import SecretStr

from app.services import Services
from tests.browser.conftest import PASSWORD
from tests.browser.looks import every_look
from tests.browser.sample import fill
from tests.browser.watch import PHONE, Window
from tests.conftest import Connection
from tests.fakes.tmdb import KEY, FakeTmdb

Open = Callable[..., Window]

# As test_pages.TOO_SMALL, where a check box counts with its label.
TOO_SMALL = """[...document.querySelectorAll(
        'a, button, summary, select, label.tk-check, label.tk-pick, input:not([type=hidden], [type=checkbox])')]
    .filter(e => e.checkVisibility() && !e.matches('.tk-skip, p a:not(.btn):only-child'))
    .map(e => [e.getBoundingClientRect(), e])
    .filter(([box]) => box.height < 43.5 || box.width < 43.5)
    .map(([box, e]) => `${e.outerHTML.slice(0, 80)} ${box.width}x${box.height}`)"""


def _open_mapping(window: Window, title: str) -> None:
    window.go("/mappings")
    window.page.locator(".tk-mappings a", has_text=title).first.click()
    window.page.wait_for_url(re.compile(r"/mappings/\d+"))
    window.page.wait_for_load_state()


@every_look
def test_the_mappings(
    open_at: Open, services: Services, conn: Connection, user_id: int, size: tuple[int, int], scheme: str, name: str
) -> None:
    window = open_at(size, scheme)
    page = window.page
    window.sign_in("mira", PASSWORD)
    window.go("/mappings")
    window.picture(f"mappings-empty-{name}")
    fill(services, user_id, pages=False)
    conn.execute("update plex_show_mappings set sync_enabled = false where plex_title = 'Severance'")
    conn.execute("update plex_show_mappings set manually_confirmed = true where plex_title like 'The Great%'")

    window.go("/mappings")
    window.picture(f"mappings-{name}", full=True)
    assert page.evaluate(TOO_SMALL) == []
    page.fill("#q", "slow")
    expect(page.locator(".tk-mappings li")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"\?q=slow\b"))
    page.fill("#q", "")
    page.select_option("#confidence", "0.90")
    expect(page).to_have_url(re.compile(r"confidence=0.90"))
    expect(page.locator(".tk-mappings li", has_text="Confidence 0.80")).not_to_have_count(0)
    window.picture(f"mappings-unsure-{name}")
    for pick in page.locator(".tk-pick").all()[:2]:
        pick.click()
    expect(page.locator("#several")).to_be_in_viewport()
    window.picture(f"mappings-chosen-{name}")
    window.axe()
    assert page.evaluate(TOO_SMALL) == []

    _open_mapping(window, "Slow Horses")
    window.picture(f"mapping-{name}", full=True)
    assert page.evaluate(TOO_SMALL) == []
    page.fill("#q", "doctor")
    expect(page.locator("#found .tk-choice")).to_have_count(2)
    page.click("summary:has-text('Add a rule')")
    for field, value in (("plex_season", "1"), ("from_episode", "4"), ("season", "2"), ("first", "1")):
        page.fill(f"#{field}", value)
    page.click("button:has-text('Preview')")
    expect(page.locator(".tk-preview")).to_contain_text("would move")
    window.picture(f"mapping-preview-{name}", full=True)
    assert page.evaluate(TOO_SMALL) == []
    for kind in ("Counted through", "By season", "Double episode", "By date", "DVD and other orders"):
        page.get_by_role("link", name=kind).click()
        expect(page.get_by_role("link", name=kind)).to_have_attribute("aria-current", "true")
        window.picture(f"mapping-{kind.split()[0].lower()}-{name}", full=True)
        window.axe()
        assert page.evaluate(TOO_SMALL) == []
    page.get_by_role("link", name="Shifted").click()
    for field, value in (("plex_season", "1"), ("from_episode", "4"), ("season", "2"), ("first", "1")):
        page.fill(f"#{field}", value)
    page.click("button:has-text('Preview')")
    page.click("button:has-text('Keep this rule')")
    expect(page.locator(".tk-rules")).to_contain_text("S01E04 and later are S02E01 and later")
    window.picture(f"mapping-rule-{name}", full=True)
    assert page.evaluate(TOO_SMALL) == []


def test_another_show_is_given_and_what_was_moved_is_told(
    open_at: Open, services: Services, conn: Connection, user_id: int
) -> None:
    fill(services, user_id, pages=False)
    window = open_at(PHONE)
    page = window.page
    window.sign_in("mira", PASSWORD)
    _open_mapping(window, "Slow Horses")

    page.fill("#q", "doctor")
    page.get_by_role("button", name="It is this Doctor Who (2005)").click()

    expect(page.get_by_role("status").first).to_contain_text("moved")
    expect(page.locator(".tk-stands")).to_contain_text("Doctor Who")
    expect(page.locator(".tk-note")).to_be_focused()
    window.picture("mapping-moved-phone")


def test_a_rule_is_looked_at_kept_and_removed_without_javascript(
    open_at: Open, services: Services, conn: Connection, user_id: int
) -> None:
    fill(services, user_id, pages=False)
    window = open_at(PHONE, java_script_enabled=False)
    page = window.page
    window.sign_in("mira", PASSWORD)
    _open_mapping(window, "Slow Horses")

    page.click("summary:has-text('Add a rule')")
    for field, value in (("plex_season", "1"), ("from_episode", "4"), ("season", "2")):
        page.fill(f"#{field}", value)
    page.click("button:has-text('Preview')")
    expect(page.locator(".tk-preview")).to_contain_text("would move")
    page.click("button:has-text('Keep this rule')")
    expect(page.get_by_role("status").first).to_contain_text("The rule is kept.")
    page.click("button:has-text('Remove')")
    expect(page.get_by_role("status").first).to_contain_text("The rule is gone.")
    expect(page.locator(".tk-rules")).to_have_count(0)


def test_several_are_confirmed_without_javascript(
    open_at: Open, services: Services, conn: Connection, user_id: int
) -> None:
    fill(services, user_id, pages=False)
    window = open_at(PHONE, java_script_enabled=False)
    page = window.page
    window.sign_in("mira", PASSWORD)
    window.go("/mappings")
    page.click("text=Not confirmed")
    expect(page.locator("#several")).to_be_hidden()

    page.click("text=Choose all of these")
    page.locator(".tk-pick").first.click()
    page.click("button:has-text('They are right')")

    expect(page.get_by_role("status").first).to_contain_text("8 mappings were confirmed.")
    expect(page.locator(".tk-mappings li")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"\?show=unconfirmed$"))
    window.picture("mappings-confirmed-no-javascript")

    page.click("button:has-text('Undo')")
    expect(page.get_by_role("status").first).to_contain_text("8 mappings are as they were before.")
    expect(page.locator(".tk-mappings li")).to_have_count(9)
    expect(page).to_have_url(re.compile(r"\?show=unconfirmed$"))


def test_a_show_of_tmdb_is_found_as_one_types_and_added(
    open_at: Open, services: Services, conn: Connection, user_id: int, fake_tmdb: FakeTmdb
) -> None:
    services.settings = services.settings.model_copy(update={"tmdb_api_key": SecretStr(KEY)})
    fake_tmdb.add_show(4321, "Slow Houses", seasons={1: 12}, first_air_date="2019-11-29")
    fill(services, user_id, pages=False)
    # The key of the sample is one that TMDB refuses.
    conn.execute("update settings set tmdb_api_key = null")
    window = open_at(PHONE)
    page = window.page
    window.sign_in("mira", PASSWORD)
    _open_mapping(window, "Slow Horses")

    page.fill("#q", "slow houses")
    expect(page.locator("#found")).to_contain_text("Slow Houses 2019")
    page.click("#found button:has-text('Add this')")

    expect(page.get_by_role("status").first).to_contain_text("It stands for another show now.")
    expect(page.locator(".tk-stands")).to_contain_text("Slow Houses 2019")
    window.axe()
    page.locator(".tk-note").get_by_role("button", name="Undo").click()
    expect(page.locator(".tk-stands")).to_contain_text("Slow Horses 2022")


def test_a_double_file_is_told_without_javascript(
    open_at: Open, services: Services, conn: Connection, user_id: int
) -> None:
    fill(services, user_id, pages=False)
    window = open_at(PHONE, java_script_enabled=False)
    page = window.page
    window.sign_in("mira", PASSWORD)
    _open_mapping(window, "Severance")

    page.click("summary:has-text('Add a rule')")
    page.get_by_role("link", name="Double episode").click()
    for field, value in (("plex_season", "2"), ("first_episode", "2"), ("last_episode", "3")):
        page.fill(f"#{field}", value)
    page.click("button:has-text('Preview')")
    expect(page.locator(".tk-preview")).to_contain_text("S02E02 and S02E03")
    expect(page.locator("#first_episode")).to_have_value("2")
    page.click("button:has-text('Keep this rule')")

    expect(page.locator(".tk-rules")).to_contain_text("The file of S02E02 holds S02E02 to S02E03")
    page.click(".tk-note button:has-text('Undo')")
    expect(page.locator(".tk-rules")).to_have_count(0)
