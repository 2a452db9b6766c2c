"""Errors as pages: what happened, and what to do. The API has its own (app.api.errors)."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
import structlog
from flask import Response, make_response, render_template, request
from flask_limiter import RateLimitExceeded
from werkzeug.exceptions import HTTPException

from app.errors import TellykeepError, TooManyRequests, from_database
from app.security.limits import seconds_to_wait
from app.services import services

log = structlog.get_logger("tellykeep.web")


@dataclass(frozen=True)
class _Text:
    title: str
    advice: str


_TEXTS: dict[int, _Text] = {
    400: _Text("That request makes no sense here", "Go back and try it another way."),
    401: _Text("Please sign in", "This page is for people with an account."),
    403: _Text("Not allowed", "Go back, load that page again, and try once more."),
    404: _Text("There is nothing here", "The address is wrong, or what it showed is gone."),
    405: _Text("Not like that", "This address takes no such request. Go back to the front page."),
    409: _Text("It was done before", "Load the page again to see how things stand."),
    413: _Text("That is too large", "Send less at once."),
    415: _Text("That is of the wrong kind", "Go back and try it another way."),
    421: _Text("Not under this name", "Use the address that you use otherwise."),
    422: _Text("That does not fit", "Go back and look at what is there now."),
    429: _Text("Too many tries", "Wait a minute, then try again."),
    500: _Text("Something went wrong here", "The fault is Tellykeep's, not yours; its process log says what it was."),
    503: _Text(
        "The database does not answer", "This page tries again by itself. Plex is told that its message was not taken."
    ),
}


def page_error(error: Exception) -> Response:
    """The page for an exception; a redirect that was raised is sent as it is."""
    if isinstance(error, HTTPException) and (error.code is None or error.code < 400):
        return make_response(error.get_response())
    status, message, headers = _meaning(error)
    if status == 500:
        log.error("fault", path=_path(), exc_info=error)
    template = "errors/error.html"
    if status == 503:
        headers.setdefault("Retry-After", "5")
        if not services().readiness.started:
            template = "errors/starting.html"
    text = _TEXTS.get(status, _TEXTS[400 if status < 500 else 500])
    response = make_response(
        render_template(
            template,
            status=status,
            title=text.title,
            advice=text.advice,
            message=message,
            refresh=status == 503 and request.method == "GET",
        ),
        status,
    )
    response.headers.update(headers)
    return response


def _path() -> str:
    """The address for the log, without the token that a calendar's has in it."""
    return "/calendar/…" if request.path.startswith("/calendar/") else request.path


def _meaning(error: Exception) -> tuple[int, str, dict[str, str]]:
    """Status, one sentence about this very error (or none), and headers that belong to it."""
    if isinstance(error, RateLimitExceeded):
        log.warning("too many requests", path=_path(), client=request.remote_addr)
        return 429, "", {"Retry-After": str(seconds_to_wait())}
    if isinstance(error, HTTPException):
        allow = {name: value for name, value in error.get_headers() if name.lower() == "allow"}
        return error.code or 500, "", allow
    known = from_database(error) if isinstance(error, psycopg.Error) else error
    if not isinstance(known, TellykeepError):
        return 500, "", {}
    if known.http_status == 503:
        log.error("not possible now", path=_path(), reason=known.message)
    headers = {"Retry-After": str(known.retry_after)} if isinstance(known, TooManyRequests) else {}
    return int(known.http_status), known.message, headers
