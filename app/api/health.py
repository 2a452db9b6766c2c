"""`/healthz` and `/readyz`, for monitors. No account needed; nothing private in them."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, jsonify

from app.errors import DatabaseUnavailable
from app.services import services

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def alive() -> Response:
    """The process answers."""
    return jsonify({"status": "ok"})


@blueprint.get("/readyz")
def ready() -> tuple[Response, int]:
    """200 `ok` when an event sent now would be committed; else 503 with `starting` or `degraded` and the reason."""
    readiness = services().readiness
    if not readiness.started:
        reason = readiness.problem or "starting: the database is being prepared"
        return jsonify({"status": "starting", "reason": reason}), HTTPStatus.SERVICE_UNAVAILABLE
    try:
        services().db.check()
    except DatabaseUnavailable as error:
        return jsonify({"status": "degraded", "reason": error.message}), HTTPStatus.SERVICE_UNAVAILABLE
    return jsonify({"status": "ok"}), HTTPStatus.OK
