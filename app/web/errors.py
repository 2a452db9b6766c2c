"""Errors as pages: what happened, and what to do. The API has its own (app.api.errors)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

import psycopg
import structlog
from flask import Response, current_app, make_response, render_template, request
from flask_limiter import RateLimitExceeded
from werkzeug.exceptions import HTTPException

from app.errors import NotOfThisSession, TellykeepError, TooManyRequests, from_database
from app.security.access import SAFE_METHODS
from app.security.limits import seconds_to_wait
from app.services import services
from app.web.amounts import counted
from app.web.local_address import local_address

log = structlog.get_logger("tellykeep.web")


@dataclass(frozen=True)
class _Text:
    title: str
    advice: str


_TEXTS: dict[int, _Text] = {
    400: _Text("That request makes no sense here", "Go back and try it another way."),
    401: _Text("Please sign in", "This page is for people with an account."),
    403: _Text("Not allowed", "Your account may not do this."),
    404: _Text("There is nothing here", "The address is wrong, or what it showed is gone."),
    405: _Text("Not like that", "This address takes no such request."),
    409: _Text("It was done before", "Load the page again to see how things stand."),
    413: _Text("That is too large", "Send less at once."),
    415: _Text("That is of the wrong kind", "Go back and try it another way."),
    421: _Text("Not under this name", "Use the address that you use otherwise."),
    422: _Text("That does not fit", "Go back and look at what is there now."),
    429: _Text("Too many tries", "Wait {wait}, then try again."),
    500: _Text("Something went wrong here", "The fault is Tellykeep's, not yours; its process log says what it was."),
    503: _Text(
        "The database does not answer", "This page goes on by itself when it does. What Plex reports meanwhile is kept."
    ),
}
_STALE = _Text(
    "That page is out of date",
    "Nothing was changed. Somebody has signed in or out in this browser since it was opened: open it again, then send it "
    "once more.",
)
_NOT_TAKEN = _Text(
    "The database does not answer", "What you sent was not done. Go back, and send it again in a moment."
)
# Asking again may help.
_PASSING = (429, 500, 503)


def page_error(error: Exception) -> Response:
    """The page for an exception; a redirect that was raised is sent as it is."""
    if isinstance(error, HTTPException) and (error.code is None or error.code < 400):
        return make_response(error.get_response())
    status, message, headers = _meaning(error)
    if status == 500:
        log.error("fault", path=_path(), exc_info=error)
    template = "errors/error.html"
    reads = request.method in SAFE_METHODS
    if status == 503:
        headers.setdefault("Retry-After", "5")
        if not services().readiness.started:
            template = "errors/starting.html"
    text = _text_of(error, status, reads)
    response = make_response(
        render_template(
            template,
            status=status,
            title=text.title,
            advice=text.advice.format(wait=_wait(headers)),
            # What is not allowed, and for how long, is said better by who refused it.
            message="" if text is _STALE or status >= 500 else message,
            has_advice=text is _STALE or not (message and status in (403, 429)),
            refresh=status == 503 and reads,
            again=status in _PASSING and reads,
            back=None if reads else _page_before(),
        ),
        status,
    )
    response.headers.update(headers)
    return response


def _text_of(error: Exception, status: int, reads: bool) -> _Text:
    if isinstance(error, NotOfThisSession):
        return _STALE
    if status == 503 and not reads:
        return _NOT_TAKEN
    return _TEXTS.get(status, _TEXTS[400 if status < 500 else 500])


def _page_before() -> str | None:
    """The page whose form was sent, if it is one of ours: headers cannot lead anywhere else."""
    try:
        came_from = urlsplit(request.referrer or "")
    except ValueError:
        return None
    # What a form answered with has the address of the form, which often is no page.
    if came_from.netloc != request.host or not current_app.url_map.bind("").test(came_from.path, "GET"):
        return None
    address = local_address(came_from.path + (f"?{came_from.query}" if came_from.query else ""))
    # The front page is offered anyway.
    return None if address == "/" else address


def _wait(headers: dict[str, str]) -> str:
    seconds = int(headers.get("Retry-After", "60"))
    return counted(seconds, "second") if seconds < 60 else counted(-(-seconds // 60), "minute")


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
