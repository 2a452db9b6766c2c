"""Every route of the API, driven from its own description: by what that says it takes, and by what it says it does not.

The description is made from the routes, so a new one is in here as soon as it exists.
"""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, Any, cast

import pytest
import schemathesis
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.api.openapi import routes
from app.security import accounts
from tests.security.conftest import Person
from tests.security.generating import Tenants, cases, no_fault_logged
from tests.security.test_every_route import BODIES

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
CASES = 24
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
GOOD = BODIES | {"POST /api/shows": {"title": "Night Ferry"}}
# Its messages are generated elsewhere: the description leaves open what is in one.
NEVER_GOOD = {"POST /api/plex/webhook"}
# What has to be done for something to be there.
FIRST: dict[str, tuple[str, str, dict[str, Any]]] = {
    "POST /api/shows/{tvshow_id}/restore": ("DELETE", "/api/shows/{tvshow_id}", {}),
    "POST /api/plex/conflicts/{conflict_id}/undo": (
        "POST",
        "/api/plex/conflicts/{conflict_id}/resolve",
        {"action": "ignore"},
    ),
}


def _bodies(operation: APIOperation) -> dict[str, Any] | None:
    """A body that this operation takes, where chance hardly finds one."""
    for route, body in GOOD.items():
        method, _, path = route.replace("<id:", "{").replace(">", "}").partition(" ")
        if (method, path) == (operation.method.upper(), operation.path):
            return body
    return None


def _cases_of(operation: APIOperation, owner: Person) -> st.SearchStrategy[Case]:
    """Mostly about what the account has; right and wrong in turns."""
    own = owner.owns | {"season": 1, "episode": 1}
    right = operation.as_strategy(path_parameters=own)
    wrong = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE, path_parameters=own)
    chosen = st.one_of(right, right, wrong, operation.as_strategy())
    return st.builds(_about, chosen, st.just(own), st.just(_bodies(operation)), st.integers(0, 3))


def _about(case: Case, own: dict[str, int], good: dict[str, Any] | None, turn: int) -> Case:
    """Puts ids that there are into the body, and fields that are right."""
    if isinstance(case.body, dict) and turn:
        if good is not None and turn > 1:
            case.body = good if turn == 3 else case.body | good
        else:
            case.body = {name: own.get(name, value) for name, value in case.body.items()}
    return case


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_every_route_is_driven(app: Flask) -> None:
    """But for the one where the description itself is."""
    driven = {(operation.method.upper(), operation.path) for operation in _operations(app)}
    assert {(route.method, route.path) for route in routes(app)} - driven == {("GET", "/api/openapi.json")}
    assert {method for method, _ in driven} == set(METHODS)


@pytest.mark.parametrize("method", METHODS)
def test_no_request_breaks_a_route_or_what_is_shown_afterwards(tenants: Tenants, method: str) -> None:
    never, owner = set(), tenants.another()
    for operation in _operations(tenants.app):
        if operation.method.upper() != method:
            continue
        token = accounts.create_token(tenants.services, owner.name, scope="write")
        if operation.label in FIRST:
            method_before, path, body = FIRST[operation.label]
            prepared = tenants.app.test_client().open(
                path.format(**owner.owns), method=method_before, json=body, headers=_bearer(token)
            )
            assert prepared.status_code < 300
        answered = _drive(operation, owner, token)
        if not any(status < 400 for status in answered):
            never.add(operation.label)
        if method != "GET":
            assert tenants.what_cannot_be_shown(owner) == []
            # It may have taken everything away from this one.
            owner = tenants.another()
    # Else what is refused at the door would be all that was tried.
    assert never == {label for label in NEVER_GOOD if label.startswith(method)}


def _operations(app: Flask) -> list[APIOperation]:
    def read_whole(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        # Schemathesis leaves the files of answers open, which a server closes.
        with closing(cast(Any, app(environ, start_response))) as answer:
            return [*answer]

    return [
        result.ok() for result in schemathesis.openapi.from_wsgi("/api/openapi.json", read_whole).get_all_operations()
    ]


def _drive(operation: APIOperation, owner: Person, token: str) -> Counter[int]:
    answered: Counter[int] = Counter()

    @cases(CASES)
    @given(_cases_of(operation, owner))
    def send(case: Case) -> None:
        answer = case.call(headers=_bearer(token) | {"Accept-Encoding": "identity"})
        answered[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)

    with no_fault_logged():
        send()
    return answered
