"""axe-core finds no serious or critical violation on any page, by day on a phone and by night at a desk."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from app.security import accounts
from app.services import Services
from tests.browser.axe import violations
from tests.browser.conftest import PASSWORD
from tests.browser.sample import fill
from tests.browser.watch import DESK, PHONE, Window

Open = Callable[..., Window]

both_looks = pytest.mark.parametrize(("size", "scheme"), [(PHONE, "light"), (DESK, "dark")])

PAGES = (
    "/",
    "/conflicts",
    "/mappings",
    "/mappings?q=nothing+of+this+name",
    "/activity",
    "/activity?status=conflict",
    "/history",
)
# The first row of a list, which leads to a page of its own.
ROWS = (
    ("/conflicts", ".tk-conflict h2 a"),
    ("/mappings", ".tk-mappings a"),
    *((f"/activity?status={status}", ".tk-event a") for status in ("success", "conflict", "pending", "failed")),
)


def test_a_page_that_shuts_people_out_is_found(open_at: Open) -> None:
    window = open_at()
    window.allowed.append("404")
    window.go("/nothing")
    window.page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<a href=\"/\"></a>')")

    assert any("link-name" in violation for violation in violations(window.page))


@both_looks
def test_the_door(open_at: Open, services: Services, size: tuple[int, int], scheme: str) -> None:
    window = open_at(size, scheme)
    window.allowed += ["401", "404"]
    window.go("/setup")
    window.axe()
    accounts.create_user(services, "mira", PASSWORD)
    window.go("/sign-in")
    window.axe()
    window.page.fill("#username", "mira")
    window.page.fill("#password", "not the password")
    window.page.click("button:has-text('Sign in')")
    window.page.get_by_role("alert").wait_for()
    window.axe()
    window.go("/nothing")
    window.axe()


@both_looks
def test_while_it_starts(open_at: Open, services: Services, size: tuple[int, int], scheme: str) -> None:
    services.readiness.started = False
    services.db.close()
    window = open_at(size, scheme)
    window.allowed.append("503")
    window.go("/")
    window.axe()


@both_looks
def test_before_the_first_event(open_at: Open, user_id: int, size: tuple[int, int], scheme: str) -> None:
    window = open_at(size, scheme)
    window.sign_in("mira", PASSWORD)
    window.axe()
    for page in PAGES:
        window.go(page)
        window.axe()


@both_looks
def test_the_pages_with_a_week_of_television(
    open_at: Open, services: Services, user_id: int, size: tuple[int, int], scheme: str
) -> None:
    fill(services, user_id)
    window = open_at(size, scheme)
    window.sign_in("mira", PASSWORD)
    window.page.click(".tk-menu summary")
    window.axe()
    for page in PAGES:
        window.go(page)
        window.axe()
    for page, row in ROWS:
        window.go(page)
        window.page.locator(row).first.click()
        window.page.wait_for_url(re.compile(r"/\d+$"))
        for summary in window.page.locator("main summary").all():
            summary.click()
        window.axe()
