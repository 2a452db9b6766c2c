"""What every answer tells a browser, and what no page asks one to do: over all routes, all kinds of errors, and all pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app import create_app
from app.services import Services
from tests.integration.browser import Browser
from tests.payloads import multipart, play
from tests.security.conftest import Person
from tests.security.routes import routes_of

MakePerson = Callable[..., Person]
Answers = Iterator[tuple[str, TestResponse]]

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
# What may stand behind the name of a directive: nothing inline, nothing evaluated, no other host.
SOURCES = {"'none'", "'self'", "data:"}
# Addresses that a browser fetches by itself when it shows the element. What `a` and `form` name is only followed.
LOADED = {"src", "srcset", "data", "poster", "background", "xlink:href"}
LOADED_BY_HREF = {"link", "use", "image", "base"}
OWN = re.compile(r"(/(?!/)|#|data:image/|\.{0,2}[\w?-])(?![\w+.-]*:(?!image/))")


def faults_of(answer: TestResponse) -> list[str]:
    """What is wrong with the headers of one answer."""
    headers, faults = answer.headers, []
    policies = headers.getlist("Content-Security-Policy")
    if len(policies) != 1:
        return [f"{len(policies)} policies"]
    directives = {name: sources for name, *sources in (part.split() for part in policies[0].split(";"))}
    loose = {source for sources in directives.values() for source in sources} - SOURCES
    if loose:
        faults.append(f"the policy allows {sorted(loose)}")
    if "data:" in directives.get("script-src", []) or directives.get("default-src") != ["'none'"]:
        faults.append("the policy lets scripts in")
    if directives.get("frame-ancestors") != ["'none'"] or directives.get("base-uri") != ["'none'"]:
        faults.append("may be framed, or its addresses bent")
    if headers.getlist("X-Content-Type-Options") != ["nosniff"]:
        faults.append("may be sniffed")
    if headers.getlist("Cross-Origin-Resource-Policy") != ["same-origin"]:
        faults.append("may be embedded by others")
    if headers.getlist("Referrer-Policy") not in (["same-origin"], ["no-referrer"]):
        faults.append("tells others where one came from")
    faults += [f"says {name}" for name in ("Server", "X-Powered-By", "Strict-Transport-Security") if name in headers]
    return faults


class _Page(HTMLParser):
    """What a page has in it that it must not have."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.elements = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.elements += 1
        if tag == "style" or (tag == "script" and "src" not in given):
            self.faults.append(f"an inline {tag}")
        for name, text in given.items():
            if name == "style" or name.startswith("on"):
                self.faults.append(f"{tag} {name}={text}")
            if text.strip().lower().startswith(("javascript:", "vbscript:")):
                self.faults.append(f"{tag} {name}={text}")
            if (name in LOADED or (name == "href" and tag in LOADED_BY_HREF)) and not OWN.match(text):
                self.faults.append(f"{tag} loads {text}")

    handle_startendtag = handle_starttag


def faults_in(page: str) -> list[str]:
    """What a page loads from elsewhere or carries inline."""
    parser = _Page()
    parser.feed(page)
    assert parser.elements, page[:200]
    return parser.faults


def answers_of_routes(app: Flask, person: MakePerson) -> Answers:
    """Every route, for a stranger and for an administrator; what changes something is refused, for want of a token."""
    ann = person("ann", is_admin=True)
    for who, browser in (("stranger", Browser(app)), ("ann", ann.browser)):
        for route in routes_of(app):
            path = route.path(**ann.owns)
            yield f"{who}: {route}", browser.http.open(path, method=route.method)
            if route.is_safe and ("page" in route.access or route.access == "form"):
                yield f"{who}, by htmx: {route}", browser.http.get(path, headers=HTMX)


def test_every_route_sends_one_strict_policy_and_says_nothing_of_the_server(app: Flask, person: MakePerson) -> None:
    wrong, seen = [], set()
    for name, answer in answers_of_routes(app, person):
        seen.add(answer.status_code)
        wrong += [(name, fault) for fault in faults_of(answer)]
        answer.close()
    assert wrong == []
    assert {200, 302, 401, 403} <= seen


def test_no_page_loads_from_elsewhere_or_carries_anything_inline(app: Flask, person: MakePerson) -> None:
    wrong, pages = [], 0
    for name, answer in answers_of_routes(app, person):
        text = answer.get_data(as_text=True) if answer.mimetype == "text/html" else ""
        if "<" in text:
            pages += answer.status_code == 200
            wrong += [(name, fault) for fault in faults_in(text)]
    assert wrong == []
    assert pages > 60


@pytest.mark.parametrize(
    "page",
    [
        "<script>go()</script>",
        "<style>p{}</style>",
        '<p style="color:red">',
        '<img src="/a.png" onerror="go()">',
        '<img src="https://image.tmdb.org/a.jpg">',
        '<img src="//image.tmdb.org/a.jpg">',
        '<script src="https://cdn.example/htmx.js"></script>',
        '<link rel="stylesheet" href="http://cdn.example/a.css">',
        '<svg><use href="https://cdn.example/i.svg#a"/></svg>',
        '<a href="javascript:go()">go</a>',
    ],
)
def test_what_a_page_must_not_have_would_be_found(page: str) -> None:
    assert len(faults_in(page)) == 1


def test_nothing_that_is_the_appliances_own_is_taken_for_foreign() -> None:
    page = '<img src="/posters/1.jpg"><svg><use href="/static/s.svg?v=1#a"/></svg><a href="https://plex.tv">Plex</a>'
    assert faults_in(page + '<link href="/static/app.css?v=1"><script src="/static/app.js"></script>') == []


def broken() -> str:
    raise RuntimeError("a fault")


def test_errors_and_static_files_send_them_too(services: Services) -> None:
    app = create_app(services)
    app.add_url_rule("/broken", view_func=broken)
    app.add_url_rule("/api/broken", "api_broken", view_func=broken)
    http = Browser(app).http
    css = http.get("/static/app.css")
    body, kind = multipart(play())
    hook = "/api/plex/webhook?secret=wrong"
    large = {"CONTENT_LENGTH": str(40 * 1024 * 1024)}
    answers = {
        200: [css, http.get("/healthz"), http.get("/readyz")],
        304: [http.get("/static/app.css", headers={"If-None-Match": css.headers["ETag"]})],
        401: [
            http.post(hook, data=body, content_type=kind),
            http.get("/api/plex/logs"),
            http.post("/api/plex/webhook"),
        ],
        404: [
            http.get("/nothing"),
            http.get("/api/nothing"),
            http.get("/static/nothing.css"),
            http.get("/static/%2e%2e/x"),
        ],
        405: [http.put("/activity"), http.get("/api/plex/webhook"), http.delete("/static/app.css")],
        413: [http.post(hook, data=body, content_type=kind, environ_overrides=large)],
        500: [http.get("/broken"), http.get("/broken", headers=HTMX), http.get("/api/broken")],
    }
    for status, group in answers.items():
        for answer in group:
            assert (answer.status_code, faults_of(answer)) == (status, []), answer.request.path
    figures = http.get("/metrics", environ_base={"REMOTE_ADDR": "127.0.0.1"})
    assert (figures.status_code, faults_of(figures)) == (200, [])


@pytest.mark.parametrize("body", [b"", b"nonsense", b"{}"])
def test_a_webhook_that_cannot_be_read_sends_them_too(
    services: Services, make_user: Callable[..., int], body: bytes
) -> None:
    make_user(secret="right")
    http = Browser(create_app(services)).http
    answer = http.post("/api/plex/webhook?secret=right", data=body, content_type="application/json")
    assert (answer.status_code, faults_of(answer)) == (400, [])


def test_a_browser_is_bound_to_https_only_where_it_came_by_https_to_the_name(services: Services) -> None:
    services.settings = services.settings.model_copy(update={"public_url": "https://tv.example.org"})
    http = create_app(services).test_client()
    for path in ("/healthz", "/sign-in", "/nothing", "/static/app.css"):
        bound = http.get(path, base_url="https://tv.example.org").headers.getlist("Strict-Transport-Security")
        assert bound == ["max-age=31536000"], path
        for elsewhere in ("http://nas.lan:8787", "https://nas.lan", "https://tv.example.org:8443"):
            assert "Strict-Transport-Security" not in http.get(path, base_url=elsewhere).headers, (path, elsewhere)


def test_a_form_that_is_too_large_or_without_its_token_sends_them_too(app: Flask) -> None:
    http = Browser(app).http
    for data, status in (({"username": "x" * 6 * 1024 * 1024}, 413), ({"username": "ann"}, 403)):
        answer = http.post("/sign-in", data=data)
        assert (answer.status_code, faults_of(answer)) == (status, [])
