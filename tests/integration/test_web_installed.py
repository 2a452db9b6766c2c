"""What makes an app of the pages: the manifest, the worker, and the page for where nobody answers."""

from __future__ import annotations

import json
import re

import pytest
from flask.testing import FlaskClient

from app.services import Services
from app.web import installed
from tests.integration.browser import Browser


@pytest.fixture
def browser(client: FlaskClient) -> Browser:
    """Nobody is signed in."""
    return Browser(client.application)


def version_of(browser: Browser) -> str:
    found = re.search(r'"tellykeep-([0-9a-f]{12})"', browser.get("/service-worker.js").text)
    assert found is not None
    return found[1]


def test_the_manifest_names_icons_that_are_there(browser: Browser) -> None:
    answer = browser.get("/manifest.webmanifest")
    manifest = json.loads(answer.text)

    assert answer.mimetype == "application/manifest+json"
    assert (manifest["start_url"], manifest["scope"], manifest["display"]) == ("/", "/", "standalone")
    assert {icon["sizes"] for icon in manifest["icons"]} == {"192x192", "512x512"}
    assert [icon.get("purpose", "any") for icon in manifest["icons"]] == ["any", "any", "maskable"]
    for icon in manifest["icons"] + [icon for one in manifest["shortcuts"] for icon in one["icons"]]:
        png = browser.get(icon["src"]).data
        width, height = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
        assert icon["sizes"] == f"{width}x{height}"


def test_its_shortcuts_lead_to_pages(browser: Browser) -> None:
    for shortcut in json.loads(browser.get("/manifest.webmanifest").text)["shortcuts"]:
        answer = browser.get(shortcut["url"])
        assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (302, "/sign-in")


def test_the_worker_is_a_script_at_the_root_that_is_asked_for_anew_each_time(browser: Browser) -> None:
    answer = browser.get("/service-worker.js")

    assert (answer.status_code, answer.content_type) == (200, "text/javascript; charset=utf-8")
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "worker-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in answer.headers
    unchanged = browser.get("/service-worker.js", headers={"If-None-Match": answer.headers["ETag"]})
    assert unchanged.status_code == 304


def test_every_file_that_the_worker_keeps_is_there_and_is_named_by_its_content(browser: Browser) -> None:
    files = json.loads(re.findall(r"const FILES = (.*);", browser.get("/service-worker.js").text)[0])

    assert len(files) >= 6
    for file in files:
        answer = browser.get(file)
        assert (answer.status_code, answer.headers["Cache-Control"].rpartition(", ")[2]) == (200, "immutable"), file


def test_the_worker_is_another_when_a_file_or_the_chosen_look_is(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = version_of(browser)
    assert version_of(browser) == first

    browser.http.set_cookie("tellykeep_theme", "dark")
    dark = version_of(browser)
    assert dark != first

    monkeypatch.setattr(installed, "_FILES", installed._FILES[:-1])
    assert version_of(browser) not in (first, dark)


def test_the_page_for_where_nobody_answers_needs_no_database_and_names_nobody(
    browser: Browser, services: Services
) -> None:
    services.db.close()

    answer = browser.get("/unreachable")

    assert answer.status_code == 200
    assert "Tellykeep cannot be reached" in answer.text
    assert "csrf" not in answer.text
    assert "Set-Cookie" not in answer.headers
