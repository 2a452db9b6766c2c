"""Export and import in the settings."""

from __future__ import annotations

import io
import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from app.jobs import on_demand
from app.security import accounts
from app.services import Services
from app.transfer import importing
from app.web.settings import transfer
from tests.conftest import Connection
from tests.integration.browser import PASSWORD, Browser
from tests.integration.test_web_pages import _text
from tests.watch_state import value

pytestmark = pytest.mark.usefixtures("cheap_passwords")

PAGE = "/settings/transfer"
POLLS = f'hx-get="{PAGE}"'
DOCUMENT = {"format": "tellykeep-export", "shows": [{"title": "Harbour Lights"}, {"title": ""}]}


@pytest.fixture
def user_id(services: Services) -> int:
    return accounts.create_user(services, "mira", PASSWORD)


@pytest.fixture
def browser(client: FlaskClient, user_id: int) -> Browser:
    browser = Browser(client.application)
    browser.sign_in("mira")
    return browser


def _send(browser: Browser, content: Any, fields: dict[str, str] | None = None) -> TestResponse:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    if fields is None:
        fields = browser.fields(PAGE, f"{PAGE}/import")
    # Encoded here: the client would leave a large one in an open file.
    boundary, body = encode_multipart(fields | {"file": FileStorage(io.BytesIO(raw), "export.json")})
    return browser.http.post(f"{PAGE}/import", data=body, content_type=f"multipart/form-data; boundary={boundary}")


def _ended() -> None:
    for thread in threading.enumerate():
        if thread.name.startswith("job-"):
            thread.join(timeout=30)


def test_a_file_is_brought_in_while_the_page_is_left_and_what_came_of_it_is_shown(
    browser: Browser, services: Services, conn: Connection
) -> None:
    assert _send(browser, DOCUMENT).location == PAGE
    _ended()

    page = browser.get(PAGE).text

    assert "Imported, but not all of it" in _text(page)
    assert "Show 2, “” title: Value should have at least 1 item" in _text(page)
    assert POLLS not in page
    assert value(conn, "select title from tvshows") == "Harbour Lights"
    assert list((services.settings.data_dir / "imports").iterdir()) == []


@pytest.mark.parametrize("wanted", [True, False])
def test_settings_are_taken_where_they_are_wanted(browser: Browser, conn: Connection, wanted: bool) -> None:
    fields = browser.fields(PAGE, f"{PAGE}/import")
    if not wanted:
        fields.pop("settings", None)
    document = DOCUMENT | {
        "settings": {"timezone": "Asia/Tokyo"},
        "questions": [{"plex_title": "Big Boats", "resolved": False}, {"plex_title": "Boats", "resolved": True}],
    }

    _send(browser, document, fields | ({"settings": "yes"} if wanted else {}))
    _ended()

    page = _text(browser.get(PAGE).text)
    assert ("The settings of the file are yours now." in page) is wanted
    assert "1 question of the file had no answer yet" in page
    assert value(conn, "select timezone from users") == ("Asia/Tokyo" if wanted else "UTC")


def test_a_csv_is_brought_in_by_the_same_form(browser: Browser, conn: Connection) -> None:
    lines = [
        "show,season,episode,watched_at",
        "Harbour Lights,1,2,2024-10-14T20:15:00Z",
        "Harbour Lights,1,x,2024-10-14T20:15:00Z",
    ]

    _send(browser, "\r\n".join(lines).encode())
    _ended()

    page = _text(browser.get(PAGE).text)
    assert "Imported, but not all of it" in page
    assert "Line 3 episode: " in page
    assert value(conn, "select count(*) from plays") == 1


def test_while_it_runs_the_page_asks_for_itself_and_another_import_is_refused(
    browser: Browser, user_id: int, services: Services
) -> None:
    go_on = threading.Event()

    def wait(run: Any) -> dict[str, Any]:
        run.go_on({"shows": 3, "added": 1, "viewings": 12345, "mappings": 0, "refused": 0})
        go_on.wait(30)
        return {"shows": 3, "added": 1, "viewings": 12345, "mappings": 0, "refused": 0, "problems": []}

    fields = browser.fields(PAGE, f"{PAGE}/import")
    assert on_demand.begin(services, transfer.KIND, wait, user_id=user_id)
    for _ in range(200):
        if "12,345" in browser.get(PAGE).text:
            break
        time.sleep(0.05)
    page, poll = browser.get(PAGE).text, browser.poll(PAGE).text
    assert POLLS in page
    assert "<progress" in page
    assert poll.strip().startswith('<section class="card tk-question" id="import"')

    _send(browser, b"{}", fields)
    assert "An import is under way already." in _text(browser.get(PAGE).text)
    assert list((services.settings.data_dir / "imports").iterdir()) == []
    go_on.set()
    _ended()
    assert POLLS not in browser.get(PAGE).text


def test_an_import_is_cancelled_and_what_it_brought_stays(browser: Browser, user_id: int, services: Services) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def work(run: Any) -> dict[str, Any]:
        begun.set()
        go_on.wait(30)
        run.go_on()
        raise AssertionError("it goes on")

    on_demand.begin(services, transfer.KIND, work, user_id=user_id)
    assert begun.wait(30)

    assert browser.send(f"{PAGE}/cancel", PAGE).location == PAGE
    go_on.set()
    _ended()

    assert "The import was broken off" in _text(browser.get(PAGE).text)


def test_an_import_whose_process_died_is_said_and_the_next_one_begins(
    browser: Browser, conn: Connection, user_id: int, services: Services
) -> None:
    conn.execute("select start_job('import', %s, 600)", (user_id,))
    conn.execute("update job_runs set claimed_until = now() - interval '1 second'")
    left = services.settings.data_dir / "imports" / f"{user_id}-0123456789abcdef.json"
    left.parent.mkdir(parents=True)
    left.write_text("{}")
    assert "The import was broken off" in _text(browser.get(PAGE).text)

    _send(browser, DOCUMENT)
    _ended()

    assert "Imported, but not all of it" in _text(browser.get(PAGE).text)
    assert not left.exists()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\xff\xfe", "The file is no export: it is not in UTF-8."),
        (b"PK\x03\x04", "The file is no JSON export: something is wrong in line 1."),
        (b"{}", "This is no export of Tellykeep."),
    ],
)
def test_a_file_that_is_no_export_is_said(browser: Browser, content: bytes, why: str) -> None:
    _send(browser, content)
    _ended()

    assert f"Nothing more was imported {why}" in _text(browser.get(PAGE).text)


def test_without_a_file_it_says_so(browser: Browser) -> None:
    browser.send(f"{PAGE}/import", PAGE)

    assert "Choose a file first." in _text(browser.get(PAGE).text)


def test_a_file_larger_than_other_pages_take_is_taken_and_one_that_is_too_large_is_not(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = json.dumps(DOCUMENT | {"x": "y" * 6_000_000}).encode()
    assert _send(browser, large).status_code == 303
    _ended()
    assert "Imported" in _text(browser.get(PAGE).text)

    monkeypatch.setattr(transfer, "MOST_BYTES", 2 * 1024 * 1024)
    refused = _send(browser, large)
    assert refused.status_code == 413
    assert "An import may have 2 MB, and this file is larger." in _text(refused.text)


def test_a_stranger_cannot_send_a_large_file(browser: Browser, services: Services) -> None:
    stranger = Browser(browser.app)

    answer = _send(stranger, b"x" * 6_000_000, {})

    assert answer.status_code in (302, 413)
    assert not (services.settings.data_dir / "imports").exists()


def test_what_one_account_imports_no_other_sees(browser: Browser, services: Services) -> None:
    _send(browser, DOCUMENT)
    _ended()
    accounts.create_user(services, "bob", PASSWORD)
    other = Browser(browser.app)
    other.sign_in("bob")

    page = other.get(PAGE).text

    assert "Imported" not in _text(page)
    assert "shows" in json.loads(other.get("/api/export?format=json").text)
    assert json.loads(other.get("/api/export?format=json").text)["shows"] == []


def test_a_disk_that_cannot_be_read_leaves_nothing_behind(
    browser: Browser, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "read_entries", lambda _: (_ for _ in ()).throw(OSError(5, "Input/output error")))
    _send(browser, DOCUMENT)
    _ended()

    assert "The import was broken off" in _text(browser.get(PAGE).text)
    assert list(Path(services.settings.data_dir / "imports").iterdir()) == []
