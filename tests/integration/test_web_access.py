"""Who may pass the API's guard, and in which order it checks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Blueprint, Flask, g, jsonify
from flask.testing import FlaskClient

from app import create_app
from app.errors import Invalid, NotFound
from app.security import accounts
from app.security.access import current_identity, guard_api
from app.services import Services
from tests.conftest import Connection
from tests.integration.browser import PASSWORD, Browser

pytestmark = pytest.mark.usefixtures("cheap_passwords")


@pytest.fixture
def app(services: Services) -> Flask:
    """The application with a route of its own that tells who it was called by."""
    blueprint = Blueprint("who", __name__, url_prefix="/api/who")
    guard_api(blueprint)

    @blueprint.route("", methods=["GET", "POST"])
    def who() -> object:
        identity = current_identity()
        assert g.identity is identity
        return jsonify(name=identity.username, scope=identity.scope, via=identity.via)

    app = create_app(services)
    app.register_blueprint(blueprint)
    return app


@pytest.fixture
def user_id(services: Services) -> int:
    return accounts.create_user(services, "mira", PASSWORD)


@pytest.fixture
def http(app: Flask, user_id: int) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def browser(app: Flask, user_id: int) -> Browser:
    browser = Browser(app)
    browser.sign_in("mira")
    return browser


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "headers", [{}, _bearer("tk_wrong"), {"Authorization": "Basic bWlyYTp4"}, _bearer(""), {"Authorization": "Bearer"}]
)
def test_nobody_known_is_401_with_the_scheme(http: FlaskClient, method: str, headers: dict[str, str]) -> None:
    answer = http.open("/api/who", method=method, headers=headers)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json is not None
    assert answer.json["error"]["code"] == "unauthorized"


def test_a_token_tells_who_it_is(http: FlaskClient, services: Services) -> None:
    token = accounts.create_token(services, "MIRA", scope="write")

    assert http.post("/api/who", headers=_bearer(token)).json == {"name": "mira", "scope": "write", "via": "token"}


def test_a_reading_token_may_not_write(http: FlaskClient, services: Services) -> None:
    token = accounts.create_token(services, "mira")

    assert http.get("/api/who", headers=_bearer(token)).status_code == 200
    refused = http.post("/api/who", headers=_bearer(token))
    assert refused.status_code == 403
    assert refused.json is not None
    assert refused.json["error"]["message"] == "this token may only read"


def test_a_token_needs_no_csrf_token(http: FlaskClient, services: Services) -> None:
    token = accounts.create_token(services, "mira", scope="write")

    assert http.post("/api/who", headers=_bearer(token), json={}).status_code == 200


def test_a_session_reads_without_and_writes_with_a_csrf_token(browser: Browser) -> None:
    assert browser.get("/api/who").json == {"name": "mira", "scope": "write", "via": "session"}
    assert browser.http.post("/api/who").status_code == 403
    assert browser.http.post("/api/who", headers={"X-CSRFToken": "guessed"}).status_code == 403

    token = browser.fields("/", "/sign-out")["csrf_token"]
    assert browser.http.post("/api/who", headers={"X-CSRFToken": token}).status_code == 200


def test_the_csrf_token_of_another_session_is_refused(browser: Browser, app: Flask) -> None:
    other = Browser(app)
    other.sign_in("mira")
    token = other.fields("/", "/sign-out")["csrf_token"]

    assert browser.http.post("/api/who", headers={"X-CSRFToken": token}).status_code == 403


def test_a_wrong_token_is_not_saved_by_a_session_beside_it(browser: Browser) -> None:
    assert browser.get("/api/who", headers=_bearer("tk_wrong")).status_code == 401


def test_an_expired_token_is_nobodys(http: FlaskClient, services: Services) -> None:
    past = datetime.now(UTC) - timedelta(seconds=1)
    token = accounts.create_token(services, "mira", expires_at=past)

    assert http.get("/api/who", headers=_bearer(token)).status_code == 401


def test_a_deleted_account_takes_its_tokens_and_sessions_along(
    browser: Browser, services: Services, conn: Connection
) -> None:
    token = accounts.create_token(services, "mira")
    conn.execute("delete from users where username = 'mira'")

    assert browser.get("/api/who").status_code == 401
    assert accounts.identify_token(services, token) is None


def test_a_tokens_use_is_noted_once_a_minute_at_most(services: Services, user_id: int, conn: Connection) -> None:
    token = accounts.create_token(services, "mira")

    def noted(age: str | None) -> bool:
        conn.execute("update api_tokens set last_used_at = now() - %s::interval", (age,))
        accounts.identify_token(services, token)
        row = conn.execute("select last_used_at > now() - interval '5 s' as is_new from api_tokens").fetchone()
        assert row is not None
        return bool(row["is_new"])

    assert noted(None)
    assert not noted("50 seconds")
    assert noted("70 seconds")


def test_a_token_is_stored_as_a_hash_only(services: Services, user_id: int, conn: Connection) -> None:
    token = accounts.create_token(services, "mira", scope="write", name="kitchen")

    row = conn.execute("select name, scope, token_hash from api_tokens").fetchone()
    assert row == {"name": "kitchen", "scope": "write", "token_hash": accounts.token_hash(token)}
    assert len(token) >= 43


def test_tokens_for_nobody_or_of_an_unknown_scope_are_refused(services: Services, user_id: int) -> None:
    with pytest.raises(NotFound):
        accounts.create_token(services, "nobody")
    with pytest.raises(Invalid):
        accounts.create_token(services, "mira", scope="admin")  # type: ignore[arg-type]
    with pytest.raises(Invalid):
        accounts.create_token(services, "mira", name="x" * 101)
