"""Server-side sessions: a signed cookie carries a token, the table knows its hash and can forget it."""

from __future__ import annotations

import secrets
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from flask import Flask, Request, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from itsdangerous import BadData
from werkzeug.http import parse_cookie

from app.db.queries import queries
from app.errors import NotFound
from app.security.accounts import token_hash
from app.security.identity import Identity

if TYPE_CHECKING:
    from app.services import Services

LIFETIME_SECONDS = 90 * 86400
IDLE_SECONDS = 14 * 86400
TOUCH_SECONDS = 300
CONFIRMED_SECONDS = 600
_LONGEST_USER_AGENT = 300
CameBy = Literal["password", "oidc", "header"]


class CookieSessions(SecureCookieSessionInterface):
    """Flask's signed cookie, marked Secure where the browser came by https.

    Decided per request: PUBLIC_URL may be https at a proxy while the same appliance is reached by plain http
    at home, where a browser would throw a Secure cookie away and nobody could sign in.
    """

    def __init__(self, public_url: str | None) -> None:
        self._public_url = public_url

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session of the cookie. Without any cookie it is empty, and no signer is made for it: webhooks have none."""
        if "HTTP_COOKIE" not in request.environ:
            return self.session_class()
        return super().open_session(app, request)

    def is_of_somebody(self, app: Flask, header: str) -> bool:
        """Whether a Cookie header was given to somebody who signed in. The session may have ended since: no query asks."""
        signer = self.get_signing_serializer(app)
        try:
            value = parse_cookie(header).get(self.get_cookie_name(app), "")
            # Flask-Login's name for it.
            return signer is not None and "_user_id" in signer.loads(value, max_age=LIFETIME_SECONDS)
        except (BadData, TypeError, ValueError):
            return False

    def get_cookie_secure(self, app: Flask) -> bool:
        """Whether the browser spoke https, to us or to the proxy at PUBLIC_URL."""
        return came_by_https(request, self._public_url)


def came_by_https(current: Request, public_url: str | None) -> bool:
    """Whether the browser's connection is encrypted, as far as request and PUBLIC_URL tell."""
    if current.is_secure:
        return True
    public = urlsplit(public_url or "")
    return public.scheme == "https" and current.host.removesuffix(":443") == public.netloc.removesuffix(":443")


def start(
    services: Services, user_id: int, *, user_agent: str | None, address: str | None, came_by: CameBy = "password"
) -> str:
    """A new session of an account.

    Args:
        services: the application's parts.
        user_id: who has just proved to be this account.
        user_agent: the browser's name for itself, to recognise the session by.
        address: the client's IP address.
        came_by: what proved it.

    Returns:
        Its token, which only the cookie keeps.
    """
    token = secrets.token_urlsafe(32)
    with services.db.connection() as connection:
        queries().drop_old_sessions(connection, idle=IDLE_SECONDS)
        queries().add_session(
            connection,
            user_id=user_id,
            token_hash=token_hash(token),
            user_agent=(user_agent or "").replace("\0", "")[:_LONGEST_USER_AGENT] or None,
            address=_address_or_none(address),
            came_by=came_by,
            lifetime=LIFETIME_SECONDS,
        )
    return token


def find(services: Services, token: str) -> Identity | None:
    """Whose session this is, or None when it was ended, idle for 14 days or is older than 90. One query."""
    with services.db.connection() as connection:
        row = queries().session_owner(
            connection, token_hash=token_hash(token), idle=IDLE_SECONDS, touch_after=TOUCH_SECONDS
        )
    return None if row is None else Identity(**row, scope="write", via="session")


def end(services: Services, token: str) -> None:
    """Ends a session: a copy of its cookie opens nothing any more."""
    with services.db.connection() as connection:
        queries().end_session(connection, token_hash=token_hash(token))


def of_account(services: Services, user_id: int, token: str) -> list[dict[str, Any]]:
    """The browsers that an account is signed in with: the one with this token first, then by when they were last seen."""
    with services.db.connection() as connection:
        return list(queries().sessions_of(connection, user_id=user_id, token_hash=token_hash(token), idle=IDLE_SECONDS))


def end_one(services: Services, user_id: int, session_id: int) -> None:
    """Ends a session of an account.

    Raises:
        NotFound: it has no such session.
    """
    with services.db.connection() as connection:
        if not queries().end_session_of(connection, user_id=user_id, session_id=session_id):
            raise NotFound("there is no such session (any more)")


def end_others(services: Services, user_id: int, token: str) -> int:
    """Ends all sessions of an account but the one with this token; how many there were."""
    with services.db.connection() as connection:
        return int(queries().end_other_sessions(connection, user_id=user_id, token_hash=token_hash(token)))


def end_all(services: Services, user_id: int) -> int:
    """Ends all sessions of an account; how many there were."""
    with services.db.connection() as connection:
        return int(queries().end_sessions_of(connection, user_id=user_id))


def is_confirmed(services: Services, token: str) -> bool:
    """Whether the session's browser has proved within ten minutes that its owner sits before it."""
    with services.db.connection() as connection:
        return bool(queries().session_is_confirmed(connection, token_hash=token_hash(token), within=CONFIRMED_SECONDS))


def confirm(services: Services, token: str) -> None:
    """It has, now."""
    with services.db.connection() as connection:
        queries().confirm_session(connection, token_hash=token_hash(token))


def _address_or_none(address: str | None) -> str | None:
    try:
        # Without the zone of a link-local address (fe80::1%eth0), which PostgreSQL's inet does not take.
        return str(ip_address((address or "").partition("%")[0]))
    except ValueError:
        return None
