"""Pages that stand for another one, as they look: at a phone's and a desk's size, by day and by night."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from app.services import Services
from tests.browser.axe import violations
from tests.browser.conftest import PASSWORD
from tests.browser.layout import faults_of_layout
from tests.browser.watch import DESK, PHONE, SMALL, Window

Open = Callable[..., Window]


def _looks(window: Window, name: str) -> list[str]:
    found = []
    for size in (PHONE, DESK):
        window.page.set_viewport_size({"width": size[0], "height": size[1]})
        for scheme in ("light", "dark"):
            window.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            found += violations(window.page)
            window.picture(f"error-{name}-{size[0]}-{scheme}")
    window.page.set_viewport_size({"width": SMALL[0], "height": SMALL[1]})
    return [f"{name}: {fault}" for fault in found + faults_of_layout(window.page)]


def test_what_went_wrong_is_said_in_this_houses_style(
    open_at: Open, services: Services, user_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_at(PHONE)
    page = window.page
    window.allowed += ["404", "403", "405", "413", "429", "500", "503"]
    window.sign_in("mira", PASSWORD)
    heading = page.get_by_role("heading", level=1)
    found = []
    window.go("/shows/999")
    expect(heading).to_have_text("There is nothing here")
    found += _looks(window, "404")
    window.go("/sign-out")
    expect(heading).to_have_text("Not like that")
    found += _looks(window, "405")
    with monkeypatch.context() as broken:
        broken.setattr("app.web.upcoming.render_template", None)
        window.go("/upcoming")
    expect(heading).to_have_text("Something went wrong here")
    found += _looks(window, "500")
    window.go("/shows/add")
    page.evaluate("document.querySelector('#title').removeAttribute('maxlength')")
    page.evaluate("document.querySelector('#title').value = 'x'.repeat(6_000_000)")
    page.click("button:has-text('Add this show')")
    expect(heading).to_have_text("That is too large")
    found += _looks(window, "413")

    # Somebody signs out in another tab; the form of this one is of a session that is over.
    window.go("/settings/sync")
    other = window.context.new_page()
    window.context.clear_cookies()
    other.goto(window.base + "/sign-in")
    other.fill("#username", "mira")
    other.fill("#password", PASSWORD)
    other.click("button:has-text('Sign in')")
    other.wait_for_url(window.base + "/")
    page.locator("main form[method='post'] button:not([hx-post])").last.click()
    expect(heading).to_have_text("That page is out of date")
    found += _looks(window, "stale")
    page.click("text=Back to where you were")
    page.wait_for_url("**/settings/sync")

    window.go("/nothing")
    services.db.close()
    window.go("/shows")
    expect(heading).to_have_text("The database does not answer")
    found += _looks(window, "database-away")
    services.readiness.started = False
    window.go("/sign-in")
    expect(heading).to_have_text("Tellykeep is starting")
    found += _looks(window, "starting")
    window.go("/unreachable")
    expect(heading).to_have_text("Tellykeep cannot be reached")
    found += _looks(window, "offline")
    assert found == [], "\n".join(found)


def test_too_many_tries_are_said_in_this_houses_style(open_at: Open) -> None:
    window = open_at(PHONE)
    window.allowed += ["400", "403", "429"]
    window.go("/setup")
    for _ in range(11):
        form = window.page.locator("main form")
        if form.count():
            with window.page.expect_navigation():
                window.page.evaluate("document.querySelector('main form').submit()")
    expect(window.page.get_by_role("heading", level=1)).to_have_text("Too many tries")
    assert _looks(window, "429") == []
