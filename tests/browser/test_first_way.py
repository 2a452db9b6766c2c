"""From the setup code to the first episode that appears by itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import expect

from app.security.accounts import ensure_setup_code
from app.services import Services
from tests.browser.conftest import PASSWORD
from tests.browser.sample import add_shows, scrobble
from tests.browser.watch import DESK, PHONE, Window
from tests.conftest import Connection

Open = Callable[..., Window]


def _send(url: str, message: dict[str, object]) -> None:
    """As Plex does: the JSON in a part of a multipart body."""
    body = (
        '--plex\r\nContent-Disposition: form-data; name="payload"\r\nContent-Type: application/json\r\n\r\n'
        f"{json.dumps(message)}\r\n--plex--\r\n"
    ).encode()
    request = Request(url, data=body, headers={"Content-Type": "multipart/form-data; boundary=plex"})
    with urlopen(request, timeout=10) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(("size", "name"), [(PHONE, "phone"), (DESK, "desk")])
def test_from_the_setup_code_to_an_episode_that_appears_by_itself(
    open_at: Open, services: Services, conn: Connection, size: tuple[int, int], name: str
) -> None:
    code = ensure_setup_code(services)
    assert code is not None
    window = open_at(size)
    page = window.page

    window.go("/")
    page.click("text=Where do I find it?")
    expect(page.locator("text=docker compose logs")).to_be_visible()
    page.fill("#code", code.lower())
    page.fill("#username", "mira")
    page.fill("#password", PASSWORD)
    page.fill("#password_again", PASSWORD)
    page.click("button:has-text('Make the account')")

    page.wait_for_url(window.base + "/welcome/plex")
    page.click("text=Finish later")
    page.wait_for_url(window.base + "/")
    expect(page.locator("text=Waiting for the first event")).to_be_visible()
    assert conn.execute("select timezone from users").fetchone() == {"timezone": "Europe/Berlin"}
    expect(page.locator("#webhook-url")).to_be_hidden()
    page.click("summary:has-text('Show')")
    url = page.input_value("#webhook-url")
    assert url.startswith(window.base + "/api/plex/webhook?secret=")

    user = conn.execute("select id from users").fetchone()
    assert user is not None
    add_shows(services, user["id"])
    _send(url, scrobble("Slow Horses", 2, 3))

    expect(page.locator(".tk-event", has_text="Slow Horses")).to_contain_text("S02E03")
    expect(page.locator("text=Connected")).to_be_visible()
    window.picture(f"first-event-{name}")

    page.click(".tk-event a")
    expect(page.locator("h2:has-text('What happened')")).to_be_visible()
    page.click("nav a:has-text('Home')")
    page.click(".tk-menu summary")
    page.click("button:has-text('Sign out')")
    page.wait_for_url(window.base + "/sign-in")
    window.sign_in("mira", PASSWORD)
    expect(page.locator(".tk-event", has_text="Slow Horses")).to_be_visible()


def test_everything_but_the_live_update_works_without_javascript(
    open_at: Open, services: Services, conn: Connection
) -> None:
    code = ensure_setup_code(services)
    assert code is not None
    window = open_at(PHONE, java_script_enabled=False)
    page = window.page

    window.go("/")
    for field, value in (("code", code), ("username", "mira"), ("password", PASSWORD), ("password_again", PASSWORD)):
        page.fill(f"#{field}", value)
    page.click("button:has-text('Make the account')")
    page.wait_for_url(window.base + "/welcome/plex")
    page.click("text=Finish later")
    page.wait_for_url(window.base + "/")
    page.click("summary:has-text('Show')")
    expect(page.locator("#webhook-url")).to_be_visible()
    expect(page.locator("button:has-text('Copy')")).to_be_hidden()

    page.click(".tk-menu summary")
    page.click("button:has-text('Dark')")
    page.wait_for_load_state()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.click("nav a:has-text('Activity')")
    page.click("a:has-text('Failed')")
    expect(page.locator("text=No event is like that.")).to_be_visible()
    page.click(".tk-menu summary")
    page.click("button:has-text('Sign out')")
    page.wait_for_url(window.base + "/sign-in")
