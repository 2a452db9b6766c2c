"""A client of the JSON API that holds every answer against what the API's description promises."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.api import answers
from app.api.contract import Operation
from app.api.openapi import routes

PASSWORD = "correct horse battery"


@dataclass
class ApiClient:
    """Requests as one user.

    Attributes:
        app: the application.
        token: sent as a bearer token; None sends none.
        user_id: of the token's owner.
        http: the client to send with, which keeps cookies.
        headers: sent with every request besides.
    """

    app: Flask
    token: str | None
    user_id: int
    http: FlaskClient
    headers: dict[str, str]

    def send(self, method: str, path: str, json: Any = None, **options: Any) -> TestResponse:
        """Sends a request and holds the answer against the description of its route."""
        headers = self.headers | options.pop("headers", {})
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        if json is not None:
            options["json"] = json
        response = self.http.open(path, method=method, headers=headers, **options)
        self._check_shape(method, path, response)
        return response

    def call(self, method: str, path: str, json: Any = None, *, status: int = 200, **options: Any) -> Any:
        """The JSON of an answer, which must have this status; None where it has no body."""
        response = self.send(method, path, json, **options)
        assert response.status_code == status, (response.status_code, response.get_data(as_text=True))
        return response.get_json() if response.data else None

    def refused(self, method: str, path: str, json: Any = None, *, status: int = 400, **options: Any) -> dict[str, str]:
        """The fields that a request was refused for."""
        error = self.call(method, path, json, status=status, **options)["error"]
        fields: dict[str, str] = error.get("fields", {})
        return fields

    def _check_shape(self, method: str, path: str, response: TestResponse) -> None:
        if response.status_code >= 400:
            answers.Error.model_validate(response.get_json())
            return
        operation = self._operation(method, path)
        if operation is not None and operation.answer is not None:
            operation.answer.model_validate(response.get_json())
            assert response.status_code in (operation.status, *operation.errors)

    def _operation(self, method: str, path: str) -> Operation | None:
        path = path.partition("?")[0]
        for route in routes(self.app):
            if route.method == method and re.fullmatch(re.sub(r"{[^}]+}", "[^/]+", route.path), path):
                return route.operation
        return None
