"""The settings in a real browser: every section on a phone and at a desk, light and dark."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PASSWORD
from tests.browser.watch import DESK, PHONE, SMALL, Window

Open = Callable[..., Window]

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
    for section in ("appearance",):
        window.go(f"/settings/{section}")
        window.picture(f"settings-{section}-{name}", full=True)


def test_the_smallest_phone(open_at: Open, user_id: int) -> None:
    window = open_at(SMALL)
    window.sign_in("mira", PASSWORD)
    for section in ("", "/appearance"):
        window.go(f"/settings{section}")
        assert not window.scrolls_sideways()
