"""`/api/openapi.json` and `/api/docs`: the description of the API, made from the routes and their models."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from flask import Blueprint, Flask, Response, current_app, jsonify, render_template, request
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from app.api import answers
from app.api.contract import Operation

# No account needed: it describes the program, not what is in it.
blueprint = Blueprint("api_openapi", __name__, url_prefix="/api")

_REF = "#/components/schemas/{model}"
_TAGS = {
    "api_shows": "Shows",
    "api_plays": "Shows",
    "api_search": "Shows",
    "api_export": "Shows",
    "api_config": "Connection",
    "api_conflicts": "Conflicts",
    "api_mappings": "Mappings",
    "api_numbering": "Mappings",
    "api_logs": "Log",
    "api_history": "History",
    "api_stats": "Figures",
    "webhook": "Webhook",
    "api_jobs": "Monitoring",
    "metrics": "Monitoring",
    "health": "Monitoring",
    "api_openapi": "Description",
}
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

# Routes that read their requests themselves.
_THEMSELVES = {
    "webhook.take_webhook": Operation(
        "Take a message of a Plex server",
        "multipart/form-data with a part named payload (and perhaps a picture in a part named thumb), or plain JSON."
        " 2xx means that it is kept.",
        answer=answers.WebhookOutcome,
        errors={
            202: "It is kept, and waits for a look-up or, with the action spooled and no log_id, for the database.",
            400: "It cannot be read as a message of Plex.",
            401: "The secret is missing or not known.",
            413: "It is larger than 5 MiB.",
            415: "It is neither multipart/form-data nor JSON.",
            429: "Too many; Retry-After says when to try again.",
            503: "Neither the database nor the spool could keep it.",
        },
        scope="webhook",
    ),
    "health.alive": Operation("Whether the process is alive", answer=answers.Health, scope="public"),
    "health.ready": Operation(
        "Whether an event that came now would be kept",
        answer=answers.Health,
        errors={503: "It would not; reason says why."},
        scope="public",
    ),
    "metrics.figures": Operation(
        "Figures for Prometheus",
        "In its text format. Addresses of the own network need no token.",
        errors={401: "It is asked from elsewhere, without a valid token."},
        scope="public",
    ),
    "api_openapi.document": Operation("This description, as OpenAPI 3.1", scope="public"),
    "api_openapi.docs": Operation("This description, to read", scope="public"),
}


@blueprint.get("/openapi.json")
def document() -> Response:
    """For programs."""
    return jsonify(_kept().document | {"servers": [{"url": request.url_root.rstrip("/")}]})


@blueprint.get("/docs")
def docs() -> str:
    """For people; no script, nothing from elsewhere."""
    kept = _kept()
    return render_template("api/docs.html", api=kept.document, sections=kept.sections, models=kept.models)


@dataclass(frozen=True)
class _Description:
    """What is the same for everybody, made at the first question: anybody may ask, and it takes a tenth of a second."""

    document: dict[str, Any]
    sections: dict[str, list[dict[str, Any]]]
    models: dict[str, dict[str, Any]]


def _kept() -> _Description:
    kept: _Description | None = current_app.extensions.get("tellykeep.description")
    if kept is None:
        described = describe(current_app)
        kept = _Description(described, _sections(described), _models(described))
        current_app.extensions["tellykeep.description"] = kept
    return kept


@dataclass(frozen=True)
class Route:
    """One method of one address.

    Attributes:
        method: in capitals.
        path: in OpenAPI's notation.
        endpoint: Flask's name for it.
        operation: what it takes and answers; None where nothing describes it.
    """

    method: str
    path: str
    endpoint: str
    operation: Operation | None


def routes(app: Flask) -> list[Route]:
    """Every route under /api and of the monitors, in the order of their addresses."""
    found = []
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)
        if path.startswith("/api/") or rule.endpoint.startswith(("health.", "metrics.")):
            view = app.view_functions[rule.endpoint]
            operation = getattr(view, "operation", None) or _THEMSELVES.get(rule.endpoint)
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                found.append(Route(method, path, rule.endpoint, operation))
    return sorted(found, key=lambda route: (route.path, route.method))


def describe(app: Flask) -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    paths: dict[str, Any] = {}
    for route in routes(app):
        if route.operation is not None:
            paths.setdefault(route.path, {})[route.method.lower()] = _describe_operation(route, route.operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tellykeep",
            "version": version("tellykeep"),
            "description": "Keeps a TV tracker in step with Plex. Moments are in ISO 8601 and UTC."
            " A list goes on with the next of its answer. What belongs to somebody else is not there (404).",
        },
        "servers": [],
        "paths": paths,
        "components": {"schemas": _schemas(app), "securitySchemes": _SECURITY},
    }


_SECURITY = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API token, as tellykeep token create NAME makes it. One of scope read may only read.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "tellykeep",
        "description": "The cookie of a signed-in browser. What changes anything also needs the header X-CSRFToken.",
    },
    "webhook_secret": {
        "type": "apiKey",
        "in": "query",
        "name": "secret",
        "description": "The secret of a webhook's address, as GET /api/plex/config tells it.",
    },
}
_SECURITY_OF_SCOPE: dict[str, list[dict[str, list[str]]]] = {
    "public": [],
    "webhook": [{"webhook_secret": []}],
    "read": [{"token": []}, {"session": []}],
    "write": [{"token": []}, {"session": []}],
}


def _describe_operation(route: Route, operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": route.endpoint.removeprefix("api_").replace(".", "_"),
        "summary": operation.summary,
        "tags": [_TAGS[route.endpoint.partition(".")[0]]],
        "security": _SECURITY_OF_SCOPE[operation.scope],
    }
    if operation.description:
        described["description"] = operation.description
    parameters = _path_parameters(route.path) + _query_parameters(operation)
    if parameters:
        described["parameters"] = parameters
    if operation.body is not None:
        described["requestBody"] = {
            "required": any(field.is_required() for field in operation.body.model_fields.values()),
            "content": {"application/json": {"schema": _reference(operation.body)}},
        }
    elif operation.scope == "webhook":
        described["requestBody"] = _WEBHOOK_BODY
    described["responses"] = _responses(route, operation)
    return described


_WEBHOOK_BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["payload"],
                "properties": {
                    "payload": {"type": "string", "description": "Plex's message, in JSON."},
                    "thumb": {"type": "string", "format": "binary"},
                },
            }
        },
        "application/json": {"schema": {"type": "object", "description": "Plex's message."}},
    },
}


def _path_parameters(path: str) -> list[dict[str, Any]]:
    names = re.findall(r"{([^}]+)}", path)
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "integer", "minimum": 0}} for name in names
    ]


def _query_parameters(operation: Operation) -> list[dict[str, Any]]:
    if operation.query is None:
        return []
    schema = _plain(operation.query.model_json_schema(ref_template=_REF))
    required = schema.get("required", [])
    parameters = []
    for name, optional in schema["properties"].items():
        # An address has no null: a parameter that may be left out is of its one other kind.
        kinds = [kind for kind in optional.get("anyOf", []) if kind != {"type": "null"}]
        field = kinds[0] if len(kinds) == 1 else optional
        parameter = {"name": name, "in": "query", "required": name in required, "schema": field}
        if "description" in field:
            parameter["description"] = field.pop("description")
        parameters.append(parameter)
    return parameters


def _responses(route: Route, operation: Operation) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "Done." if operation.status != 200 else "As asked."}
    if operation.answer is not None:
        good["content"] = {"application/json": {"schema": _reference(operation.answer)}}
    responses = {str(int(operation.status)): good}
    errors: dict[int, str] = {}
    if operation.scope in ("read", "write"):
        errors[401] = "Nobody is signed in, or the token is not known."
        if route.method not in _SAFE_METHODS:
            errors[403] = "The token may only read, or the CSRF token is missing."
        if "{" in route.path:
            errors[404] = "It is not there, or belongs to somebody else."
        if operation.body is not None or operation.query is not None:
            errors[400] = "A value cannot be taken; fields says which."
        if operation.body is not None:
            errors[415] = "The body does not say that it is JSON."
        errors[503] = "The database does not answer."
    for status, meaning in sorted((errors | dict(operation.errors)).items()):
        model = operation.answer if operation.answer and (status < 300 or "health" in route.endpoint) else answers.Error
        responses[str(status)] = {
            "description": meaning,
            "content": {"application/json": {"schema": _reference(model)}},
        }
    return responses


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REF.format(model=model.__name__)}


def _schemas(app: Flask) -> dict[str, Any]:
    """Every model that an operation mentions, and what those are made of."""
    bodies: set[type[BaseModel]] = set()
    given: set[type[BaseModel]] = {answers.Error}
    for route in routes(app):
        operation = route.operation
        if operation is not None:
            bodies |= {operation.body} if operation.body else set()
            given |= {operation.answer} if operation.answer else set()
    wanted = [(model, "validation") for model in bodies] + [(model, "serialization") for model in given]
    wanted.sort(key=lambda pair: pair[0].__name__)
    _, schema = models_json_schema(wanted, ref_template=_REF)  # type: ignore[arg-type] # the two modes are literals
    return {name: _plain(model) for name, model in sorted(schema["$defs"].items())}


def _plain(schema: Any) -> Any:
    """Without pydantic's titles, which repeat the names, and without the "null" that stands for "not given"."""
    if isinstance(schema, list):
        return [_plain(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {}
    for name, part in schema.items():
        if name == "properties":
            plain[name] = {field: _plain(inner) for field, inner in part.items()}
        elif not (name == "title" and isinstance(part, str)) and not (name == "default" and part is None):
            plain[name] = _plain(part)
    return plain


def _sections(described: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """For the page: the operations of each tag, in the order of the tags, with their fields as rows."""
    sections: dict[str, list[dict[str, Any]]] = {tag: [] for tag in _TAGS.values()}
    schemas = described["components"]["schemas"]
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            body = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
            good, answer = _good_answer(operation)
            sections[operation["tags"][0]].append(
                {
                    "id": operation["operationId"],
                    "method": method.upper(),
                    "path": path,
                    "operation": operation,
                    "parameters": [
                        {
                            "name": p["name"],
                            "where": p["in"],
                            "kind": kind_of(p["schema"]),
                            "about": p.get("description", ""),
                        }
                        for p in operation.get("parameters", [])
                    ],
                    "body": _rows(schemas.get(body, {})),
                    "good": good,
                    "answer": answer,
                }
            )
    return {tag: found for tag, found in sections.items() if found}


def _models(described: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """For the page: name of each kind of object to what it is about and its fields."""
    return {
        name: {"about": schema.get("description", ""), "rows": _rows(schema)}
        for name, schema in described["components"]["schemas"].items()
    }


def _good_answer(operation: dict[str, Any]) -> tuple[str, str]:
    """Status of the good answer, and the name of the object that it holds ("" for none)."""
    status = min(operation["responses"])
    schema = operation["responses"][status].get("content", {}).get("application/json", {}).get("schema", {})
    return status, str(schema.get("$ref", "")).rpartition("/")[2]


def _rows(schema: dict[str, Any]) -> list[dict[str, Any]]:
    required = schema.get("required", [])
    return [
        {"name": name, "kind": kind_of(field), "required": name in required, "about": field.get("description", "")}
        for name, field in schema.get("properties", {}).items()
    ]


def kind_of(schema: dict[str, Any]) -> str:
    """A schema in a few words, such as `integer, 1 to 200` or `list of Show`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(kind_of(part) for part in schema["anyOf"]))
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    kind = str(schema.get("type", "anything"))
    if kind == "array":
        return f"list of {kind_of(schema.get('items', {}))}"
    if kind == "object" and "additionalProperties" in schema and isinstance(schema["additionalProperties"], dict):
        return f"object of {kind_of(schema['additionalProperties'])}"
    words = {"string": "text", "boolean": "true or false"}.get(kind, kind)
    words = {"date-time": "moment", "date": "date", "uuid": "UUID"}.get(schema.get("format", ""), words)
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f"{words}, {low} to {high}"
    if "maxLength" in schema:
        return f"{words}, at most {schema['maxLength']} characters"
    return words
