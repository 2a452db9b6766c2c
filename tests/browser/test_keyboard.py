"""Without a mouse, and while something is waited for: where the focus is and goes, and what a slow answer looks like."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from app.services import Services
from tests.browser.conftest import PASSWORD
from tests.browser.sample import fill
from tests.browser.watch import DESK, PHONE, Window
from tests.conftest import Connection

Open = Callable[..., Window]

# Whether what has the focus can be told from what has not.
_RING = """() => {
  const style = getComputedStyle(document.activeElement);
  const box = document.activeElement.getBoundingClientRect();
  return style.outlineStyle === 'solid' && parseFloat(style.outlineWidth) >= 2 && box.width > 0 && box.bottom > 0
    && box.top < innerHeight;
}"""


@pytest.fixture
def window(open_at: Open, services: Services, user_id: int) -> Window:
    fill(services, user_id, pages=False)
    window = open_at(DESK)
    window.sign_in("mira", PASSWORD)
    return window


def _show(conn: Connection, title: str) -> int:
    row = conn.execute("select min(id) as id from tvshows where title = %s", (title,)).fetchone()
    assert row is not None
    found: int = row["id"]
    return found


def test_the_skip_link_is_first_and_every_stop_can_be_seen(window: Window) -> None:
    page = window.page
    for path in ("/", "/shows", "/conflicts", "/mappings", "/activity", "/settings"):
        window.go(path)
        page.keyboard.press("Tab")
        expect(page.locator(".tk-skip")).to_be_focused()
        expect(page.locator(".tk-skip")).to_be_in_viewport()
        in_content = []
        for _ in range(30):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement === document.body"):
                break
            assert page.evaluate(_RING), page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
            in_content.append(page.evaluate("document.activeElement.closest('main') !== null"))
        # The sections, then what they lead to: never back again.
        assert in_content == sorted(in_content)
        assert any(in_content), path

    window.go("/shows")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_the_slash_goes_to_the_search_of_the_page_or_of_everything(window: Window) -> None:
    page = window.page
    everywhere = "[data-search-everywhere]"
    for path, field in (("/", everywhere), ("/shows", "#q"), ("/mappings", "#q"), ("/figures", everywhere)):
        window.go(path)
        page.keyboard.press("/")

        expect(page.locator(field)).to_be_focused()
        expect(page.locator(field)).to_have_value("")
        page.keyboard.type("a/b")
        expect(page.locator(field)).to_have_value("a/b")


def test_the_slash_on_a_phone_opens_the_page_with_the_search(open_at: Open, user_id: int) -> None:
    window = open_at(PHONE)
    window.sign_in("mira", PASSWORD)

    window.page.keyboard.press("/")

    window.page.wait_for_url("**/search")
    expect(window.page.locator("main input[type=search]")).to_be_visible()


def test_a_menu_opens_and_closes_by_key_and_gives_the_focus_back(window: Window) -> None:
    page = window.page
    for path, menu in (("/", ".tk-bar .tk-menu"), ("/shows", ".tk-shows-look .tk-menu")):
        window.go(path)
        summary = page.locator(f"{menu} > summary")
        summary.focus()

        page.keyboard.press("Enter")
        expect(page.locator(f"{menu} .tk-menu-panel")).to_be_visible()
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('.tk-menu-panel') !== null")
        page.keyboard.press("Escape")

        expect(page.locator(f"{menu} .tk-menu-panel")).to_be_hidden()
        expect(summary).to_be_focused()


def test_the_focus_goes_to_what_was_done_and_on_from_there(window: Window, conn: Connection) -> None:
    page = window.page
    window.go(f"/shows/{_show(conn, 'Severance')}?season=1")
    tick = page.locator("#e1-3 .tk-tick")
    tick.focus()

    page.keyboard.press("Enter")

    expect(page.locator("#season-1 .tk-note")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#season-1 .tk-note button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#season-1 .tk-note")).to_contain_text("Taken back")
    expect(page.locator("#season-1 .tk-note")).to_be_focused()


def test_a_search_that_is_typed_keeps_the_focus_and_the_caret(window: Window) -> None:
    page = window.page
    window.go("/shows")
    page.focus("#q")

    page.keyboard.type("doctor", delay=30)

    expect(page.locator(".tk-tile")).to_have_count(2)
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type(" who")
    expect(page.locator("#q")).to_have_value("doctor who")


def test_a_relative_time_tells_the_exact_one_to_who_points_at_it_and_who_hears_it(window: Window) -> None:
    page = window.page
    for path in ("/", "/activity", "/conflicts", "/mappings"):
        window.go(path)
        times = page.locator("main time").all()
        for time in times:
            if re.search(r"ago|now|yesterday|\d [A-Z][a-z]{2}$", time.inner_text()):
                assert re.match(r"\w{3} \d+ \w{3} \d{4}, \d\d:\d\d:\d\d \w+", time.get_attribute("title") or "")
                assert time.get_attribute("datetime")
    window.go("/activity")
    described = _described(page, ".tk-event-time time, time.tk-event-time")
    assert re.match(r"\w{3} \d+ \w{3} \d{4}, \d\d:\d\d:\d\d", described)


def _described(page: Page, selector: str) -> str:
    """What a screen reader is given about an element beside its words."""
    session = page.context.new_cdp_session(page)
    found = session.send("Runtime.evaluate", {"expression": f"document.querySelector({selector!r})"})
    tree = session.send("Accessibility.getPartialAXTree", {"objectId": found["result"]["objectId"]})
    node = tree["nodes"][0]
    return str(node.get("description", node.get("name", {})).get("value", ""))


class _Held:
    """Answers that are kept back until they are let go."""

    def __init__(self, page: Page, address: str) -> None:
        self.routes: list[Route] = []
        page.route(re.compile(address), lambda route: self.routes.append(route))

    @property
    def asked(self) -> list[str]:
        return [route.request.method for route in self.routes]

    def let_go(self) -> None:
        for route in self.routes:
            route.continue_()


def test_a_slow_answer_is_waited_for_in_sight_and_asked_for_once(window: Window, conn: Connection) -> None:
    page = window.page
    window.go(f"/shows/{_show(conn, 'Severance')}?season=1")
    held = _Held(page, r"/mark$")
    form = page.locator("#season-1 .tk-episodes-form")
    tick = page.locator("#e1-4 .tk-tick")

    tick.click()

    expect(form).to_have_attribute("aria-busy", "true")
    expect(tick).to_be_disabled()
    bar = "parseFloat(new DOMMatrix(getComputedStyle(document.body, '::before').transform).a)"
    assert page.evaluate("getComputedStyle(document.body, '::before').position") == "fixed"
    page.wait_for_timeout(1_000)
    assert page.evaluate(bar) > 0.05
    window.picture("waiting-desk-light")
    tick.click(force=True)
    page.keyboard.press("Enter")
    assert held.asked == ["POST"]

    held.let_go()

    expect(page.locator("#season-1 .tk-note")).to_be_focused()
    expect(page.locator("[aria-busy]")).to_have_count(0)
    assert page.evaluate("getComputedStyle(document.body, '::before').position") != "fixed"


def test_a_form_without_htmx_is_sent_once(window: Window) -> None:
    page = window.page
    window.go("/shows/add")
    page.fill("#title", "Home Videos")
    held = _Held(page, r"/shows/add$")

    page.evaluate("for (let i = 0; i < 3; i++) document.querySelector('#title').form.requestSubmit()")

    page.wait_for_timeout(500)
    assert held.asked == ["POST"]


def test_what_the_server_refuses_is_said_on_the_page(window: Window, conn: Connection) -> None:
    page = window.page
    window.allowed.append("403")
    window.go(f"/shows/{_show(conn, 'Severance')}?season=1")
    note = page.locator("#refused")
    expect(note).to_be_hidden()
    page.evaluate("document.body.setAttribute('hx-headers:inherited', '{}')")
    page.evaluate("document.querySelectorAll('input[name=csrf_token]').forEach(e => { e.value = 'old'; })")

    page.locator("#e1-5 .tk-tick").click()

    expect(note).to_be_visible()
    expect(note).to_have_attribute("role", "alert")
    window.picture("refused-desk-light")
    page.click("#refused a")
    expect(note).to_be_hidden()
    page.locator("#e1-5 .tk-tick").click()
    expect(page.locator("#season-1 .tk-note")).to_contain_text("S01E05")
