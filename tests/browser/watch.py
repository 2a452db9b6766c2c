"""A browser window that is watched: whatever goes wrong in it unseen is a failure of the test."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, Request, Response

from tests.browser.axe import violations

SCREENSHOTS = Path(__file__).parents[2] / "artefacts" / "screenshots"
PHONE, DESK, SMALL = (390, 844), (1280, 800), (360, 740)

_ON_VIOLATION = """document.addEventListener('securitypolicyviolation',
    e => console.error('CSP: ' + e.violatedDirective + ' ' + e.blockedURI))"""


@dataclass
class Window:
    """One window.

    Attributes:
        page: Playwright's.
        base: address of the server.
        faults: what went wrong so far.
        allowed: parts of messages about faults that the test brings about itself.
    """

    page: Page
    base: str
    context: BrowserContext
    faults: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        """Opens a page of the server."""
        self.page.goto(self.base + path)

    def sign_in(self, username: str, password: str) -> None:
        """Through the form."""
        self.go("/sign-in")
        self.page.fill("#username", username)
        self.page.fill("#password", password)
        self.page.click("button:has-text('Sign in')")
        self.page.wait_for_url(self.base + "/")

    def scrolls_sideways(self) -> bool:
        """Whether anything sticks out at the side."""
        self.page.wait_for_load_state()
        return bool(self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))

    def picture(self, name: str, *, full: bool = False) -> None:
        """Keeps a screenshot, for somebody to look at; a page that scrolls sideways fails."""
        assert not self.scrolls_sideways(), f"{name} scrolls sideways"
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        # Hiding the caret leaves style attributes on inputs, which a swap would carry on and the policy then refuses.
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=full, caret="initial")

    def axe(self) -> None:
        """Fails if axe-core finds a serious or critical violation in what the page shows now."""
        self.page.wait_for_load_state()
        found = violations(self.page)
        assert found == [], f"{self.page.url}:\n" + "\n".join(found)

    def close(self) -> None:
        """Closes it; fails if anything went wrong in it."""
        self.context.close()
        faults = [fault for fault in self.faults if not any(part in fault for part in self.allowed)]
        assert faults == [], "\n".join(faults)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(f"console: {message.text}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self.faults.append(f"{response.status} {response.url}")

    def _request(self, request: Request) -> None:
        if urlsplit(request.url).netloc != urlsplit(self.base).netloc and not request.url.startswith("data:"):
            self.faults.append(f"foreign request {request.url}")

    def _dialog(self, dialog: Dialog) -> None:
        self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _failed(self, request: Request) -> None:
        # A page that is left in the middle of a poll breaks it off.
        if request.failure != "net::ERR_ABORTED":
            self.faults.append(f"failed request {request.url}: {request.failure}")


def open_window(browser: Browser, base: str, size: tuple[int, int], scheme: str, **options: Any) -> Window:
    """A window with cookies of its own.

    Args:
        browser: the running Chromium.
        base: address of the server.
        size: width and height in CSS pixels.
        scheme: `light` or `dark`, as the system has it.
        options: more for Playwright's context.
    """
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,  # type: ignore[arg-type]
        locale="en-GB",
        timezone_id="Europe/Berlin",
        has_touch=size[0] < 600,
        **options,
    )
    context.set_default_timeout(20_000)
    context.add_init_script(_ON_VIOLATION)
    page = context.new_page()
    window = Window(page, base, context)
    page.on("console", window._console)
    page.on("pageerror", lambda error: window.faults.append(f"script: {error}"))
    # No page of ours opens one: Playwright would close it unseen.
    page.on("dialog", window._dialog)
    page.on("request", window._request)
    page.on("requestfailed", window._failed)
    page.on("response", window._response)
    return window
