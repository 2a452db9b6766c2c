"""A real Chromium on a real HTTP server."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from app import create_app
from app.security import accounts
from app.services import Services
from tests.browser.watch import DESK, Window, open_window

PASSWORD = "correct horse battery"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if executable is None:
        pytest.skip("there is no Chromium on this machine (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        expect.set_options(timeout=15_000)  # a busy machine
        yield browser
        browser.close()


class _Quiet(WSGIRequestHandler):
    """Without a line for each request, as in service: a calendar's address is a secret."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@pytest.fixture
def server(services: Services) -> Iterator[str]:
    """The application on a free port; its address."""
    listening = make_server("127.0.0.1", 0, create_app(services), threaded=True, request_handler=_Quiet)
    listening.daemon_threads = True  # type: ignore[attr-defined]
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{listening.port}"
    listening.shutdown()
    thread.join()
    listening.server_close()


@pytest.fixture
def open_at(chromium: Browser, server: str) -> Iterator[Callable[..., Window]]:
    """Opens watched windows; whatever went wrong in one fails the test at its end."""
    windows: list[Window] = []

    def open_one(size: tuple[int, int] = DESK, scheme: str = "light", **options: object) -> Window:
        window = open_window(chromium, server, size, scheme, **options)
        windows.append(window)
        return window

    yield open_one
    for window in windows:
        window.close()


@pytest.fixture
def user_id(services: Services) -> int:
    """Mira, in Berlin."""
    return accounts.create_user(services, "mira", PASSWORD, is_admin=True, timezone="Europe/Berlin")
