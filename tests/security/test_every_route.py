"""Every route there is, for everybody who should not get in: what each is answered is derived from the route's guard.

A new route is in these tests as soon as it exists. One without a guard fails until tests.security.routes says why.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.security import accounts
from app.services import Services
from tests.conftest import Connection
from tests.integration.browser import Browser
from tests.security.conftest import Person
from tests.security.possessions import everything_of
from tests.security.routes import OPEN, Route, routes_of

MakePerson = Callable[..., Person]
EVIL = {"Origin": "https://evil.example", "Referer": "https://evil.example/trap"}

# What a route that changes something has to be told before it looks for whose it is. Everything else is asked with nothing.
BODIES: dict[str, dict[str, Any]] = {
    "POST /api/plex/conflicts/<id:conflict_id>/resolve": {"action": "ignore"},
    "PUT /api/shows/<id:tvshow_id>/episodes/<id:season>/<id:episode>": {"watched": True},
    "PUT /api/shows/<id:tvshow_id>/seasons/<id:season>": {"watched": True},
    "POST /api/plex/mappings/<id:mapping_id>/rules": {"rules": [{"plex_season": 2, "season": 1}]},
    "POST /api/plex/mappings/<id:mapping_id>/rules/preview": {"rules": [{"plex_season": 2, "season": 1}]},
    "PATCH /api/plex/mappings/<id:mapping_id>": {"sync_enabled": False},
    "PATCH /api/shows/<id:tvshow_id>": {"title": "Taken over"},
    "PATCH /api/shows/<id:tvshow_id>/plays/<id:play_id>": {"watched_at": "2024-05-01T20:00:00Z"},
}
FORMS: dict[str, dict[str, str]] = {
    "POST /conflicts/<int:conflict_id>/answer": {"action": "ignore"},
    "POST /mappings/<int:mapping_id>/change": {"action": "select", "tvshow_id": "1"},
    "POST /mappings/<int:mapping_id>/rules": {"plex_season": "2", "season": "1"},
}


def ask(browser: Browser, route: Route, headers: dict[str, str] | None = None, **values: object) -> TestResponse:
    """Calls a route with what it needs."""
    options: dict[str, Any] = {"headers": headers or {}}
    if not route.is_safe:
        if "api" in route.access:
            options["json"] = BODIES.get(str(route), {})
        else:
            options["data"] = FORMS.get(str(route), {})
    return browser.http.open(route.path(**values), method=route.method, **options)


def test_every_route_has_a_guard_or_a_reason_to_have_none(app: Flask) -> None:
    open_routes = {route.rule.endpoint for route in routes_of(app) if route.access == "open"}
    assert open_routes == set(OPEN)
    assert len(routes_of(app)) > 80


def test_nothing_that_changes_anything_is_asked_for_by_reading(app: Flask) -> None:
    """A link, an image or a prefetch of a browser can then change nothing."""
    both = [rule.rule for rule in app.url_map.iter_rules() if {"GET", "POST"} <= (rule.methods or set())]
    assert both == []


def expected_of_a_stranger(route: Route) -> set[int]:
    if "api" in route.access:
        return {HTTPStatus.UNAUTHORIZED}
    if "page" in route.access:
        return {HTTPStatus.FOUND}
    if route.access == "form":
        # A calendar's token, or a form that is not there any more, is not found.
        return {HTTPStatus.OK, HTTPStatus.FOUND, HTTPStatus.NOT_FOUND} if route.is_safe else {HTTPStatus.FORBIDDEN}
    return {200, 304, 401, 403, 404, 503} if route.rule.endpoint != "webhook.take_webhook" else {401}


def test_a_stranger_gets_in_nowhere(app: Flask, person: MakePerson) -> None:
    ann = person("ann")
    stranger = Browser(app)
    wrong = []
    for route in routes_of(app):
        answer = ask(stranger, route, **ann.owns)
        if answer.status_code not in expected_of_a_stranger(route):
            wrong.append((str(route), answer.status_code))
        if "page" in route.access and not answer.headers.get("Location", "").startswith("/sign-in"):
            wrong.append((str(route), answer.headers.get("Location")))
    assert wrong == []


def test_what_belongs_to_somebody_else_is_not_there(app: Flask, person: MakePerson, conn: Connection) -> None:
    ann, bob = person("ann"), person("bob")
    before = everything_of(conn, ann.user_id)
    wrong, tried = [], 0
    for route in routes_of(app):
        if not route.ids or "admin" in route.access:
            continue
        assert not set(route.ids) - set(ann.owns), f"{route}: tests.security.possessions gives nobody one"
        tried += 1
        answer = ask(bob.browser, route, {"X-CSRFToken": bob.csrf}, **ann.owns)
        if answer.status_code != HTTPStatus.NOT_FOUND:
            wrong.append((str(route), answer.status_code, answer.get_data(as_text=True)[:120]))
    assert wrong == []
    assert tried > 40
    assert everything_of(conn, ann.user_id) == before


def test_ones_own_is_there(app: Flask, person: MakePerson) -> None:
    """Else the test above would pass for a route that finds nothing at all."""
    ann = person("ann")
    wrong = []
    for route in routes_of(app):
        if route.ids and route.is_safe and "admin" not in route.access:
            answer = ask(ann.browser, route, **ann.owns)
            if answer.status_code not in (200, 302, 422):
                wrong.append((str(route), answer.status_code))
    assert wrong == []


@pytest.mark.parametrize("number", [2**31, 2**63 - 1, 2**63, 10**30])
def test_numbers_that_no_row_can_have_are_not_there(app: Flask, person: MakePerson, number: int) -> None:
    ann = person("ann", is_admin=True)
    wrong = []
    for route in routes_of(app):
        if route.ids:
            answer = ask(ann.browser, route, {"X-CSRFToken": ann.csrf}, **dict.fromkeys(route.rule.arguments, number))
            # A number that no address can hold leaves other methods of the API's other addresses.
            if answer.status_code not in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
                wrong.append((str(route), answer.status_code))
    assert wrong == []


def test_only_administrators_administer(app: Flask, person: MakePerson, conn: Connection) -> None:
    root, bob = person("root", is_admin=True), person("bob")
    before = everything_of(conn, root.user_id)
    wrong, tried = [], 0
    for route in routes_of(app):
        if "admin" in route.access:
            tried += 1
            answer = ask(bob.browser, route, {"X-CSRFToken": bob.csrf}, **root.owns)
            if answer.status_code != HTTPStatus.FORBIDDEN:
                wrong.append((str(route), answer.status_code))
    assert wrong == []
    assert tried >= 9
    assert everything_of(conn, root.user_id) == before


def token_of(services: Services, name: str, **more: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {accounts.create_token(services, name, **more)}"}


def test_a_token_that_may_read_changes_nothing(
    app: Flask, person: MakePerson, services: Services, conn: Connection
) -> None:
    ann = person("ann", is_admin=True)
    header = token_of(services, "ann", scope="read")
    before = everything_of(conn, ann.user_id)
    before.pop("api_tokens")
    stranger = Browser(app)
    wrong = []
    for route in routes_of(app):
        if "api" in route.access and not route.is_safe:
            answer = ask(stranger, route, header, **ann.owns)
            if answer.status_code != HTTPStatus.FORBIDDEN:
                wrong.append((str(route), answer.status_code))
    assert wrong == []
    after = everything_of(conn, ann.user_id)
    after.pop("api_tokens")
    assert after == before


def test_a_token_opens_no_page(app: Flask, person: MakePerson, services: Services) -> None:
    ann = person("ann", is_admin=True)
    header = token_of(services, "ann", scope="write")
    wrong = []
    for route in routes_of(app):
        if "page" in route.access and ask(Browser(app), route, header, **ann.owns).status_code != HTTPStatus.FOUND:
            wrong.append(str(route))
    assert wrong == []


@pytest.mark.parametrize("header", ["expired", "revoked", "wrong"])
def test_a_token_that_is_none_any_more_gets_in_nowhere(
    app: Flask, person: MakePerson, services: Services, conn: Connection, header: str
) -> None:
    ann = person("ann")
    expires = datetime.now(UTC) - timedelta(seconds=1) if header == "expired" else None
    sent = token_of(services, "ann", scope="write", expires_at=expires)
    if header == "revoked":
        conn.execute("delete from api_tokens where user_id = %s", (ann.user_id,))
    elif header == "wrong":
        sent = {"Authorization": "Bearer tk_wrong"}
    wrong = []
    for route in routes_of(app):
        if "api" in route.access:
            answer = ask(Browser(app), route, sent, **ann.owns)
            if answer.status_code != HTTPStatus.UNAUTHORIZED:
                wrong.append((str(route), answer.status_code))
    assert wrong == []


@pytest.mark.parametrize("headers", [{}, {"X-CSRFToken": "ImFiYyI.aaaa.bbbb"}, EVIL])
def test_a_session_alone_changes_nothing(
    app: Flask, person: MakePerson, conn: Connection, headers: dict[str, str]
) -> None:
    """What another site can bring about in somebody's browser: it sends the cookie along, and has no token."""
    ann = person("ann", is_admin=True)
    before = everything_of(conn, ann.user_id)
    wrong = []
    for route in routes_of(app):
        if route.is_safe or route.access == "open":
            continue
        answer = ask(ann.browser, route, headers, **ann.owns)
        if answer.status_code != HTTPStatus.FORBIDDEN:
            wrong.append((str(route), answer.status_code))
    assert wrong == []
    assert everything_of(conn, ann.user_id) == before


def test_no_answer_is_for_another_site(app: Flask, person: MakePerson) -> None:
    ann = person("ann", is_admin=True)
    wrong = []
    for route in routes_of(app):
        for method in {route.method, "OPTIONS"}:
            answer = ann.browser.http.open(
                route.path(**ann.owns),
                method=method,
                headers=EVIL | {"Access-Control-Request-Method": route.method},
            )
            wrong += [str(route) for name, _ in answer.headers if name.lower().startswith("access-control-")]
    assert wrong == []


def test_a_calendars_token_opens_that_calendar_and_nothing_else(app: Flask, person: MakePerson) -> None:
    ann = person("ann", is_admin=True)
    token = str(ann.owns["token"])
    sent = {"Authorization": f"Bearer {token}", "Cookie": f"tellykeep={token}", "X-CSRFToken": token}
    wrong, opened = [], 0
    for route in routes_of(app):
        if route.access == "open":
            continue
        stranger = Browser(app)
        answer = stranger.http.open(
            route.path(**ann.owns), method=route.method, headers=sent, query_string={"token": token}
        )
        if route.rule.endpoint == "calendar.feed":
            opened += answer.status_code == HTTPStatus.OK
        elif (route.access != "form" or not route.is_safe) and answer.status_code not in (302, 401, 403):
            wrong.append((str(route), answer.status_code))
    assert wrong == []
    assert opened == 1
