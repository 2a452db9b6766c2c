"""Every page there is, from the table of routes: read by axe-core, touched with a finger, held at three widths, day and night.

A new route is in these tests as soon as it exists: it answers with a page, or is written down here with what it is instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from flask import Flask
from playwright.sync_api import expect
from pyotp import TOTP

from app import create_app
from app.security import accounts
from app.services import Services
from app.web.connect_parts import NAMES as WELCOME_STEPS
from tests.browser.axe import violations
from tests.browser.conftest import PASSWORD
from tests.browser.layout import faults_of_layout
from tests.browser.sample import fill
from tests.browser.watch import DESK, PHONE, SMALL, Window
from tests.conftest import Connection
from tests.integration.browser import Browser
from tests.security.possessions import Possessions, give_everything
from tests.security.routes import Route, routes_of

Open = Callable[..., Window]

# What answers somebody who has signed in with something else than a page of its own.
NO_PAGE = {
    "api_openapi.document": "JSON",
    "calendar.feed": "a calendar",
    "connect_events.first_event": "a part of the last step of the welcome",
    "health.alive": "for monitors",
    "health.ready": "for monitors",
    "installed.manifest": "JSON",
    "installed.worker": "a script",
    "metrics.figures": "for Prometheus",
    "oidc.callback": "goes on",
    "oidc.go": "goes on to the provider",
    "posters.of_show": "a picture",
    "posters.of_tmdb": "a picture",
    "settings_backup.download": "a file",
    "static": "files",
    "welcome.start": "goes on to the first step that is not done",
}
# Pages for who has not signed in, or in the middle of something: test_the_way_in goes there.
AT_THE_DOOR = {"door.setup", "door.sign_in", "second_step.show", "settings_second_step.show"}
# Words in addresses, where they are none of an id's.
PLACES = {"welcome.step": [{"name": name} for name in WELCOME_STEPS]}


def pages_of(routes: Iterable[Route], values: Possessions) -> list[str]:
    """The addresses that should answer an account with a page; without those of things that it has none of."""
    return [
        route.path(**values, **place)
        for route in routes
        if route.method == "GET"
        and "api" not in route.access
        and route.rule.endpoint not in NO_PAGE.keys() | AT_THE_DOOR
        and set(route.ids) <= set(values)
        for place in PLACES.get(route.rule.endpoint, [{}])
    ]


def faults_of(window: Window, path: str, name: str, looks: Iterable[tuple[tuple[int, int], str]]) -> list[str]:
    """What is wrong with a page in each look: it is loaded once, then the window becomes another one."""
    answer = window.page.goto(window.base + path)
    assert answer is not None
    if answer.status != 200 or not window.page.locator("main").count():
        return [f"{path}: is no page ({answer.status}); say in NO_PAGE what it is"]
    window.page.evaluate(
        "[...document.querySelectorAll('main summary')].forEach(e => e.checkVisibility() && e.click())"
    )
    expect(window.page.locator(".htmx-request")).to_have_count(0)
    found, widths = [], set()
    for size, scheme in looks:
        window.page.set_viewport_size({"width": size[0], "height": size[1]})
        window.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        is_new = size[0] not in widths
        # Night changes colours and nothing else.
        found += violations(window.page, () if is_new else ("color-contrast",))
        if is_new:
            found += faults_of_layout(window.page)
        widths.add(size[0])
        window.picture(f"{name}{path.replace('/', '-')}-{size[0]}-{scheme}", full=True)
    if min(widths) < 600:
        window.page.set_viewport_size({"width": SMALL[0], "height": SMALL[1]})
        found += faults_of_layout(window.page)
    return [f"{path}: {fault}" for fault in found]


def test_what_is_no_page_is_none(services: Services, conn: Connection, user_id: int) -> None:
    """Else a page could hide among them."""
    values = give_everything(services, conn, user_id)
    app: Flask = create_app(services)
    mira = Browser(app)
    mira.sign_in("mira", PASSWORD)
    endpoints = {route.rule.endpoint for route in routes_of(app)}
    assert (NO_PAGE.keys() | AT_THE_DOOR | PLACES.keys()) - endpoints == set()
    for route in routes_of(app):
        if route.method == "GET" and route.rule.endpoint in NO_PAGE.keys() | AT_THE_DOOR:
            answer = mira.get(route.path(**values))
            assert answer.status_code != 200 or b"<main" not in answer.data, route


def test_every_page_of_a_full_house(open_at: Open, services: Services, conn: Connection, user_id: int) -> None:
    values = give_everything(services, conn, user_id)
    fill(services, user_id)
    window = open_at(PHONE)
    window.sign_in("mira", PASSWORD)
    looks = [(PHONE, "light"), (PHONE, "dark"), (DESK, "dark"), (DESK, "light")]
    found = []
    for path in pages_of(routes_of(create_app(services)), values):
        found += faults_of(window, path, "every", looks)
    assert found == [], "\n".join(found)


def test_every_page_of_an_empty_house(open_at: Open, services: Services, user_id: int) -> None:
    window = open_at(PHONE)
    window.sign_in("mira", PASSWORD)
    found = []
    for path in pages_of(routes_of(create_app(services)), {"user_id": user_id}):
        found += faults_of(window, path, "empty", [(PHONE, "light"), (DESK, "dark")])
    assert found == [], "\n".join(found)


@pytest.mark.parametrize("size", [PHONE, DESK])
def test_the_way_in(open_at: Open, services: Services, conn: Connection, size: tuple[int, int]) -> None:
    window = open_at(size)
    page = window.page
    looks = [(size, "light"), (size, "dark")]
    found = faults_of(window, "/setup", "door", looks)
    accounts.create_user(services, "mira", PASSWORD)
    found += faults_of(window, "/sign-in", "door", looks)
    window.sign_in("mira", PASSWORD)
    window.go("/settings/security")
    page.click("button:has-text('Set it up')")
    page.wait_for_url("**/second-step")
    found += faults_of(window, "/settings/security/second-step", "door", looks)
    secret = page.locator(".tk-secret").inner_text().replace(" ", "")
    page.fill("#code", TOTP(secret).now())
    page.click("button:has-text('Switch it on')")
    page.get_by_role("heading", name="Recovery codes").wait_for()
    window.context.clear_cookies()
    window.go("/sign-in")
    page.fill("#username", "mira")
    page.fill("#password", PASSWORD)
    page.click("button:has-text('Sign in')")
    page.wait_for_url("**/sign-in/code")
    found += faults_of(window, "/sign-in/code", "door", looks)
    assert found == [], "\n".join(found)
