"""Settings → Users in a real browser: pictures, and an account from its beginning to its end without JavaScript."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from app.security import accounts, sessions
from app.services import Services
from tests.browser.conftest import PASSWORD
from tests.browser.looks import every_look
from tests.browser.sample import fill
from tests.browser.test_pages import TOO_SMALL
from tests.browser.watch import PHONE, Window
from tests.conftest import Connection

Open = Callable[..., Window]

HOSTILE = "<img src=x onerror=alert(1)>شاهد🚀" + "W" * 27


@every_look
def test_who_there_is_and_what_can_be_done(
    open_at: Open, services: Services, conn: Connection, user_id: int, size: tuple[int, int], scheme: str, name: str
) -> None:
    otto = accounts.create_user(services, "otto", PASSWORD, is_admin=True)
    fill(services, otto)
    accounts.create_user(services, HOSTILE, PASSWORD)
    conn.execute("insert into user_totp (user_id, secret, confirmed_at) values (%s, '00:00:00', now())", (otto,))
    conn.execute("update users set has_password = false where username = %s", (HOSTILE,))
    sessions.start(services, otto, user_agent="Firefox", address="192.0.2.7")
    window = open_at(size, scheme)
    page = window.page

    def look(what: str) -> None:
        window.axe()
        window.picture(f"settings-{what}-{name}", full=True)
        # A checkbox is as large as the sentence that it stands in.
        assert [small for small in page.evaluate(TOO_SMALL) if "checkbox" not in small] == []

    window.sign_in("mira", PASSWORD)
    window.go("/settings/users")
    look("users")
    page.get_by_role("link", name="Add somebody").click()
    look("users-new")
    window.go("/settings/users")
    page.get_by_role("link", name="mira").click()
    expect(page.get_by_text("This is you")).to_be_visible()
    look("user-own")
    window.go("/settings/users")
    page.get_by_role("link", name=HOSTILE).click()
    expect(page.get_by_text("This account has none")).to_be_visible()
    look("user-hostile")
    window.go("/settings/users")
    conn.execute("update sessions set confirmed_at = now() - interval '601 seconds'")
    page.get_by_role("link", name="otto").click()
    page.click("summary:has-text('Delete the account')")
    expect(page.get_by_text("asks for your own password first")).to_be_visible()
    look("user")


def test_an_account_from_its_beginning_to_its_end_without_javascript(open_at: Open, user_id: int) -> None:
    window = open_at(PHONE, java_script_enabled=False)
    page = window.page
    told = page.locator(".tk-note[role=status]")
    window.sign_in("mira", PASSWORD)
    window.go("/settings/users")
    expect(page.get_by_role("heading", name="1 account")).to_be_visible()
    page.get_by_role("link", name="Add somebody").click()
    page.fill("#username", "otto")
    page.fill("#password", "another good password")
    page.fill("#password_again", "another good password")
    page.get_by_role("button", name="Make the account").click()
    expect(told).to_contain_text("otto can sign in now.")

    page.get_by_role("link", name="otto").click()
    page.get_by_role("button", name="Make them an administrator").click()
    expect(told).to_contain_text("otto is an administrator.")
    page.get_by_role("button", name="Take that from them").click()
    expect(told).to_contain_text("otto is no administrator any more.")
    page.fill("#password", "yet another password")
    page.fill("#password_again", "yet another password")
    page.get_by_role("button", name="Set the password").click()
    expect(told).to_contain_text("otto has another password now.")

    page.click("summary:has-text('Delete the account')")
    page.fill("#typed_name", "otto")
    page.get_by_role("button", name="Delete this account").click()
    expect(told).to_contain_text("otto is deleted")
    expect(page.get_by_role("heading", name="1 account")).to_be_visible()
