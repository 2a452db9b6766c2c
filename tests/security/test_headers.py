"""Every answer of every route tells the browser how little it needs, and every page keeps to it."""

from __future__ import annotations

import re
from collections.abc import Callable

from flask import Flask
from werkzeug.test import TestResponse

from tests.integration.browser import Browser
from tests.security.conftest import Person
from tests.security.routes import routes_of
from tests.security.test_every_route import ask

# What a browser would fetch or run by itself: an address elsewhere, a script or style in the page, a handler in a tag.
FOREIGN = re.compile(
    r"""<(?:script|link|img|iframe|source|video|audio|object|embed|use)\b[^>]*\s(?:src|href|srcset|data)\s*=\s*["']?\s*(?:https?:)?//""",
    re.I,
)
INLINE = re.compile(r"""<script(?![^>]*\ssrc=)[^>]*>\s*\S|<style|<[a-z][^>]*\s(?:style|on[a-z]+)\s*=\s*["']""", re.I)


def faults_of(answer: TestResponse) -> list[str]:
    """What is wrong with the headers or the page of an answer."""
    headers = answer.headers
    policies = headers.getlist("Content-Security-Policy")
    found = []
    if (
        len(policies) != 1
        or "unsafe" in policies[0]
        or "frame-ancestors 'none'" not in policies[0]
        or "http" in policies[0]
    ):
        found.append(f"policy {policies}")
    if headers.get("X-Content-Type-Options") != "nosniff":
        found.append("nosniff")
    if headers.get("Referrer-Policy") not in ("same-origin", "no-referrer"):
        found.append(f"referrer policy {headers.get('Referrer-Policy')}")
    if "Strict-Transport-Security" in headers:
        found.append("HSTS over plain http")
    if answer.mimetype == "text/html":
        text = answer.get_data(as_text=True)
        found += [match[0][:120] for pattern in (FOREIGN, INLINE) for match in pattern.finditer(text)]
    return found


def test_every_answer_has_them_whoever_asks(app: Flask, person: Callable[..., Person]) -> None:
    ann = person("ann", is_admin=True)
    stranger = Browser(app)
    wrong, pages = [], 0
    for route in routes_of(app):
        # What changes something is answered with a refusal here: those have headers too.
        for who in (ann.browser, stranger):
            for headers in ({}, {"HX-Request": "true", "HX-Request-Type": "partial"}):
                answer = ask(who, route, headers, **ann.owns)
                pages += answer.status_code == 200 and answer.mimetype == "text/html"
                wrong += [(str(route), answer.status_code, fault) for fault in faults_of(answer)]
    assert wrong == []
    assert pages > 40


def test_refusals_have_them_too(app: Flask, person: Callable[..., Person]) -> None:
    ann = person("ann")
    etag = ann.browser.http.get("/static/app.css").headers["ETag"]
    asked = [
        ann.browser.http.get("/nowhere"),
        ann.browser.http.get("/api/nowhere"),
        ann.browser.http.put("/shows"),
        ann.browser.http.post(
            "/api/shows", data="{", content_type="application/json", headers={"X-CSRFToken": ann.csrf}
        ),
        ann.browser.http.post("/api/plex/webhook?secret=wrong"),
        ann.browser.http.get("/static/app.css", headers={"If-None-Match": etag}),
    ]
    assert [answer.status_code for answer in asked] == [404, 404, 405, 400, 401, 304]
    assert [(answer.status_code, fault) for answer in asked for fault in faults_of(answer)] == []
