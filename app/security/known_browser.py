"""Browsers in which somebody has signed in before: what others try does not hold their owners up in them."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Response, after_this_request, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from app.security.sessions import came_by_https
from app.services import services

COOKIE = "tellykeep_browser"
_KEPT_SECONDS = 180 * 86400
_MOST_ACCOUNTS = 8
_PATH = "/sign-in"


def known_browser(user_id: int | None) -> str | None:
    """A name for this browser, if that account has signed in with it before.

    It opens nothing: it only says whose delays count (app.security.sign_in_tries).
    """
    name, accounts = _read()
    return name if user_id in accounts else None


def remember_browser(user_id: int) -> None:
    """Has the answer of this request tell the browser that the account has signed in with it."""
    name, accounts = _read()
    if not accounts:
        name = secrets.token_urlsafe(16)
    kept = [user_id, *(known for known in accounts if known != user_id)][:_MOST_ACCOUNTS]
    value = _serializer().dumps({"browser": name, "accounts": kept})

    @after_this_request
    def tell(response: Response) -> Response:
        response.set_cookie(
            COOKIE,
            value,
            max_age=_KEPT_SECONDS,
            path=_PATH,
            secure=came_by_https(request, services().settings.public_url),
            httponly=True,
            samesite="Lax",
        )
        return response


def _read() -> tuple[str, list[int]]:
    try:
        value: Any = _serializer().loads(request.cookies.get(COOKIE, ""), max_age=_KEPT_SECONDS)
    except BadSignature:
        return "", []
    return str(value["browser"]), list(value["accounts"])


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(services().cipher.derive("known browsers"))
