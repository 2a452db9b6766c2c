"""Errors as JSON under /api: `{"error": {"code", "message", "fields"?}}`. The pages have their own (app.web.errors)."""

from __future__ import annotations

import psycopg
import structlog
from flask import Flask, Response, jsonify, request
from flask_limiter import RateLimitExceeded
from werkzeug.exceptions import HTTPException

from app.errors import TellykeepError, TooManyRequests, from_database
from app.security.limits import seconds_to_wait

log = structlog.get_logger("tellykeep.api")


def wants_json() -> bool:
    """Whether the request goes to the API or a monitor's address, as against a page."""
    return request.path.startswith(("/api/", "/healthz", "/readyz", "/metrics"))


def json_error(status: int, code: str, message: str, fields: dict[str, str] | None = None) -> Response:
    """An error answer in the one shape that the API has."""
    error: dict[str, object] = {"code": code, "message": message}
    if fields:
        error["fields"] = fields
    response = jsonify({"error": error})
    response.status_code = status
    return response


def known_error(error: Exception) -> TellykeepError | None:
    """What an exception means to a caller; None for a fault of ours."""
    if isinstance(error, TellykeepError):
        return error
    if isinstance(error, psycopg.Error):
        return from_database(error)
    return None


def register_errors(app: Flask) -> None:
    """Registers what the API answers with; the pages register theirs over it for other paths."""
    app.register_error_handler(Exception, _answer)


def _answer(error: Exception) -> Response | HTTPException:
    from app.web.errors import page_error

    if not wants_json():
        return page_error(error)
    if isinstance(error, RateLimitExceeded):
        response = json_error(429, "too_many_requests", "too many requests: wait, then try again")
        response.headers["Retry-After"] = str(seconds_to_wait())
        log.warning("too many requests", path=request.path, client=request.remote_addr)
        return response
    if isinstance(error, HTTPException):
        code = (error.name or "error").lower().replace(" ", "_")
        response = json_error(error.code or 500, code, error.description or error.name)
        for name, value in error.get_headers():
            if name.lower() in ("allow", "retry-after"):
                response.headers[name] = value
        return response
    known = known_error(error)
    if known is not None:
        if known.http_status >= 500:
            log.error("not possible now", path=request.path, code=known.code, reason=known.message)
        response = json_error(known.http_status, known.code, known.message, known.fields)
        if known.http_status == 503:
            response.headers["Retry-After"] = str(getattr(known, "retry_after", None) or 10)
        if isinstance(known, TooManyRequests):
            response.headers["Retry-After"] = str(known.retry_after)
        if known.http_status == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        return response
    log.error("fault", path=request.path, exc_info=error)
    return json_error(500, "internal_error", "something went wrong here; the process log says what")
