"""Who may use the API: every route that there is, for strangers, wrong tokens, and tokens that may only read."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.api.contract import Operation
from app.api.openapi import routes
from app.security.accounts import create_token, create_user
from app.services import Services
from tests.conftest import Connection
from tests.integration.api_client import PASSWORD, ApiClient
from tests.watch_state import value


def guarded(app: Flask) -> list[tuple[str, str, Operation]]:
    """Method, an address and description of every route that asks who is there."""
    found = []
    for route in routes(app):
        assert route.operation is not None, f"{route.method} {route.path} is not described"
        if route.operation.scope in ("read", "write"):
            found.append((route.method, re.sub(r"{[^}]+}", "1", route.path), route.operation))
    return found


def statuses(client: ApiClient, *, only_unsafe: bool = False) -> dict[tuple[str, str], int]:
    """What each guarded route answers with, called without a body."""
    return {
        (method, path): client.send(method, path).status_code
        for method, path, _ in guarded(client.app)
        if not (only_unsafe and method == "GET")
    }


def test_a_route_that_changes_something_needs_the_scope_to_write(client: FlaskClient) -> None:
    found = guarded(client.application)
    assert len(found) >= 19
    for method, path, operation in found:
        assert operation.scope == ("read" if method == "GET" else "write"), (method, path)


def test_nobody_gets_in_without_an_account(client: FlaskClient) -> None:
    stranger = ApiClient(client.application, None, 0, client, {})
    assert set(statuses(stranger).values()) == {401}
    response = stranger.send("GET", "/api/shows")
    assert response.get_json()["error"]["code"] == "unauthorized"
    assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer ", "Basic YTpi", "Bearer \u00e9", "nonsense"])
def test_a_wrong_token_gets_in_nowhere(client: FlaskClient, header: str) -> None:
    stranger = ApiClient(client.application, None, 0, client, {"Authorization": header})
    assert set(statuses(stranger).values()) == {401}


def test_an_expired_token_gets_in_nowhere(ann: ApiClient, services: Services) -> None:
    ann.token = create_token(services, "ann", scope="write", expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert set(statuses(ann).values()) == {401}


def test_a_token_that_may_only_read_changes_nothing(ann: ApiClient, services: Services, conn: Connection) -> None:
    ann.token = create_token(services, "ann", scope="read")
    before = value(conn, "select webhook_secret_hash from plex_config")
    assert set(statuses(ann, only_unsafe=True).values()) == {403}
    assert value(conn, "select webhook_secret_hash from plex_config") == before
    assert ann.call("GET", "/api/shows") == {"shows": [], "next": None}


def assert_let_in_everywhere(answers: dict[tuple[str, str], int]) -> None:
    """What is asked for has no body and names nothing that is there. Who has no Plex token has no history to read: 422."""
    assert {path for (_, path), status in answers.items() if status == 422} <= {
        "/api/plex/history/import",
        "/api/plex/history/catch-up",
    }
    assert set(answers.values()) <= {200, 400, 404, 422}


def test_a_token_that_may_write_passes_everywhere(ann: ApiClient) -> None:
    assert_let_in_everywhere(statuses(ann))


@pytest.fixture
def browser(client: FlaskClient, services: Services) -> ApiClient:
    """A browser that has signed in, with the CSRF token of its page."""
    user_id = create_user(services, "sam", PASSWORD)
    form = client.get("/sign-in").get_data(as_text=True)
    client.post("/sign-in", data={"username": "sam", "password": PASSWORD, "csrf_token": csrf_token(form)})
    page = client.get("/").get_data(as_text=True)
    return ApiClient(client.application, None, user_id, client, {"X-CSRFToken": csrf_token(page)})


def csrf_token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_a_session_with_its_csrf_token_passes_everywhere(browser: ApiClient, conn: Connection) -> None:
    assert_let_in_everywhere(statuses(browser))
    show = browser.call("POST", "/api/shows", {"title": "X"}, status=201)
    assert value(conn, "select user_id from tvshows where id = %s", (show["id"],)) == browser.user_id


@pytest.mark.parametrize("headers", [{}, {"X-CSRFToken": ""}, {"X-CSRFToken": "ImFiYyI.aaaa.bbbb"}])
def test_a_session_without_its_csrf_token_only_reads(browser: ApiClient, headers: dict[str, str]) -> None:
    browser.headers = headers
    assert set(statuses(browser, only_unsafe=True).values()) == {403}
    browser.call("GET", "/api/shows")


def test_a_wrong_token_is_refused_though_there_is_a_session(browser: ApiClient) -> None:
    browser.headers |= {"Authorization": "Bearer wrong"}
    browser.call("GET", "/api/shows", status=401)


def test_unknown_addresses_and_methods_answer_in_json(ann: ApiClient) -> None:
    assert ann.call("GET", "/api/nothing", status=404)["error"]["code"] == "not_found"
    assert ann.call("PUT", "/api/shows", {}, status=405)["error"]["code"] == "method_not_allowed"
    assert "GET" in ann.send("PUT", "/api/shows").headers["Allow"]


def test_no_answer_is_kept_by_a_cache(ann: ApiClient) -> None:
    assert ann.send("GET", "/api/plex/config").headers["Cache-Control"] == "no-store"
