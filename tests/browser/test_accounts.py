"""Account and security in a real browser: pictures, and the second step from beginning to end."""

from __future__ import annotations

import time
from collections.abc import Callable

import pyotp
from playwright.sync_api import expect

from app.security import sessions
from app.services import Services
from tests.browser.conftest import PASSWORD
from tests.browser.looks import every_look
from tests.browser.test_pages import TOO_SMALL
from tests.browser.watch import PHONE, Window
from tests.conftest import Connection
from tests.fakes.oidc import CLIENT_ID, fake_provider

Open = Callable[..., Window]

AGENTS = (
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Mobile Safari/604.1", "192.168.1.23"),
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "2001:db8:85a3:8d3:1319:8a2e:370:7348",
    ),
    ("A\u202ebrowser <script>alert(1)</script> 📺 " + "x" * 200, "203.0.113.9"),
)


def _enter(window: Window, name: str, value: str, button: str) -> None:
    window.page.fill(f"#{name}", value)
    window.page.click(f"button:has-text('{button}')")


@every_look
def test_the_second_step_from_beginning_to_end(
    open_at: Open,
    services: Services,
    conn: Connection,
    user_id: int,
    size: tuple[int, int],
    scheme: str,
    name: str,
) -> None:
    for agent, address in AGENTS:
        sessions.start(services, user_id, user_agent=agent, address=address)
    window = open_at(size, scheme)
    page = window.page
    window.sign_in("mira", PASSWORD)
    window.go("/settings/account")
    window.picture(f"account-{name}", full=True)
    window.go("/settings/security")
    window.picture(f"security-{name}", full=True)
    assert page.evaluate(TOO_SMALL) == []

    conn.execute("update sessions set confirmed_at = now() - interval '1 hour'")
    page.click("button:has-text('Set it up')")
    expect(page.get_by_role("heading", name="Is it you?")).to_be_visible()
    window.picture(f"confirm-{name}")
    _enter(window, "current_password", PASSWORD, "Go on")
    page.click("button:has-text('Set it up')")
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    window.picture(f"second-step-setup-{name}", full=True)
    assert page.evaluate(TOO_SMALL) == []
    app = pyotp.TOTP(page.locator(".tk-secret").inner_text().replace(" ", ""))
    used = app.now()
    _enter(window, "code", used, "Switch it on")
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    window.picture(f"recovery-codes-{name}", full=True)
    page.click("text=I have kept them")
    expect(page.locator("text=10 of 10 recovery codes are left.")).to_be_visible()
    page.click("summary:has-text('Switch it off')")
    window.picture(f"security-on-{name}", full=True)
    assert page.evaluate(TOO_SMALL) == []

    page.click(".tk-menu summary")
    page.click(".tk-menu-panel button:has-text('Sign out')")
    page.wait_for_url(window.base + "/sign-in")
    page.fill("#username", "mira")
    _enter(window, "password", PASSWORD, "Sign in")
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    window.picture(f"second-step-{name}")
    window.allowed.append("401")
    _enter(window, "code", used, "Go on")  # each opens once
    expect(page.get_by_role("alert")).to_be_visible()
    window.picture(f"second-step-refused-{name}")
    _enter(window, "code", app.at(time.time() + 30), "Go on")
    page.wait_for_url(window.base + "/")


@every_look
def test_single_sign_on(
    open_at: Open, services: Services, user_id: int, size: tuple[int, int], scheme: str, name: str
) -> None:
    with fake_provider() as provider:
        services.settings.oidc_issuer = provider.url
        services.settings.oidc_client_id = CLIENT_ID
        services.settings.oidc_name = "Home ID"
        window = open_at(size, scheme)
        page = window.page
        window.go("/sign-in")
        window.picture(f"sign-in-sso-{name}")
        assert page.evaluate(TOO_SMALL) == []
        window.sign_in("mira", PASSWORD)
        window.go("/settings/security")
        page.locator("#sso-name").scroll_into_view_if_needed()
        window.picture(f"security-sso-{name}", full=True)
        # The provider's own page is another host's; that the way leads there, past the policy of forms, is what counts.
        window.allowed.append("foreign request")
        page.click("button:has-text('Link it')")
        page.wait_for_url(f"{provider.url}/authorize?**")


def test_it_works_without_javascript(open_at: Open, user_id: int) -> None:
    window = open_at(PHONE, java_script_enabled=False)
    page = window.page
    window.go("/sign-in")
    page.fill("#username", "mira")
    _enter(window, "password", PASSWORD, "Sign in")
    window.go("/settings/security")
    page.click("button:has-text('Set it up')")
    app = pyotp.TOTP(page.locator(".tk-secret").inner_text().replace(" ", ""))
    _enter(window, "code", app.now(), "Switch it on")
    expect(page.locator(".tk-codes li")).to_have_count(10)


def test_recovery_codes_are_copied(open_at: Open, user_id: int) -> None:
    window = open_at(permissions=["clipboard-read", "clipboard-write"])
    page = window.page
    window.sign_in("mira", PASSWORD)
    window.go("/settings/security")
    page.click("button:has-text('Set it up')")
    app = pyotp.TOTP(page.locator(".tk-secret").inner_text().replace(" ", ""))
    _enter(window, "code", app.now(), "Switch it on")

    page.click("button:has-text('Copy')")

    expect(page.locator("button:has-text('Copied')")).to_be_visible()
    shown = page.locator(".tk-codes code").all_inner_texts()
    assert page.evaluate("navigator.clipboard.readText()").split() == shown


def test_who_has_to_wait_is_told_so(open_at: Open, services: Services, conn: Connection, user_id: int) -> None:
    window = open_at(PHONE)
    window.allowed += ["401", "429"]
    window.go("/sign-in")
    for attempt in range(6):
        window.page.fill("#username", "mira")
        _enter(window, "password", f"guess {attempt}", "Sign in")
        window.page.wait_for_load_state()
        if attempt == 4:
            conn.execute(
                "update sign_in_tries set not_before = now() + interval '1 minute' where not_before > failed_at"
            )
    expect(window.page.get_by_role("alert")).to_contain_text("Too many tries: wait 60 seconds, then try again.")
    window.picture("sign-in-delayed-phone-light")
