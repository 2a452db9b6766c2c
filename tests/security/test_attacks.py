"""What an attacker tries at every route, beside walking in: large forms, other methods, reading that shall change something."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from flask import Flask

from app.security.access import MOST_FORM_BYTES, MOST_OPEN_FORM_BYTES
from app.web.local_address import local_address
from tests.conftest import Connection
from tests.integration.browser import Browser
from tests.security.conftest import Person
from tests.security.possessions import everything_of
from tests.security.routes import Route, routes_of

MakePerson = Callable[..., Person]
FORM = "application/x-www-form-urlencoded"
FIELDS = b"a&"
# What a form that is small enough takes at most, on a machine that others use as well.
SECONDS = 2.0


def _open_forms(app: Flask) -> list[Route]:
    return [route for route in routes_of(app) if route.access == "form" and not route.is_safe]


@pytest.mark.parametrize("kind", [FORM, "multipart/form-data; boundary=x"])
def test_a_stranger_keeps_no_thread_busy_with_a_form(app: Flask, person: MakePerson, kind: str) -> None:
    """Of millions of fields: it is refused before it is taken apart."""
    person("ann")
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'
    large = (part if "x" in kind.partition("boundary")[2] else FIELDS) * 60_000
    forms = _open_forms(app)
    assert len(forms) >= 4
    for route in forms:
        began = time.monotonic()
        answer = Browser(app).http.post(route.path(), data=large, content_type=kind)
        assert (answer.status_code, time.monotonic() - began < SECONDS) == (413, True), route


def test_nor_does_somebody_who_is_signed_in(app: Flask, person: MakePerson) -> None:
    ann = person("ann", is_admin=True)
    large = FIELDS * (MOST_FORM_BYTES // len(FIELDS) + 1)
    wrong = []
    for route in routes_of(app):
        if route.is_safe or route.access == "open":
            continue
        began = time.monotonic()
        answer = ann.browser.http.open(route.path(**ann.owns), method=route.method, data=large, content_type=FORM)
        # DELETE and the like are no forms: the token is missing.
        if answer.status_code not in (413, 403) or time.monotonic() - began > SECONDS:
            wrong.append((str(route), answer.status_code, time.monotonic() - began))
    assert wrong == []


def test_a_form_that_people_send_is_never_too_large(app: Flask, person: MakePerson) -> None:
    ann = person("ann")
    browser = Browser(app)
    # A user name and a password of the greatest length, in letters of four bytes, as a browser writes them.
    longest = {"username": "\U0001f511" * 64, "password": "\U0001f511" * 256, "next": "/activity?" + "x" * 2000}
    assert len(str(longest).encode()) * 3 < MOST_OPEN_FORM_BYTES
    assert browser.send("/sign-in", **longest).status_code == 401
    many = {f"best-{number}": "show:1" for number in range(5_000)}
    answer = ann.browser.http.post("/conflicts/several", data=many | {"csrf_token": ann.csrf})
    assert answer.status_code != 413


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND"])
def test_reading_changes_nothing(app: Flask, person: MakePerson, conn: Connection, method: str) -> None:
    """Whatever the method claims to stand for: links, images and prefetching can ask for any of them."""
    ann = person("ann", is_admin=True)
    before = everything_of(conn, ann.user_id)
    headers = dict.fromkeys(("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"), "DELETE")
    wrong = []
    for route in routes_of(app):
        query = {"_method": "DELETE", "action": "ignore", "username": "eve"}
        answer = ann.browser.http.open(
            route.path(**ann.owns),
            method=method,
            headers=headers,
            query_string=query,
            data=query if method != "HEAD" else None,
        )
        if answer.status_code >= 500 or (method == "HEAD" and answer.data):
            wrong.append((str(route), answer.status_code))
    assert wrong == []
    assert everything_of(conn, ann.user_id) == before


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_a_stranger_is_told_nothing_by_methods_that_only_ask(app: Flask, person: MakePerson, method: str) -> None:
    ann = person("ann")
    stranger = Browser(app)
    wrong = []
    for route in routes_of(app):
        if "page" in route.access or "api" in route.access:
            answer = stranger.http.open(route.path(**ann.owns), method=method)
            allowed = {302, 401, 405} if "page" in route.access else {401, 405}
            if (
                answer.status_code not in allowed
                or "ETag" in answer.headers
                or "tellykeep" in answer.headers.get("Set-Cookie", "")
            ):
                wrong.append((str(route), answer.status_code, dict(answer.headers)))
    assert wrong == []


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/json", ""]
)
def test_json_that_comes_as_another_type_needs_the_token_all_the_same(
    app: Flask, person: MakePerson, conn: Connection, kind: str
) -> None:
    """Browsers send the first three to another origin without asking first."""
    ann = person("ann")
    before = everything_of(conn, ann.user_id)
    wrong = []
    for route in routes_of(app):
        if "api" in route.access and not route.is_safe:
            answer = ann.browser.http.open(
                route.path(**ann.owns),
                method=route.method,
                data='{"title": "Taken over", "watched": true, "enabled": false}',
                headers={"Content-Type": kind, "Origin": "null"},
            )
            if answer.status_code != 403:
                wrong.append((str(route), answer.status_code))
    assert wrong == []
    assert everything_of(conn, ann.user_id) == before


@pytest.mark.parametrize(
    "target",
    [
        "https:evil.example",
        "https:/evil.example",
        "http:///evil.example",
        "///evil.example",
        "////evil.example",
        "/\\/evil.example",
        "\\\\evil.example",
        "/\r\n//evil.example",
        "\t//evil.example",
        " //evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "evil.example",
        "@evil.example",
        "?next=//evil.example",
        "/\x00/evil.example",
        "/\u2028/evil.example\n",
        "//evil.example\\@nas",
        "http://[::1",
        "/activity?" + "x" * 1000,
    ],
)
def test_no_way_of_writing_another_host_is_gone_on_to(target: str) -> None:
    assert local_address(target) == "/"


@pytest.mark.parametrize(
    "target", ["/activity?status=conflict", "/shows/1#s2", "/search?q=a/b", "/shows?q=%5C%5Cx", "/a:b"]
)
def test_ones_own_pages_are(target: str) -> None:
    assert local_address(target) == target


@pytest.mark.parametrize(
    "path",
    [
        "/static/../settings.py",
        "/static/..%2f..%2f..%2fetc/passwd",
        "/static/%2e%2e/%2e%2e/etc/passwd",
        "/static//etc/passwd",
        "/static/..\\..\\etc\\passwd",
        "/static/app.css%00.png",
        "/posters/tmdb/..%2f..%2fencryption.key",
        "/posters/tmdb/%2e%2e",
        "/posters/tmdb/a.jpg%00",
        "/posters/tmdb/a.jpg?size=../../s",
        "/posters/shows/1?size=..%2f..%2f",
        "/calendar/..%2f..%2fetc%2fpasswd.ics",
        "/welcome/..%2f..%2fbase",
    ],
)
def test_no_path_leads_out_of_where_files_are(app: Flask, person: MakePerson, path: str) -> None:
    ann = person("ann", is_admin=True)
    answer = ann.browser.get(path)
    if answer.status_code == 308:
        answer = ann.browser.get(answer.location)
    assert answer.status_code in (400, 404) or answer.mimetype in ("image/svg+xml", "image/jpeg"), path
    assert "root:" not in answer.text


@pytest.mark.parametrize(
    "path", ["//shows", "///shows", "//evil.example/shows", "/shows//", "//evil.example/..//shows"]
)
def test_an_address_with_too_many_slashes_leads_to_no_other_host(app: Flask, person: MakePerson, path: str) -> None:
    ann = person("ann")
    answer = ann.browser.http.open(environ_overrides={"PATH_INFO": path, "RAW_URI": path, "REQUEST_URI": path})
    assert answer.status_code in (200, 308, 404)
    assert urlsplit(answer.headers.get("Location", "")).netloc in ("", "localhost")


def test_a_session_that_somebody_planted_is_not_taken_up(app: Flask, person: MakePerson) -> None:
    """Another service of the same machine can set cookies for its name: what it has set opens nothing after the sign-in."""
    person("ann")
    attacker, victim = Browser(app), Browser(app)
    attacker.get("/sign-in")
    planted = attacker.http.get_cookie("tellykeep")
    assert planted is not None
    victim.http.set_cookie("tellykeep", planted.value)
    assert victim.sign_in("ann").location == "/"
    own = victim.http.get_cookie("tellykeep")
    assert own is not None
    assert own.value != planted.value
    assert attacker.get("/").status_code == 302


def test_a_cookie_that_was_signed_out_is_worth_nothing_to_who_kept_it(app: Flask, person: MakePerson) -> None:
    ann = person("ann")
    kept = ann.browser.http.get_cookie("tellykeep")
    assert kept is not None
    ann.browser.send("/sign-out", "/")
    thief = Browser(app)
    thief.http.set_cookie("tellykeep", kept.value)
    assert thief.get("/").status_code == 302
    assert thief.get("/api/shows").status_code == 401
    headers = {"X-CSRFToken": ann.csrf}
    assert thief.http.post("/api/plex/config", json={"enabled": False}, headers=headers).status_code in (401, 405)


def test_no_page_is_kept_by_anything_between(app: Flask, person: MakePerson) -> None:
    """Nor by the browser, for whoever presses Back after the sign-out."""
    ann = person("ann", is_admin=True)
    wrong = []
    for route in routes_of(app):
        if route.is_safe and route.access != "open":
            answer = ann.browser.http.get(route.path(**ann.owns))
            kept = answer.headers.get("Cache-Control", "")
            if "no-store" not in kept and "private" not in kept:
                wrong.append((str(route), kept))
    assert wrong == []


@pytest.mark.parametrize("sent", ["9" * 5000, str(2**63), "1,x", "-1", "\u0661"])
def test_a_list_of_numbers_that_are_none_is_no_fault_of_ours(app: Flask, person: MakePerson, sent: str) -> None:
    """Python makes no number of thousands of digits."""
    ann = person("ann")
    form = {"csrf_token": ann.csrf, "season": "1", "again": sent}
    assert ann.browser.http.post(f"/shows/{ann.owns['tvshow_id']}/undo", data=form).status_code == 303
