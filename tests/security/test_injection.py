"""Hostile text in every field that takes text, and in what others write: kept and shown as text, nowhere obeyed.

The fields are found, not listed: those of the API in its models, those of forms and addresses by what their views read, those
of a message and of an export by what is in one.
"""

from __future__ import annotations

import csv
import io
import json
import logging
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import icalendar
import pytest
import structlog
from flask import Flask
from werkzeug.test import TestResponse

from app.api.openapi import describe
from app.process_log import configure_log
from app.sync.worker import LookUpWorker
from tests.conftest import Connection
from tests.payloads import episode, multipart
from tests.security.conftest import Person
from tests.security.generating import TMDB_ID, Tenants
from tests.security.possessions import everything_of
from tests.security.test_every_route import BODIES
from tests.security.test_headers import faults_in
from tests.security.visiting import Visits, pages

pytestmark = pytest.mark.texts_everywhere

# Short enough for most fields. Each has the word by which it would be recognised where it was obeyed.
STRINGS = {
    "html": 'x" onmouseover="forged()"><script>forged()</script><img src=x onerror=forged()>',
    "addresses": "javascript:forged()//https://forged.example/x",
    "SQL": "%'); delete from tvshows; select ('1'='1 -- $1 %s %(x)s {0} {{7*7}}",
    "headers": "a\r\nX-Forged: 1\r\n\r\n<script>forged()</script>",
    "lines of the log and of calendars": "a\nlevel=error event=forged\u2028timestamp=x\nEND:VEVENT\nBEGIN:VEVENT\nX-FORGED:1",
    "files": "../../../../../forged",
    "JSON": '"}],"forged":{"$ne":null},"x":[{"a":"',
    "CSV": '\t=HYPERLINK("https://forged.example";"x")',
}
_LINE = re.compile(r"(timestamp=|    )")


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the process writes to its log meanwhile, as it would write it in service."""
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    lines = io.StringIO()
    configure_log("debug", lines)
    structlog.configure(cache_logger_on_first_use=False)
    yield lines
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**before)


def _look(answer: TestResponse) -> None:
    """An answer that did what a text says."""
    assert "X-Forged" not in answer.headers
    assert "forged.example" not in urlsplit(answer.headers.get("Location", "")).netloc
    assert answer.status_code < 500
    if answer.mimetype == "text/html" and answer.data:
        text = answer.get_data(as_text=True)
        # What stands in a field is not followed.
        assert [fault for fault in faults_in(f"<p>{text}") if " value=" not in fault] == []
        assert "<script>forged" not in text
    elif answer.mimetype == "application/json" and answer.data:
        document = answer.get_json()
        assert not isinstance(document, dict) or "forged" not in document


def _fill_the_pages(tenants: Tenants, text: str) -> list[Person]:
    """Puts the text into each field of each form and of each page's address, one after the other."""
    visits = Visits(tenants, _look)
    filled = 0
    for route in [*pages(tenants.app, safe=False), *pages(tenants.app, safe=True)]:
        visits.begin(route)
        visits.send(route, visits.right_ones(route))
        for name in sorted(visits.names(route)):
            visits.send(route, visits.right_ones(route) | {name: [text]})
            filled += 1
    assert filled > 120
    return visits.still_there()[-3:]


def _fill_the_api(tenants: Tenants, ann: Person, text: str) -> None:
    """The same with each field of each route of the API."""
    described, filled = describe(tenants.app), 0
    headers = {"X-CSRFToken": ann.csrf}
    bodies = {key.replace("<id:", "{").replace(">", "}"): body for key, body in BODIES.items()}
    values = tenants.values_of(ann)
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            address = path.format(**values)
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "query":
                    _look(ann.browser.http.open(address, method=method, query_string={parameter["name"]: text}))
                    filled += 1
            reference = (
                operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            )
            model = described["components"]["schemas"].get(reference.get("$ref", "").rpartition("/")[2], {})
            for name in model.get("properties", {}):
                good = bodies.get(f"{method.upper()} {path}", {})
                _look(ann.browser.http.open(address, method=method, json=good | {name: text}, headers=headers))
                filled += 1
    _look(ann.browser.http.post("/api/shows", headers=headers, json=_show(text)))
    assert filled > 60


def _show(text: str) -> dict[str, Any]:
    seasons = [{"seasonNumber": 1, "episodes": [{"episodeNumber": 1, "title": text, "airDate": "2031-05-06"}]}]
    return {"title": text, "seasons": seasons}


def _leaves(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where texts are in a document."""
    if isinstance(document, str):
        yield path
    elif isinstance(document, dict | list):
        for key, inner in document.items() if isinstance(document, dict) else enumerate(document):
            yield from _leaves(inner, (*path, key))


def _with(document: Any, path: tuple[Any, ...], text: str) -> Any:
    changed = json.loads(json.dumps(document))
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = text
    return changed


def _fill_messages(tenants: Tenants, ann: Person, text: str) -> None:
    """The same with each text of a message that Plex sends, and of what TMDB and a file say."""
    url = urlsplit(ann.browser.get("/api/plex/config").get_json()["webhook_url"])
    plain, taken = episode(grandparentTitle="Harbour Lights", parentIndex=1, index=1), 0
    for number, path in enumerate(_leaves(plain)):
        message = _with(plain | {"Metadata": plain["Metadata"] | {"index": number % 4 + 1}}, path, text)
        body, kind = multipart(message)
        answer = ann.browser.http.post(f"{url.path}?{url.query}", data=body, content_type=kind)
        _look(answer)
        taken += answer.status_code < 400
    assert taken > 20
    tenants.tmdb.add_show(
        TMDB_ID + 1, text, alternative=[text], seasons={1: [{"name": text, "air_date": "2031-05-06"}]}
    )
    added = ann.browser.http.post("/api/shows", json={"tmdb_id": TMDB_ID + 1}, headers={"X-CSRFToken": ann.csrf})
    assert added.status_code == 201
    LookUpWorker(tenants.services).work_off()


def _bring_in(ann: Person, text: str) -> None:
    """The same with each text of an export, under a name that is hostile too."""
    whole = ann.browser.get("/api/export").get_json()
    whole["shows"] = whole["shows"][:2]
    for path in _leaves(whole["shows"][:1]):
        document = whole | {"shows": _with(whole["shows"], path, text)}
        file = (io.BytesIO(json.dumps(document).encode()), text.replace("\r", "").replace("\n", ""))
        _look(
            ann.browser.http.post("/settings/transfer/import", data={"file": file}, headers={"X-CSRFToken": ann.csrf})
        )
        for thread in threading.enumerate():
            if thread.name.startswith("job-"):
                thread.join(timeout=30)


def _send_headers(app: Flask, ann: Person, text: str) -> None:
    """The same with what a browser or a proxy says about itself; a newline cannot be in there."""
    said = text.encode("ascii", "replace").decode().replace("\r", "").replace("\n", "")
    for name in (
        *("User-Agent", "Referer", "Origin", "Accept-Language", "Accept-Encoding", "Cookie", "X-Request-Id", "Range"),
        *("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Prefix", "Forwarded", "Host"),
        *("HX-Request", "HX-Target", "HX-Current-URL", "Authorization", "X-CSRFToken", "Remote-User", "Content-Type"),
    ):
        for path in ("/", "/sign-in", "/settings/security", "/api/plex/logs", f"/nothing/{said[:20]}"):
            _look(ann.browser.get(path, headers={name: said}))
        _look(app.test_client().post("/api/plex/webhook?secret=forged", headers={name: said}))
    # Its list of sessions names the browser.
    ann.browser.http.environ_base["HTTP_USER_AGENT"] = said
    ann.browser.http.post("/sign-out", headers={"X-CSRFToken": ann.csrf})
    assert ann.browser.sign_in(ann.name).status_code == 302
    ann.csrf = ann.browser.fields("/", "/sign-out")["csrf_token"]


def _look_at_everything(tenants: Tenants, person: Person) -> None:
    assert tenants.what_cannot_be_shown(person, _look) == []
    cells = csv.reader(io.StringIO(person.browser.get("/api/export?format=csv").get_data(as_text=True)))
    assert [cell for row in cells for cell in row if cell.lstrip().startswith(("=", "+", "-", "@"))] == []
    shown = person.browser.http.post("/upcoming/calendar", headers={"X-CSRFToken": person.csrf})
    address = re.search(r"/calendar/[\w-]+\.ics", shown.get_data(as_text=True))
    assert address is not None
    calendar = icalendar.Calendar.from_ical(person.browser.get(address[0]).get_data())
    assert [event for event in calendar.walk("VEVENT") if "X-FORGED" in event] == []


@pytest.mark.parametrize("kind", STRINGS)
def test_text_is_nothing_but_text(
    tenants: Tenants, conn: Connection, written: io.StringIO, tmp_path: Path, kind: str
) -> None:
    text = STRINGS[kind]
    bob = tenants.another()
    before = everything_of(conn, bob.user_id)
    ann = tenants.another()
    _fill_messages(tenants, ann, text)
    _fill_the_api(tenants, ann, text)
    _send_headers(tenants.app, ann, text)
    carl = tenants.another()
    _bring_in(carl, text)

    for person in (ann, carl, *_fill_the_pages(tenants, text)):
        _look_at_everything(tenants, person)

    assert everything_of(conn, bob.user_id) == before
    lines = written.getvalue().splitlines()
    assert lines
    assert [line for line in lines if not _LINE.match(line)] == []
    assert "Traceback" not in written.getvalue()
    assert list(tmp_path.parent.rglob("*forged*")) == []


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ("<p><script>forged()</script>", {}),
        ('<p title="x" onmouseover="forged()">', {}),
        ('<a href="javascript:forged()">', {}),
        ("<p>", {"X-Forged": "1"}),
        ("<p>", {"Location": "https://forged.example/x"}),
    ],
)
def test_what_was_obeyed_would_be_seen(app: Flask, body: str, headers: dict[str, str]) -> None:
    app.add_url_rule("/obeyed", view_func=lambda: (body, headers))
    with pytest.raises(AssertionError):
        _look(app.test_client().get("/obeyed"))
