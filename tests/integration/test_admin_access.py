"""What only an administrator may open."""

from __future__ import annotations

import pytest
from flask import Blueprint, Flask, jsonify
from flask.testing import FlaskClient

from app import create_app
from app.security import accounts
from app.security.access import current_identity, guard_admin, guard_api
from app.services import Services
from tests.integration.browser import PASSWORD, Browser

pytestmark = pytest.mark.usefixtures("cheap_passwords")


@pytest.fixture
def app(services: Services) -> Flask:
    """The application with a page and a route of administrators; olga is one, mira is not."""
    page = Blueprint("boiler_room", __name__, url_prefix="/boiler-room")
    guard_admin(page)
    route = Blueprint("api_boiler_room", __name__, url_prefix="/api/boiler-room")
    guard_api(route)
    guard_admin(route)

    def who() -> object:
        return jsonify(name=current_identity().username)

    for blueprint in (page, route):
        blueprint.add_url_rule("", view_func=who, methods=["GET", "POST"])
    app = create_app(services)
    app.register_blueprint(page)
    app.register_blueprint(route)
    accounts.create_user(services, "olga", PASSWORD, is_admin=True)
    accounts.create_user(services, "mira", PASSWORD)
    return app


def _signed_in(app: Flask, username: str) -> Browser:
    browser = Browser(app)
    assert browser.sign_in(username).status_code == 302
    return browser


def _bearer(services: Services, username: str, scope: str = "write") -> dict[str, str]:
    return {"Authorization": f"Bearer {accounts.create_token(services, username, scope=scope)}"}  # type: ignore[arg-type]


def test_an_administrator_opens_the_page(app: Flask) -> None:
    assert _signed_in(app, "olga").get("/boiler-room").json == {"name": "olga"}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_another_account_is_refused_with_a_page(app: Flask, method: str) -> None:
    browser = _signed_in(app, "mira")
    token = browser.fields("/", "/sign-out")["csrf_token"]

    answer = browser.http.open("/boiler-room", method=method, data={"csrf_token": token} if method == "POST" else None)

    assert answer.status_code == 403
    assert "This is for administrators." in answer.text


def test_a_stranger_is_sent_to_the_sign_in(app: Flask) -> None:
    assert Browser(app).get("/boiler-room").location == "/sign-in?next=/boiler-room"


def test_an_administrators_form_needs_the_csrf_token(app: Flask) -> None:
    browser = _signed_in(app, "olga")

    assert browser.http.post("/boiler-room").status_code == 403
    token = browser.fields("/", "/sign-out")["csrf_token"]
    assert browser.http.post("/boiler-room", data={"csrf_token": token}).status_code == 200


def test_a_route_of_the_api_answers_in_the_apis_way(app: Flask, services: Services) -> None:
    http: FlaskClient = app.test_client()

    assert http.get("/api/boiler-room").status_code == 401
    refused = http.get("/api/boiler-room", headers=_bearer(services, "mira"))
    assert refused.status_code == 403
    assert refused.json is not None
    assert refused.json["error"]["message"] == "this is for administrators"
    assert http.get("/api/boiler-room", headers=_bearer(services, "olga", "read")).status_code == 200
    assert http.post("/api/boiler-room", headers=_bearer(services, "olga", "read")).status_code == 403
    assert http.post("/api/boiler-room", headers=_bearer(services, "olga")).status_code == 200


def test_who_is_no_administrator_any_more_is_refused_at_once(app: Flask, services: Services) -> None:
    browser = _signed_in(app, "olga")
    with services.db.connection() as connection:
        connection.execute("update users set is_admin = false where username = 'olga'")

    assert browser.get("/boiler-room").status_code == 403
