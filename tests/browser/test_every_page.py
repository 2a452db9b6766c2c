"""Every page there is, from the table of routes: read by axe-core, touched with a finger, held at three widths, day and night.

A new page is in these tests as soon as it exists.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app import create_app
from app.services import Services
from tests.browser.axe import violations
from tests.browser.conftest import PASSWORD
from tests.browser.sample import fill
from tests.browser.watch import DESK, PHONE, SMALL, Window
from tests.conftest import Connection
from tests.security.possessions import give_everything
from tests.security.routes import routes_of

Open = Callable[..., Window]

LOOKS = [(PHONE, "light"), (PHONE, "dark"), (DESK, "light"), (DESK, "dark")]

# A link in the middle of a sentence is as large as its words; a box counts with its label.
TOO_SMALL = """[...document.querySelectorAll('a, button, summary, select, label:has(> input[type=checkbox]), label:has(> input[type=radio]), input:not([type=hidden], [type=checkbox], [type=radio], [type=file])')]
    .filter(e => e.checkVisibility() && !e.matches('.tk-skip, p a:not(.btn), li p a, .visually-hidden, dd p a, li code ~ a, svg a'))
    .map(e => [e.getBoundingClientRect(), e])
    .filter(([box]) => box.height < 43.5 || box.width < 43.5)
    .map(([box, e]) => `${e.outerHTML.slice(0, 100)} ${box.width}x${box.height}`)"""  # noqa: E501


def pages_of(services: Services, window: Window, values: dict[str, int | str]) -> list[str]:
    """The addresses that answer an account with a page."""
    found = []
    for route in routes_of(create_app(services)):
        if route.method != "GET" or "api" in route.access or route.rule.endpoint == "static":
            continue
        path = route.path(**values)
        answer = window.context.request.get(window.base + path, headers={"Accept": "text/html"}, max_redirects=0)
        if answer.status == 200 and "text/html" in answer.headers["content-type"] and "<main" in answer.text():
            found.append(path)
    return found


def faults_of(window: Window, path: str) -> list[str]:
    """What is wrong with a page at the size that the window has, and then on a small phone."""
    window.go(path)
    window.page.wait_for_load_state()
    for summary in window.page.locator("main summary").all():
        if summary.is_visible():
            summary.click()
    found = violations(window.page)
    size = window.page.viewport_size
    assert size is not None
    if window.scrolls_sideways():
        found.append(f"scrolls sideways at {size['width']}")
    found += [f"small at {size['width']}: {small}" for small in window.page.evaluate(TOO_SMALL)]
    if size["width"] < 600:
        window.page.set_viewport_size({"width": SMALL[0], "height": SMALL[1]})
        if window.scrolls_sideways():
            found.append(f"scrolls sideways at {SMALL[0]}")
        window.page.set_viewport_size({"width": size["width"], "height": size["height"]})
    return [f"{path}: {fault}" for fault in found]


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_every_page_of_a_full_house(
    open_at: Open, services: Services, conn: Connection, user_id: int, size: tuple[int, int], scheme: str
) -> None:
    values = give_everything(services, conn, user_id)
    fill(services, user_id)
    window = open_at(size, scheme)
    window.sign_in("mira", PASSWORD)
    pages = pages_of(services, window, values)
    assert len(pages) > 25
    found = []
    for path in pages:
        found += faults_of(window, path)
        window.picture(f"every{path.replace('/', '-')}-{size[0]}-{scheme}", full=True)
    assert found == [], "\n".join(found)


@pytest.mark.parametrize(("size", "scheme"), [LOOKS[0], LOOKS[3]])
def test_every_page_of_an_empty_house(
    open_at: Open, services: Services, user_id: int, size: tuple[int, int], scheme: str
) -> None:
    window = open_at(size, scheme)
    window.sign_in("mira", PASSWORD)
    pages = pages_of(services, window, {"user_id": user_id})
    assert len(pages) > 15
    found = []
    for path in pages:
        found += faults_of(window, path)
        window.picture(f"empty{path.replace('/', '-')}-{size[0]}-{scheme}", full=True)
    assert found == [], "\n".join(found)
