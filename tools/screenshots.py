"""Takes the README's pictures of the demo with Chromium: `make screenshots`."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
DESK, PHONE = (1280, 800), (390, 844)
START_SECONDS = 180

# File, address, size, colour scheme.
PICTURES = (
    ("home", "/", DESK, "light"),
    ("shows", "/shows", DESK, "dark"),
    ("figures", "/figures", DESK, "light"),
    ("home-phone", "/", PHONE, "dark"),
    ("conflicts-phone", "/conflicts", PHONE, "light"),
    ("upcoming-phone", "/upcoming", PHONE, "light"),
)


def main() -> None:
    """Plays the demo, signs in, and keeps a picture of each page."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if executable is None:
        sys.exit("there is no Chromium on this machine (Debian: apt-get install chromium)")
    with _demo() as (address, password), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        for name, path, size, scheme in PICTURES:
            page = _signed_in(browser, address, password, size, scheme)
            page.goto(address + path, wait_until="networkidle")
            _show_lazy_images(page)
            page.screenshot(path=IMAGES / f"{name}.png", caret="initial")
            sys.stdout.write(f"docs/images/{name}.png\n")
            page.context.close()
        browser.close()


@contextmanager
def _demo() -> Iterator[tuple[str, str]]:
    """A demo that has played its script; its address, and the password of `sam`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        bind = f"127.0.0.1:{probe.getsockname()[1]}"
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "demo"],
            env=os.environ | {"TELLYKEEP_BIND": bind, "COLUMNS": "120", "NO_COLOR": "1"},
            stdout=output,
        )
        try:
            yield f"http://{bind}", _password(process, output.fileno())
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def _password(process: subprocess.Popen[bytes], output: int) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        found = re.search(r"sign in as sam with\s+(\S+)", os.pread(output, 1_000_000, 0).decode())
        if found is not None:
            return found[1]
        time.sleep(0.5)
    sys.exit("the demo does not start")


def _signed_in(browser: Browser, address: str, password: str, size: tuple[int, int], scheme: str) -> Page:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,  # type: ignore[arg-type]
        locale="en-GB",
        device_scale_factor=2 if size == PHONE else 1,
    )
    page = context.new_page()
    page.goto(f"{address}/sign-in")
    page.fill("#username", "sam")
    page.fill("#password", password)
    page.click("button:has-text('Sign in')")
    page.wait_for_url(f"{address}/")
    return page


def _show_lazy_images(page: Page) -> None:
    page.evaluate(
        "Promise.all([...document.images].filter(i => i.loading !== 'lazy').map(i => i.decode().catch(() => 0)))"
    )
    page.wait_for_timeout(800)


if __name__ == "__main__":
    main()
