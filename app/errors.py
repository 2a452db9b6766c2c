"""Exceptions of the appliance, and the way from an SQLSTATE to one of them. `sql/ERRORS.md` is the registry."""

from __future__ import annotations

from http import HTTPStatus

import psycopg
from psycopg import errors as pg


class TellykeepError(Exception):
    """Something that a caller can be told.

    Attributes:
        code: stable word for programs.
        http_status: what the API and the pages answer with.
        message: one sentence for people; never holds a secret.
        fields: field name to what was expected of it.
    """

    code = "error"
    http_status = HTTPStatus.INTERNAL_SERVER_ERROR

    def __init__(self, message: str, *, fields: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fields = fields or {}


class NotFound(TellykeepError):
    """There is no such thing, or it belongs to somebody else."""

    code = "not_found"
    http_status = HTTPStatus.NOT_FOUND


class AccountGone(NotFound):
    """It was deleted while something was done in its name."""

    code = "account_gone"


class Invalid(TellykeepError):
    """The request's values cannot be right."""

    code = "invalid"
    http_status = HTTPStatus.BAD_REQUEST


class Unprocessable(TellykeepError):
    """The request is well formed, but does not fit what is there."""

    code = "unprocessable"
    http_status = HTTPStatus.UNPROCESSABLE_ENTITY


class StateConflict(TellykeepError):
    """It is there already, or was done before."""

    code = "conflict"
    http_status = HTTPStatus.CONFLICT


class TooLarge(TellykeepError):
    """More was sent than is taken."""

    code = "payload_too_large"
    http_status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class Unauthorized(TellykeepError):
    """Nobody is signed in, or the token or secret is not known."""

    code = "unauthorized"
    http_status = HTTPStatus.UNAUTHORIZED


class Forbidden(TellykeepError):
    """Signed in, but not allowed to do this."""

    code = "forbidden"
    http_status = HTTPStatus.FORBIDDEN


class NotOfThisSession(Forbidden):
    """A form came without the token of the session: its page is older than the session, or another site's."""


class TooManyRequests(TellykeepError):
    """A rate limit was exceeded.

    Attributes:
        retry_after: seconds until the next request is let through.
    """

    code = "too_many_requests"
    http_status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Misdirected(TellykeepError):
    """The request was sent to a name that is not known to be this appliance's."""

    code = "misdirected"
    http_status = HTTPStatus.MISDIRECTED_REQUEST


class NoRoom(TellykeepError):
    """The disk is full."""

    code = "no_room"
    http_status = HTTPStatus.INSUFFICIENT_STORAGE


class DatabaseUnavailable(TellykeepError):
    """PostgreSQL does not answer, or was never there."""

    code = "database_unavailable"
    http_status = HTTPStatus.SERVICE_UNAVAILABLE


_BY_SQLSTATE: dict[str, type[TellykeepError]] = {
    "TK404": NotFound,
    "TK409": StateConflict,
    "TK422": Unprocessable,
}

# Constraint -> what a user is told. Anything else that violates a constraint is a fault of ours.
_BY_CONSTRAINT: dict[str, tuple[str, str, str]] = {
    "users_username_key": ("username", "an account of this name is there already", "another name"),
    "oidc_links_pkey": (
        "subject",
        "another account here is linked with that one already",
        "somebody else of the provider",
    ),
    "oidc_links_user_key": (
        "subject",
        "your account is linked already",
        "an account that is not linked",
    ),
    "tvshows_tmdb_key": (
        "tmdb_id",
        "a show with this TMDB id is in the tracker already",
        "an id that no other show has",
    ),
    "tvshows_tvdb_key": (
        "tvdb_id",
        "a show with this TVDB id is in the tracker already",
        "an id that no other show has",
    ),
    "tvshows_imdb_key": (
        "imdb_id",
        "a show with this IMDb id is in the tracker already",
        "an id that no other show has",
    ),
}


def from_database(error: psycopg.Error) -> TellykeepError | None:
    """The exception that a database error stands for, or None when it is a fault of ours."""
    if isinstance(error, pg.UniqueViolation) and error.diag.constraint_name in _BY_CONSTRAINT:
        name, refusal, expected = _BY_CONSTRAINT[error.diag.constraint_name]
        return StateConflict(refusal, fields={name: expected})
    if error.sqlstate in _BY_SQLSTATE:
        message = error.diag.message_primary or "not possible"
        # A function that knows which value is wrong names it as the error's column, and what was expected as its detail.
        field = error.diag.column_name
        return _BY_SQLSTATE[error.sqlstate](
            message, fields={field: error.diag.message_detail or message} if field else None
        )
    if isinstance(error, pg.SerializationFailure | pg.DeadlockDetected):
        return StateConflict("somebody else changed this at the same moment: try again")
    if unavailable(error):
        return DatabaseUnavailable("the database does not answer")
    return None


def unavailable(error: psycopg.Error) -> bool:
    """Whether the database is away (as against: it answered, and said no)."""
    if error.sqlstate is None:
        return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    # Class 08: connection; 57P0x: shutting down or starting up; 53: out of connections, memory or disk; 25006: a standby.
    return error.sqlstate.startswith(("08", "57P", "53")) or error.sqlstate == "25006"
