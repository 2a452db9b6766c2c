"""`POST /api/plex/webhook`: the door that Plex knocks at. Order of checks: limit, size, secret, parse."""

from __future__ import annotations

import time
from contextlib import suppress
from http import HTTPStatus

import psycopg
import structlog
from flask import Blueprint, Response, jsonify, request

from app.errors import AccountGone, DatabaseUnavailable, TooManyRequests, Unauthorized
from app.plex.events import InvalidPayload, parse_event
from app.security.limits import check_webhook_rate, webhook_owner
from app.services import services
from app.sync.payload import BodyError, payload_from_body, read_body
from app.sync.take import take

log = structlog.get_logger("tellykeep.webhook")
blueprint = Blueprint("webhook", __name__, url_prefix="/api/plex")


@blueprint.post("/webhook")
def take_webhook() -> tuple[Response, int]:
    """Takes one message of a Plex server; 2xx means that it is committed, or written down to be committed."""
    started = time.perf_counter()
    owner = webhook_owner()
    try:
        check_webhook_rate(owner)
    except TooManyRequests:
        if owner is not None:
            # Plex does not send it again; the server's history has it.
            services().history.add(owner)
        raise
    # Past request.stream, whose limit is smaller: read_body reads on behind its own, so that the sender sees the answer.
    body = read_body(request.environ["wsgi.input"], request.environ.get("CONTENT_LENGTH") or None)
    if owner is None:
        raise Unauthorized("the webhook's secret is missing or not known: copy the URL from the settings again")
    event = parse_event(payload_from_body(body, request.content_type))
    outcome = take(services(), owner, event, started=started)
    log.debug("event", status=outcome.status, action=outcome.action, log_id=outcome.log_id)
    code = HTTPStatus.ACCEPTED if outcome.status == "pending" else HTTPStatus.OK
    return jsonify(outcome.answer()), code


@blueprint.errorhandler(BodyError)
def body_error(error: BodyError) -> tuple[Response, int]:
    """The body could not be read: one line in the process log, and an answer that names the part."""
    return _refuse(error.http_status, error.code, error.message, error.fields)


@blueprint.errorhandler(InvalidPayload)
def invalid_payload(error: InvalidPayload) -> tuple[Response, int]:
    """The message is not one of Plex's: the answer names every field and what was expected."""
    return _refuse(HTTPStatus.BAD_REQUEST, "invalid_payload", "the payload is not a Plex webhook message", error.fields)


@blueprint.errorhandler(Unauthorized)
def wrong_secret(error: Unauthorized) -> tuple[Response, int]:
    """Says nothing about which secrets there are."""
    return _refuse(HTTPStatus.UNAUTHORIZED, error.code, error.message, {"secret": "the secret of a webhook URL"})


@blueprint.errorhandler(AccountGone)
def nobodys(_error: AccountGone) -> tuple[Response, int]:
    """The account was deleted, perhaps by another process: its secret opens nothing, and is forgotten here too."""
    with suppress(DatabaseUnavailable, psycopg.Error):
        services().webhook_secrets.refresh()
    return wrong_secret(Unauthorized("the webhook's secret is not known any more: its account was deleted"))


@blueprint.errorhandler(TooManyRequests)
def too_many(error: TooManyRequests) -> tuple[Response, int]:
    """Over the limit: when to come again."""
    response, code = _refuse(error.http_status, error.code, error.message, {})
    response.headers["Retry-After"] = str(error.retry_after)
    return response, code


@blueprint.errorhandler(DatabaseUnavailable)
def not_kept(error: DatabaseUnavailable) -> tuple[Response, int]:
    """Nobody could keep it: not a 2xx."""
    response, code = _refuse(HTTPStatus.SERVICE_UNAVAILABLE, error.code, error.message, {})
    response.headers["Retry-After"] = "10"
    return response, code


def _refuse(status: int, code: str, message: str, fields: dict[str, str]) -> tuple[Response, int]:
    log.warning(
        "webhook refused",
        status=int(status),
        code=code,
        client=request.remote_addr,
        **{"fields": "; ".join(f"{name}: {expected}" for name, expected in fields.items()) or None},
    )
    error: dict[str, object] = {"code": code, "message": message}
    if fields:
        error["fields"] = fields
    return jsonify({"error": error}), status
