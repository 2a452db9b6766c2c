"""`/api/openapi.json` and `/api/docs`: every route is described, and what is described is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.api import openapi

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    response = client.get("/api/openapi.json")
    assert (response.status_code, response.mimetype) == (200, "application/json")
    return dict(response.get_json())


def routes(client: FlaskClient) -> set[tuple[str, str]]:
    """Method and path of every route under /api and of the monitors, from the URL map itself."""
    return {
        (method.lower(), re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule))
        for rule in client.application.url_map.iter_rules()
        if rule.rule.startswith(("/api/", "/healthz", "/readyz", "/metrics"))
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def parts(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from parts(part)


def test_every_route_is_described_and_every_description_has_a_route(
    client: FlaskClient, document: dict[str, Any]
) -> None:
    described = {(method, path) for path, methods in document["paths"].items() for method in methods}
    assert described == routes(client)
    assert ("put", "/api/shows/{tvshow_id}/episodes/{season}/{episode}") in described


def test_an_undescribed_route_would_be_noticed(client: FlaskClient) -> None:
    app = client.application
    app.add_url_rule("/api/secret-door", "secret_door", lambda: "", methods=["POST"])
    assert [route.operation for route in openapi.routes(app) if route.path == "/api/secret-door"] == [None]
    assert ("post", "/api/secret-door") in routes(client)
    assert "/api/secret-door" not in client.get("/api/openapi.json").get_json()["paths"]


def test_routes_that_describe_themselves_elsewhere_are_there(client: FlaskClient) -> None:
    assert set(openapi._THEMSELVES) <= set(client.application.view_functions)


def test_the_document_is_whole(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    references = {part["$ref"] for part in parts(document) if isinstance(part.get("$ref"), str)}
    schemas = document["components"]["schemas"]
    assert {name.removeprefix("#/components/schemas/") for name in references} == set(schemas)
    schemes = document["components"]["securitySchemes"]
    ids = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert method in METHODS
            ids.append(operation["operationId"])
            assert {name for need in operation["security"] for name in need} <= set(schemes)
            assert {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"} == set(
                re.findall(r"{([^}]+)}", path)
            )
            assert any(status.startswith("2") for status in operation["responses"])
            if operation["security"] and "webhook_secret" not in operation["security"][0]:
                assert "401" in operation["responses"]
    assert len(ids) == len(set(ids))


def test_models_of_different_modules_do_not_share_a_name(document: dict[str, Any]) -> None:
    # pydantic tells them apart by the module's name, which would change the document whenever code moves.
    assert not [name for name in document["components"]["schemas"] if "__" in name]


def test_bodies_and_answers_are_described_by_their_models(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    post = document["paths"]["/api/shows"]["post"]
    assert post["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/NewShow")
    assert schemas["NewShow"]["properties"]["year"]["anyOf"][0] == {"maximum": 2200, "minimum": 1800, "type": "integer"}
    assert schemas["NewShow"]["additionalProperties"] is False
    assert post["responses"]["201"]["content"]["application/json"]["schema"]["$ref"].endswith("/ShowAlone")
    assert set(post["responses"]) >= {"201", "400", "401", "403", "409", "415", "422"}
    parameters = {p["name"]: p for p in document["paths"]["/api/plex/logs"]["get"]["parameters"]}
    assert set(parameters) == {"limit", "next", "before", "status", "event", "q"}
    assert "an id" in parameters["before"]["description"]
    assert "failed" in parameters["status"]["schema"]["enum"]
    assert not [part for part in parts(schemas["ConfigChanges"]) if "default" in part]


def test_the_page_tells_the_same_without_script_or_anything_from_elsewhere(
    client: FlaskClient, document: dict[str, Any]
) -> None:
    response = client.get("/api/docs")
    page = response.get_data(as_text=True)
    assert (response.status_code, response.mimetype) == (200, "text/html")
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert f"{method.upper()} {path}" in page
            assert f'id="{operation["operationId"]}"' in page
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=", page)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)
    policy = response.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    targets = set(re.findall(r'href="#([^"]+)"', page))
    assert targets <= set(re.findall(r'id="([^"]+)"', page))


def test_the_description_needs_no_account_and_no_database(client: FlaskClient) -> None:
    client.application.extensions["tellykeep"].db.close()
    assert client.get("/api/openapi.json").status_code == 200
    assert client.get("/api/docs").status_code == 200


def test_it_is_made_once_whoever_asks_however_often(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes a tenth of a second, and needs no account."""
    made = []
    real = openapi.describe
    monkeypatch.setattr(openapi, "describe", lambda app: made.append(app) or real(app))
    for host in ("nas.lan", "tv.example.org"):
        document = client.get("/api/openapi.json", headers={"Host": host}).get_json()
        assert document["servers"] == [{"url": f"http://{host}"}]
        assert client.get("/api/docs").status_code == 200
    assert len(made) == 1
