"""Every page as it looks and behaves: pictures at a phone's and a desk's size, by day and by night."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from app.plex.events import parse_event
from app.security import accounts
from app.services import Services
from app.sync.receive import receive
from tests.browser.conftest import PASSWORD
from tests.browser.looks import every_look
from tests.browser.sample import fill, scrobble
from tests.browser.watch import DESK, Window

Open = Callable[..., Window]

# Things to touch that are lower or narrower than 44 px (WCAG 2.5.5); links within a sentence are exempt.
TOO_SMALL = """[...document.querySelectorAll('a, button, summary, input:not([type=hidden])')]
    .filter(e => e.checkVisibility() && !e.matches('.tk-skip, p a:not(.btn):only-child, .tk-trace p a'))
    .map(e => [e.getBoundingClientRect(), e])
    .filter(([box]) => box.height < 43.5 || box.width < 43.5)
    .map(([box, e]) => `${e.outerHTML.slice(0, 80)} ${box.width}x${box.height}`)"""


@every_look
def test_the_door(open_at: Open, services: Services, size: tuple[int, int], scheme: str, name: str) -> None:
    window = open_at(size, scheme)
    window.go("/")
    window.picture(f"setup-{name}", full=True)
    assert window.page.evaluate(TOO_SMALL) == []

    accounts.create_user(services, "mira", PASSWORD)
    window.go("/sign-in")
    window.picture(f"sign-in-{name}")
    assert window.page.evaluate(TOO_SMALL) == []

    window.allowed.append("401")
    window.page.fill("#username", "mira")
    window.page.fill("#password", "not the password")
    window.page.click("button:has-text('Sign in')")
    expect(window.page.get_by_role("alert")).to_have_text("Username or password is wrong.")
    window.picture(f"sign-in-refused-{name}")


@every_look
def test_the_front_page_before_the_first_event(
    open_at: Open, user_id: int, size: tuple[int, int], scheme: str, name: str
) -> None:
    window = open_at(size, scheme)
    window.sign_in("mira", PASSWORD)

    window.picture(f"home-empty-{name}", full=True)
    assert window.page.evaluate(TOO_SMALL) == []
    window.page.click("summary:has-text('Show')")
    window.picture(f"home-empty-url-{name}", full=True)
    window.go("/activity")
    window.picture(f"activity-empty-{name}")


@every_look
def test_the_pages_with_a_week_of_television(
    open_at: Open, services: Services, user_id: int, size: tuple[int, int], scheme: str, name: str
) -> None:
    fill(services, user_id)
    window = open_at(size, scheme)
    page = window.page
    window.sign_in("mira", PASSWORD)

    expect(page.locator(".tk-event")).to_have_count(20)
    window.picture(f"home-{name}")
    window.picture(f"home-full-{name}", full=True)
    assert page.evaluate(TOO_SMALL) == []
    page.click("summary:has-text('Show')")
    window.picture(f"home-url-{name}")
    page.click(".tk-menu summary")
    window.picture(f"menu-{name}")
    assert page.evaluate(TOO_SMALL) == []

    page.click("a:has-text('See older')")
    page.wait_for_url("**/activity?before=*")
    expect(page.locator("a:has-text('Back to the latest')")).to_be_visible()
    window.picture(f"older-{name}")

    window.go("/activity?status=conflict")
    window.picture(f"conflicts-{name}")
    for title, picture in (("Doctor Who", "several"), ("Severance", "missing")):
        window.go("/activity?status=conflict")
        page.click(f".tk-event a:has-text('{title}')")
        page.wait_for_url("**/activity/*")
        window.picture(f"conflict-{picture}-{name}", full=True)
        assert page.evaluate(TOO_SMALL) == []
    for status in ("success", "pending", "failed", "duplicate"):
        window.go(f"/activity?status={status}")
        page.click(".tk-event a >> nth=0")
        page.wait_for_url("**/activity/*")
        window.picture(f"event-{status}-{name}", full=True)
    for number, picture in enumerate(("script", "arabic", "emoji", "long")):
        window.go("/activity?status=success")
        # The newest first: what came after the hostile ones are five others.
        found = page.locator(".tk-event a").filter(has_text=("<script>", "شاهد", "Rocket", "Donaudampf")[number])
        found.first.click()
        page.wait_for_url("**/activity/*")
        page.click("summary:has-text('What Plex sent')")
        window.picture(f"hostile-{picture}-{name}", full=True)


@every_look
def test_a_page_that_is_not_there(open_at: Open, size: tuple[int, int], scheme: str, name: str) -> None:
    window = open_at(size, scheme)
    window.allowed.append("404")
    window.go("/nothing")
    window.picture(f"not-found-{name}")
    assert window.page.evaluate(TOO_SMALL) == []


@every_look
def test_while_it_starts(open_at: Open, services: Services, size: tuple[int, int], scheme: str, name: str) -> None:
    services.readiness.started = False
    services.db.close()
    window = open_at(size, scheme)
    window.allowed.append("503")
    window.go("/")
    window.picture(f"starting-{name}")


def test_the_chosen_appearance_wins_over_the_systems(open_at: Open, user_id: int) -> None:
    window = open_at(DESK, "light")
    window.sign_in("mira", PASSWORD)
    ground = "getComputedStyle(document.body).backgroundColor"
    light = window.page.evaluate(ground)

    window.page.click(".tk-menu summary")
    window.page.click("button:has-text('Dark')")
    expect(window.page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert window.page.evaluate(ground) != light

    window.page.click(".tk-menu summary")
    window.page.click("button:has-text('System')")
    expect(window.page.locator("html:not([data-bs-theme])")).to_have_count(1)
    assert window.page.evaluate(ground) == light


def test_a_live_update_keeps_what_was_opened_and_the_focus(open_at: Open, services: Services, user_id: int) -> None:
    fill(services, user_id, pages=False)
    window = open_at()
    page = window.page
    window.sign_in("mira", PASSWORD)
    page.click("summary:has-text('Show')")
    row = page.locator(".tk-event a").first
    row.focus()
    address = row.get_attribute("href")

    receive(services, user_id, parse_event(scrobble("Severance", 2, 3)))

    expect(page.locator(".tk-event").first).to_contain_text("S02E03")
    expect(page.locator("#webhook-url")).to_be_visible()
    assert page.evaluate("document.activeElement.getAttribute('href')") == address


def test_nothing_is_asked_for_while_nobody_looks_and_at_once_when_somebody_does(
    open_at: Open, services: Services, user_id: int
) -> None:
    fill(services, user_id, pages=False)
    window = open_at()
    page = window.page
    page.add_init_script("Object.defineProperty(document, 'hidden', {get: () => window.isAway === true})")
    window.sign_in("mira", PASSWORD)
    page.evaluate("window.isAway = true")
    polls: list[str] = []
    page.on("request", lambda request: polls.append(request.url))

    page.wait_for_timeout(6_000)
    assert polls == []

    page.evaluate("window.isAway = false; document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_timeout(1_000)
    assert len(polls) == 1


def test_a_server_that_is_away_is_said_until_it_is_back(open_at: Open, services: Services, user_id: int) -> None:
    window = open_at()
    window.allowed += ["Failed to fetch", "ERR_INTERNET_DISCONNECTED"]
    window.sign_in("mira", PASSWORD)
    note = window.page.locator("text=Tellykeep does not answer")
    expect(note).to_be_hidden()

    window.context.set_offline(True)
    # A poll comes every five seconds.
    expect(note).to_be_visible()
    window.picture("away-desk-light")
    window.context.set_offline(False)
    expect(note).to_be_hidden()


def test_the_webhook_url_is_copied(open_at: Open, user_id: int) -> None:
    window = open_at(permissions=["clipboard-read", "clipboard-write"])
    window.sign_in("mira", PASSWORD)

    window.page.click("button:has-text('Copy')")

    expect(window.page.locator("button:has-text('Copied')")).to_be_visible()
    copied = window.page.evaluate("navigator.clipboard.readText()")
    assert copied == window.page.input_value("#webhook-url")
    expect(window.page.locator("#webhook-url")).to_be_hidden()


def test_without_the_clipboard_api_of_https_it_is_copied_all_the_same(open_at: Open, user_id: int) -> None:
    window = open_at(permissions=["clipboard-read", "clipboard-write"])
    window.page.add_init_script("Object.defineProperty(window, 'isSecureContext', {get: () => false})")
    window.sign_in("mira", PASSWORD)

    window.page.click("button:has-text('Copy')")

    expect(window.page.locator("button:has-text('Copied')")).to_be_visible()
    assert window.page.evaluate("navigator.clipboard.readText()") == window.page.input_value("#webhook-url")


def test_the_keyboard_reaches_the_content_and_closes_the_menu(open_at: Open, user_id: int) -> None:
    window = open_at()
    page = window.page
    window.sign_in("mira", PASSWORD)

    page.keyboard.press("Tab")
    expect(page.locator(".tk-skip")).to_be_focused()
    expect(page.locator(".tk-skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()

    summary = page.locator(".tk-menu summary")
    summary.focus()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.locator("button:has-text('Sign out')")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("button:has-text('Sign out')")).to_be_hidden()
    expect(summary).to_be_focused()
