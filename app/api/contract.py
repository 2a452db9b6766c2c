"""What an API route takes and answers, said once: the same words check the request and make the OpenAPI document."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from http import HTTPStatus
from typing import Any, NoReturn, TypeVar

from flask import Blueprint, Flask, Response, jsonify, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import UnsupportedMediaType
from werkzeug.routing import IntegerConverter
from werkzeug.routing import ValidationError as NoMatch

from app.api.fields import HIGHEST_ID, Body, Query, zone_of
from app.errors import Invalid
from app.security.access import current_identity, guard_api

_MOST_FIELDS = 50
_LONGEST_FIELD_NAME = 100

Model = TypeVar("Model", bound=BaseModel)
View = Callable[..., Any]


@dataclass(frozen=True)
class Operation:
    """One method of one route.

    Attributes:
        summary: one line.
        description: what else there is to know; Markdown is not used.
        body, query: what the request holds; None for nothing.
        answer: what a good answer holds; None for an empty one.
        status: of a good answer.
        errors: further statuses, and when they come.
        scope: `public`, or what a token must be allowed to do: `read`, `write`.
    """

    summary: str
    description: str = ""
    body: type[Body] | None = None
    query: type[Query] | None = None
    answer: type[BaseModel] | None = None
    status: int = HTTPStatus.OK
    errors: Mapping[int, str] = field(default_factory=dict)
    scope: str = "read"


class IdConverter(IntegerConverter):
    """A number in an address. What no bigint can hold is not there (404), rather than an error of the database."""

    regex = r"[0-9]{1,19}"

    def to_python(self, value: str) -> int:
        """The number.

        Raises:
            werkzeug.routing.ValidationError: beyond bigint; the route does not match.
        """
        number = int(value)
        if number > HIGHEST_ID:
            raise NoMatch
        return number


def register_converters(app: Flask) -> None:
    """Makes `<id:NAME>` known to the application's routes."""
    app.url_map.converters["id"] = IdConverter


def api_blueprint(name: str, import_name: str, url_prefix: str = "/api") -> Blueprint:
    """A blueprint whose routes ask for a session or a token."""
    blueprint = Blueprint(f"api_{name}", import_name, url_prefix=url_prefix)
    guard_api(blueprint)
    return blueprint


def described(
    summary: str,
    *,
    description: str = "",
    body: type[Body] | None = None,
    query: type[Query] | None = None,
    answer: type[BaseModel] | None = None,
    status: int = HTTPStatus.OK,
    errors: Mapping[int, str] | None = None,
    scope: str = "read",
) -> Callable[[View], View]:
    """Checks the request, hands the view `body` and `query` as models, and turns what it returns into JSON.

    The arguments are those of `Operation`, which is kept on the view for the OpenAPI document.
    """
    operation = Operation(summary, description, body, query, answer, status, errors or {}, scope)

    def decorate(view: View) -> View:
        @wraps(view)
        def handle(**path: Any) -> Response:
            if query is not None:
                path["query"] = read_query(query)
            if body is not None:
                path["body"] = read_body(body)
            result = view(**path)
            if isinstance(result, Response):
                return result
            response = Response() if result is None else jsonify(result)
            response.status_code = status
            return response

        handle.operation = operation  # type: ignore[attr-defined]
        return handle

    return decorate


def read_query(model: type[Model]) -> Model:
    """The request's query string as a model.

    Raises:
        Invalid: names every parameter that is wrong.
    """
    return _validated(model, dict(request.args.items()))


def read_body(model: type[Model]) -> Model:
    """The request's JSON body as a model; no body at all is an empty object.

    Raises:
        Invalid: no JSON, or the fields that are wrong.
        UnsupportedMediaType: it does not say that it is JSON.
    """
    raw = request.get_data(cache=False)
    if not raw:
        return _validated(model, {})
    if not request.is_json:
        raise UnsupportedMediaType("send JSON, with Content-Type: application/json")
    try:
        document = json.loads(raw, parse_constant=_no_constant)
    except RecursionError:
        raise Invalid("the body is nested too deeply", fields={"body": "a JSON object"}) from None
    except ValueError:
        # Also: not UTF-8, and numbers of more digits than Python reads.
        raise Invalid("the body is no JSON", fields={"body": "a JSON object"}) from None
    if not isinstance(document, dict):
        raise Invalid("the body is no JSON object", fields={"body": "a JSON object"})
    return _validated(model, document)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _validated(model: type[Model], values: dict[str, Any]) -> Model:
    zone = zone_of(current_identity().timezone)
    try:
        return model.model_validate(values, context={"zone": zone})
    except ValidationError as error:
        raise Invalid("the request has values that cannot be taken", fields=_fields(error)) from None


def _fields(error: ValidationError) -> dict[str, str]:
    """Path of the field, such as `seasons.0.episodes.3.runtime`, to what was expected of it."""
    fields: dict[str, str] = {}
    for problem in error.errors(include_url=False, include_input=False)[:_MOST_FIELDS]:
        path = ".".join(str(part) for part in problem["loc"])
        name = problem.get("ctx", {}).get("field") or path[:_LONGEST_FIELD_NAME] or "body"
        fields[name] = _expected(problem["type"], problem["msg"])
    return fields


def _expected(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "no such field here"
    if kind == "missing":
        return "a value is needed"
    return message.removeprefix("Value error, ").removeprefix("Input ")
