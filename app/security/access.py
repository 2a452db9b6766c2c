"""Who may pass: the guards of the API and of the pages, and the way in and out of a session."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, cast

from flask import Blueprint, Flask, Response, g, redirect, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.wrappers import Response as BaseResponse

from app.errors import Forbidden, NotOfThisSession, Unauthorized
from app.security import sessions, trusted_header
from app.security.accounts import identify_token
from app.security.identity import Identity
from app.security.known_browser import remember_browser
from app.services import services

if TYPE_CHECKING:
    from app.services import Services

__all__ = [
    "Identity",
    "bearer_identity",
    "current_identity",
    "guard_admin",
    "guard_api",
    "guard_forms",
    "guard_pages",
    "register",
    "sign_in",
    "sign_out",
]

# Of the fields of a form, files apart. To take five megabytes of `a&a&a…` apart takes six seconds, in which Python does nothing
# else; who is not signed in sends a name and a password.
MOST_FORM_BYTES = 256 * 1024
MOST_OPEN_FORM_BYTES = 16 * 1024
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
csrf = CSRFProtect()


class SessionUser(UserMixin):  # type: ignore[misc]
    """What Flask-Login keeps of a signed-in browser: the session's token stands in for the user's id."""

    def __init__(self, identity: Identity, token: str) -> None:
        self.identity = identity
        self.token = token

    def get_id(self) -> str:
        """What the cookie holds."""
        return self.token


def register(app: Flask, parts: Services) -> None:
    """Sets up cookies, sessions and CSRF protection."""
    app.config.update(
        SECRET_KEY=parts.cipher.derive("cookies"),
        SESSION_COOKIE_NAME="tellykeep",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        # The cookie ends when the session does, and is not sent again with every answer.
        PERMANENT_SESSION_LIFETIME=timedelta(seconds=sessions.LIFETIME_SECONDS),
        SESSION_REFRESH_EACH_REQUEST=False,
        # Checked by the guards, after authentication; the token lives as long as the session, so that a page
        # that was left open overnight still works.
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.session_interface = sessions.CookieSessions(parts.settings.public_url)
    csrf.init_app(app)
    login = LoginManager()
    # Its own protection ties a session to the address, which changes whenever a phone leaves the house.
    login.session_protection = None
    login.user_loader(_load_user)
    # Instead of init_app, which would touch the session of every answer for a "remember me" cookie that is not used
    # (a webhook's and a static file's too), and look it up for error pages, when the database is away.
    app.login_manager = login  # type: ignore[attr-defined]


def _load_user(token: str) -> SessionUser | None:
    identity = sessions.find(services(), token)
    if identity is None or (identity.came_by == "header" and not trusted_header.names(identity.user_id)):
        return None
    return SessionUser(identity, token)


def current_identity() -> Identity:
    """Who the request acts for.

    Raises:
        Unauthorized: the view is not guarded, or nobody is signed in.
    """
    identity = g.get("identity")
    if identity is None:
        raise Unauthorized("nobody is signed in")
    return cast(Identity, identity)


def session_identity() -> Identity | None:
    """Who is signed in in this browser, or None."""
    return current_user.identity if current_user.is_authenticated else None


def guard_api(blueprint: Blueprint) -> None:
    """Lets a request to this blueprint pass, in order: 401, then CSRF (403), then scope (403)."""
    blueprint.before_request(_check_api_request)
    blueprint.after_request(_name_the_scheme)


def _check_api_request() -> None:
    # A header that says who it is, is believed or refused; a session beside it does not save a wrong one.
    header = request.headers.get("Authorization")
    identity = session_identity() if header is None else bearer_identity(header)
    if identity is None:
        raise Unauthorized("sign in, or send a valid API token")
    g.identity = identity
    if request.method in SAFE_METHODS:
        return
    if identity.via == "session":
        _check_csrf()
    if identity.scope != "write":
        raise Forbidden("this token may only read")


def bearer_identity(header: str) -> Identity | None:
    """Whose token an Authorization header holds, or None."""
    scheme, _, token = header.partition(" ")
    return identify_token(services(), token.strip()) if scheme.lower() == "bearer" else None


def _name_the_scheme(response: Response) -> Response:
    if response.status_code == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _check_csrf() -> None:
    # Before the form is read for the token.
    if g.get("identity") is None:
        request.max_content_length = MOST_OPEN_FORM_BYTES
    request.max_form_memory_size = MOST_FORM_BYTES
    try:
        csrf.protect()
    except CSRFError as error:
        raise NotOfThisSession("this request did not come from a page of this session") from error


def guard_forms(blueprint: Blueprint) -> None:
    """CSRF protection for pages that are there for anybody (sign-in, setup)."""
    blueprint.before_request(_check_csrf)


def guard_pages(blueprint: Blueprint) -> None:
    """Pages of a signed-in user; anybody else is sent to the sign-in, and back afterwards."""
    blueprint.before_request(_check_page_request)


def _check_page_request() -> BaseResponse | None:
    identity = session_identity()
    if identity is None:
        return _to_sign_in()
    g.identity = identity
    _check_csrf()
    return None


def guard_admin(blueprint: Blueprint) -> None:
    """Pages of administrators: as `guard_pages`, and 403 for everybody else who is signed in.

    Over `guard_api` it guards routes of the API: they refuse in the API's way, and no scope of a token makes an administrator.
    """
    if _check_api_request not in blueprint.before_request_funcs.get(None, []):
        guard_pages(blueprint)
    blueprint.before_request(_check_admin)


def _check_admin() -> None:
    if not current_identity().is_admin:
        raise Forbidden("this is for administrators")


def _to_sign_in() -> BaseResponse:
    if request.headers.get("HX-Request") == "true":
        # A redirect would be followed by htmx itself, and the sign-in page would land inside the page.
        return Response(status=204, headers={"HX-Redirect": url_for("door.sign_in"), "Vary": "HX-Request"})
    target = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("door.sign_in", next=None if target == "/" else target))


def session_token() -> str:
    """The token of the session of this request.

    Raises:
        Unauthorized: nobody is signed in.
    """
    if not current_user.is_authenticated:
        raise Unauthorized("nobody is signed in")
    return cast(str, current_user.token)


def sign_in(user_id: int, came_by: sessions.CameBy = "password") -> None:
    """Begins a new session; nothing of what the browser had before survives it (session fixation)."""
    parts = services()
    if current_user.is_authenticated:
        sessions.end(parts, current_user.token)
    session.clear()
    g.pop("csrf_token", None)
    token = sessions.start(
        parts, user_id, user_agent=request.user_agent.string, address=request.remote_addr, came_by=came_by
    )
    identity = sessions.find(parts, token)
    if identity is None:
        raise Unauthorized("the account is not there any more")
    session.permanent = True
    remember_browser(user_id)
    login_user(SessionUser(identity, token))


def sign_out() -> None:
    """Ends the session, here and in the database."""
    if current_user.is_authenticated:
        sessions.end(services(), current_user.token)
    logout_user()
    session.clear()
