"""As an app of its own: what makes it one, and what it shows where the appliance cannot be reached."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from werkzeug.serving import make_server

from app import create_app
from app.services import Services
from app.web import installed
from tests.browser.conftest import PASSWORD
from tests.browser.sample import add_shows
from tests.browser.watch import DESK, PHONE, Window

Open = Callable[..., Window]

AWAY = ["ERR_INTERNET_DISCONNECTED", "Failed to fetch", "ERR_FAILED"]
KEPT = """(async () => {
    const found = [];
    for (const name of await caches.keys())
        for (const request of await (await caches.open(name)).keys()) found.push([name, request.url]);
    return found;
})()"""


def wait_for_worker(window: Window) -> None:
    """Until the worker answers for the page."""
    window.page.evaluate("navigator.serviceWorker.ready")
    deadline = time.monotonic() + 20
    # Not wait_for_function, which the Content-Security-Policy forbids whenever the first look is too early.
    while not window.page.evaluate("navigator.serviceWorker.controller !== null"):
        assert time.monotonic() < deadline, "no worker answers for the page"
        window.page.wait_for_timeout(50)


def wait_until_gone(window: Window, cache: str) -> None:
    """Until a newer worker has let the files of an older one go."""
    deadline = time.monotonic() + 20
    while window.page.evaluate("name => caches.has(name)", cache):
        assert time.monotonic() < deadline, f"{cache} is still there"
        window.page.wait_for_timeout(100)


def kept(window: Window) -> list[tuple[str, str]]:
    """Name of the cache and path, for everything that is kept on the device."""
    return [(name, url.removeprefix(window.base)) for name, url in window.page.evaluate(KEPT)]


def test_chromium_finds_nothing_that_keeps_it_from_being_installed(open_at: Open, user_id: int) -> None:
    window = open_at(PHONE)
    window.sign_in("mira", PASSWORD)
    wait_for_worker(window)
    devtools = window.context.new_cdp_session(window.page)

    # That an ordinary window is meant, which Chromium does not take Playwright's for, is all it may say.
    errors = [one["errorId"] for one in devtools.send("Page.getInstallabilityErrors")["installabilityErrors"]]
    assert [error for error in errors if error != "in-incognito"] == []
    manifest = devtools.send("Page.getAppManifest")
    assert manifest["url"].endswith("/manifest.webmanifest")
    assert manifest["errors"] == []


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "light"), (DESK, "dark")])
def test_away_from_home_it_says_so_in_its_own_look_and_goes_on_by_itself(
    open_at: Open, services: Services, user_id: int, size: tuple[int, int], scheme: str
) -> None:
    add_shows(services, user_id)
    window = open_at(size, scheme)
    window.allowed += AWAY
    window.sign_in("mira", PASSWORD)
    wait_for_worker(window)
    ground = window.page.evaluate("getComputedStyle(document.body).backgroundColor")

    window.context.set_offline(True)
    window.go("/shows?sort=title")
    expect(window.page.get_by_role("heading", name="Tellykeep cannot be reached")).to_be_visible()
    assert window.page.evaluate("getComputedStyle(document.body).backgroundColor") == ground
    assert window.page.evaluate("document.querySelector('.tk-door-logo').naturalWidth") > 0
    window.axe()
    window.picture(f"unreachable-{'phone' if size == PHONE else 'desk'}-{scheme}")
    window.page.get_by_role("link", name="Try again").click()
    expect(window.page.get_by_role("heading", name="Tellykeep cannot be reached")).to_be_visible()
    assert window.page.url == f"{window.base}/shows?sort=title"

    window.context.set_offline(False)
    expect(window.page.get_by_role("heading", name="Shows")).to_be_visible()
    assert window.page.url == f"{window.base}/shows?sort=title"


def test_it_is_shown_in_the_look_that_was_chosen_and_not_that_of_the_system(open_at: Open, user_id: int) -> None:
    window = open_at(DESK, "light")
    window.allowed += AWAY
    window.sign_in("mira", PASSWORD)
    wait_for_worker(window)
    (before,) = {name for name, _ in kept(window)}
    window.page.click(".tk-menu summary")
    window.page.click("button:has-text('Dark')")
    expect(window.page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    wait_until_gone(window, before)

    window.context.set_offline(True)
    window.go("/figures")
    expect(window.page.get_by_role("heading", name="Tellykeep cannot be reached")).to_be_visible()
    expect(window.page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_nothing_private_stays_on_the_device(open_at: Open, services: Services, user_id: int) -> None:
    add_shows(services, user_id)
    window = open_at()
    window.allowed += AWAY
    window.sign_in("mira", PASSWORD)
    wait_for_worker(window)
    for path in ("/", "/shows", "/activity", "/settings", "/api/plex/config", "/api/export?format=json"):
        if path.startswith("/api/"):
            window.page.evaluate("path => fetch(path).then(answer => answer.text())", path)
        else:
            window.go(path)

    paths = {path for _, path in kept(window)}
    assert "/unreachable" in paths
    assert {path for path in paths if not path.startswith("/static/")} == {"/unreachable"}
    assert all("?v=" in path for path in paths if path.startswith("/static/"))

    window.go("/")
    window.page.click(".tk-menu summary")
    window.page.click("button:has-text('Sign out')")
    window.page.wait_for_url("**/sign-in*")
    window.context.set_offline(True)
    for path in ("/", "/shows"):
        window.go(path)
        expect(window.page.get_by_role("heading", name="Tellykeep cannot be reached")).to_be_visible()
        assert "mira" not in window.page.content()
        assert "Severance" not in window.page.content()


def test_the_programs_own_files_are_taken_from_the_device(open_at: Open, user_id: int) -> None:
    window = open_at()
    window.sign_in("mira", PASSWORD)
    wait_for_worker(window)
    from_worker: dict[str, bool] = {}
    window.page.on("response", lambda answer: from_worker.update({answer.url: answer.from_service_worker}))

    window.go("/activity")

    files = {url: taken for url, taken in from_worker.items() if ".css?v=" in url or ".js?v=" in url}
    assert len(files) == 4
    assert all(files.values()), files


def test_a_page_that_another_site_leads_to_is_still_asked_for_as_such(open_at: Open, user_id: int) -> None:
    """Only what is asked for from here is compressed (BREACH); a request made by the worker would always be."""
    window = open_at()
    window.allowed.append("foreign request")
    window.sign_in("mira", PASSWORD)
    wait_for_worker(window)
    encodings: list[str | None] = []
    window.page.on(
        "response",
        lambda answer: encodings.append(answer.headers.get("content-encoding")) if "/figures" in answer.url else None,
    )

    window.go("/figures")
    link = f'<a href="{window.base}/figures">Look here</a>'
    window.page.route("http://elsewhere.test/", lambda route: route.fulfill(body=link, content_type="text/html"))
    window.page.goto("http://elsewhere.test/")
    window.page.click("a")
    expect(window.page.get_by_role("heading", name="Figures")).to_be_visible()

    assert encodings == ["gzip", None]


def test_a_new_version_replaces_the_old_ones_files(
    open_at: Open, user_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_at()
    window.sign_in("mira", PASSWORD)
    wait_for_worker(window)
    (old,) = {name for name, _ in kept(window)}
    window.page.evaluate("caches.open('somebody-elses')")

    monkeypatch.setattr(installed, "_FILES", (*installed._FILES, "icons/icon-192.png"))
    window.go("/activity")
    wait_until_gone(window, old)

    names = {name for name, path in kept(window) if path.startswith("/static/icons/icon-192.png?v=")}
    assert len(names) == 1
    assert names != {old}
    assert window.page.evaluate("caches.has('somebody-elses')")


def test_a_server_that_is_really_gone_is_noticed_too(open_at: Open, services: Services) -> None:
    listening = make_server("127.0.0.1", 0, create_app(services), threaded=True)
    listening.daemon_threads = True  # type: ignore[attr-defined]
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    window = open_at(PHONE)
    window.allowed += ["ERR_CONNECTION", "Failed to fetch"]
    window.base = f"http://127.0.0.1:{listening.port}"
    window.go("/setup")
    wait_for_worker(window)
    listening.shutdown()
    thread.join()
    listening.server_close()

    window.go("/setup")

    expect(window.page.get_by_role("heading", name="Tellykeep cannot be reached")).to_be_visible()
