"""`/healthz` and `/readyz`, for monitors. No account needed; nothing private in them."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, jsonify, request

from app.errors import DatabaseUnavailable
from app.monitoring.condition import trouble, warnings
from app.security.client_address import came_from_home
from app.security.host_names import may_be_lured
from app.services import Services, services
from app.sync.spool import SpoolState

blueprint = Blueprint("health", __name__)

# A spool that nothing leaves for so long, although the database answers, needs somebody to look.
STILL_SECONDS = 60.0


@blueprint.get("/healthz")
def alive() -> Response:
    """The process answers."""
    return jsonify({"status": "ok"})


@blueprint.get("/readyz")
def ready() -> tuple[Response, int]:
    """200 when an event sent now would be kept: `ok`, or `degraded` when somebody should look. Else 503. `reason` says why."""
    parts = services()
    spooled = parts.spool.state() if parts.spool is not None else None
    problem = _problem(parts, spooled)
    if problem is None:
        return _answer("ok", None, spooled, HTTPStatus.OK, warnings(parts))
    status, reason, needs_spool = problem
    if not needs_spool:
        return _answer(status, reason, spooled, HTTPStatus.OK)
    refusal = _refusal(parts)
    if status == "starting" or refusal is not None:
        return _answer(status, f"{reason}; {refusal}" if refusal else reason, spooled, HTTPStatus.SERVICE_UNAVAILABLE)
    return _answer(status, f"{reason}; events are kept and wait", spooled, HTTPStatus.OK)


def _problem(parts: Services, spooled: SpoolState | None) -> tuple[str, str, bool] | None:
    """What is wrong: the status, one sentence, and whether an event sent now would have to go into the spool."""
    readiness = parts.readiness
    if not readiness.started:
        if readiness.problem is None:
            return "starting", "starting: the database is being prepared", True
        # It was tried and did not work: who has the webhook's secret is told from the hashes on the disk.
        return "degraded" if parts.webhook_secrets.any_known else "starting", _told(readiness.problem, parts), True
    try:
        parts.db.check()
    except DatabaseUnavailable as error:
        return "degraded", error.message, True
    if spooled is not None and spooled.still_seconds > STILL_SECONDS:
        return "degraded", f"{spooled.events} events wait in the spool and none gets out", False
    refusal = _refusal(parts)
    if refusal is not None:
        return "degraded", f"no event could be kept without the database: {refusal}", False
    needs_somebody = trouble(parts)
    return None if needs_somebody is None else ("degraded", needs_somebody, False)


def _told(problem: str, parts: Services) -> str:
    """Why the start has not come further, to whoever is at home: libpq names hosts, roles and databases."""
    if came_from_home(request.environ) and not may_be_lured(request, parts.settings):
        return problem
    return "the database is not ready; the process log says why"


def _refusal(parts: Services) -> str | None:
    """Why the spool would not take an event now."""
    return "the spool cannot be used" if parts.spool is None else parts.spool.refusal()


def _answer(
    status: str, reason: str | None, spooled: SpoolState | None, code: HTTPStatus, remarks: Sequence[str] = ()
) -> tuple[Response, int]:
    answer: dict[str, Any] = {"status": status}
    if reason is not None:
        answer["reason"] = reason
    if spooled is not None and spooled.events:
        answer["spooled"] = spooled.events
    if remarks:
        answer["warnings"] = remarks
    return jsonify(answer), code
