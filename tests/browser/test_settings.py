"""The settings in a real browser: every section on a phone and at a desk, light and dark."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from app.services import Services
from tests.browser.conftest import PASSWORD
from tests.browser.sample import fill
from tests.browser.test_pages import TOO_SMALL
from tests.browser.watch import DESK, PHONE, SMALL, Window

Open = Callable[..., Window]
SECTIONS = ("appearance", "sync", "webhook", "tokens", "transfer", "users", "backup", "doctor")

every_look = pytest.mark.parametrize(
    ("size", "scheme", "name"),
    [
        (PHONE, "light", "phone-light"),
        (PHONE, "dark", "phone-dark"),
        (DESK, "light", "desk-light"),
        (DESK, "dark", "desk-dark"),
    ],
)


@every_look
def test_the_settings(open_at: Open, user_id: int, size: tuple[int, int], scheme: str, name: str) -> None:
    window = open_at(size, scheme)
    page = window.page
    window.sign_in("mira", PASSWORD)
    page.click(".tk-menu summary")
    page.click(".tk-menu-panel a:has-text('Settings')")
    expect(page.get_by_role("heading", name="Settings", exact=True)).to_be_visible()
    window.picture(f"settings-{name}", full=True)
    for section in SECTIONS:
        window.go(f"/settings/{section}")
        window.picture(f"settings-{section}-{name}", full=True)


def test_nothing_sticks_out_on_the_smallest_phone(open_at: Open, user_id: int) -> None:
    window = open_at(SMALL)
    window.sign_in("mira", PASSWORD)
    for section in ("", *(f"/{name}" for name in SECTIONS)):
        window.go(f"/settings{section}")
        assert not window.scrolls_sideways()
        # A checkbox is as large as the sentence that it stands in.
        assert [small for small in window.page.evaluate(TOO_SMALL) if "checkbox" not in small] == []


@every_look
def test_the_doctor_shows_what_it_found(
    open_at: Open, user_id: int, size: tuple[int, int], scheme: str, name: str
) -> None:
    window = open_at(size, scheme)
    window.sign_in("mira", PASSWORD)
    window.go("/settings/doctor")
    window.page.get_by_role("button", name="Look now").click()
    expect(window.page.locator("#findings")).to_contain_text("Database: In order")
    expect(window.page.locator("#findings")).to_contain_text("There is no key: new shows are not looked up.")
    window.axe()
    window.picture(f"settings-doctor-found-{name}", full=True)


def test_an_export_is_downloaded_and_brought_in(
    open_at: Open, services: Services, user_id: int, tmp_path: Path
) -> None:
    fill(services, user_id, pages=False)
    window = open_at(PHONE)
    page = window.page
    window.sign_in("mira", PASSWORD)
    window.go("/settings/transfer")
    with page.expect_download() as begun:
        page.click("button:has-text('Download as JSON')")
    path = tmp_path / begun.value.suggested_filename
    begun.value.save_as(path)
    window.go("/settings/transfer")
    page.set_input_files("#file", path)
    page.click("button:has-text('Import')")
    expect(page.locator("#import")).to_contain_text("All that was in the file is in your tracker")
    window.picture("settings-imported-phone-light", full=True)

    document = json.loads(path.read_text())
    document["shows"][0]["said"] = [{"season": 1}]
    path.write_text(json.dumps(document))
    page.set_input_files("#file", path)
    page.click("button:has-text('Import')")
    expect(page.locator("#import")).to_contain_text("Imported, but not all of it")
    window.picture("settings-import-refused-phone-light", full=True)


def test_a_token_is_made_copied_and_revoked(open_at: Open, user_id: int) -> None:
    window = open_at(PHONE)
    page = window.page
    window.sign_in("mira", PASSWORD)
    window.go("/settings/tokens")
    page.fill("#name", "Dashboard in the hall")
    page.click("button:has-text('Make a token')")
    expect(page.locator("#new-token")).to_be_visible()
    page.click("button:has-text('Copy')")
    expect(page.get_by_text("Copied")).to_be_visible()
    window.picture("settings-token-made-phone-light", full=True)
    page.click("button:has-text('Revoke')")
    expect(page.locator(".tk-note")).to_contain_text("opens nothing any more")


def test_a_test_of_the_webhook_says_that_it_arrived(
    open_at: Open, services: Services, server: str, user_id: int
) -> None:
    services.settings.bind = server.removeprefix("http://")
    window = open_at(PHONE)
    page = window.page
    window.sign_in("mira", PASSWORD)
    window.go("/settings/webhook")
    page.click("button:has-text('Send a test')")
    expect(page.locator("#trial")).to_contain_text("It arrived")
    window.picture("settings-webhook-tested-phone-light", full=True)
    services.settings.public_url = "http://127.0.0.1:9"
    page.click("button:has-text('Send a test')")
    expect(page.locator("#trial")).to_contain_text("It did not arrive")
    window.picture("settings-webhook-not-reached-phone-light", full=True)
