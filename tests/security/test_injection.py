"""Hostile text in what strangers and users name: kept and shown as text, nowhere obeyed."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from flask import Flask

from tests.payloads import multipart
from tests.scrobbles import scrobble
from tests.security.conftest import Person
from tests.security.routes import routes_of

MARKUP = "<script>alert(1)</script>"
STRINGS = [
    MARKUP,
    '"><img src=x onerror=alert(1)>',
    "'; drop table tvshows; --",
    "a\r\nSet-Cookie: taken=1",
    "a\n2026-01-01T00:00:00Z info forged",
    "../../../../etc/passwd",
    '{"$ne": null}',
    "=HYPERLINK(1)",
    "{{ 7*7 }}",
    "%s %(x)s %n",
]


@pytest.mark.parametrize("text", STRINGS)
def test_a_name_is_nothing_but_text(app: Flask, person: Callable[..., Person], text: str) -> None:
    ann = person("ann", is_admin=True)
    url = urlsplit(ann.browser.get("/api/plex/config").get_json()["webhook_url"])
    message = dict(scrobble("Harbour Lights"))
    message["Metadata"] = message["Metadata"] | {"grandparentTitle": text, "title": text}
    body, kind = multipart(message)
    sent = ann.browser.http.post(f"{url.path}?{url.query}", data=body, content_type=kind)
    assert sent.status_code in (200, 202)
    headers = {"X-CSRFToken": ann.csrf}
    renamed = ann.browser.http.patch(f"/api/shows/{ann.owns['tvshow_id']}", json={"title": text}, headers=headers)
    if renamed.status_code == 200:
        shown = ann.browser.get(f"/api/shows/{ann.owns['tvshow_id']}").get_json()
        assert shown["title"] == text
    else:
        assert renamed.status_code == 400, text
        assert "\n" in text
    wrong = []
    for route in routes_of(app):
        if route.is_safe and "page" in route.access:
            answer = ann.browser.http.get(route.path(**ann.owns), query_string={"q": text})
            shown = answer.get_data(as_text=True)
            if (
                answer.status_code >= 500
                or MARKUP in shown
                or "<img src=x" in shown
                or "taken" in answer.headers.get("Set-Cookie", "")
            ):
                wrong.append((str(route), answer.status_code))
    assert wrong == []
