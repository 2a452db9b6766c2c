"""What can come of asking another server. The messages are for users: they hold no token, key or address."""

from __future__ import annotations

from http import HTTPStatus
from typing import Literal

from app.errors import TellykeepError

Service = Literal["plex", "plex_tv", "tmdb", "posters"]

# How messages call them.
NAMES: dict[Service, str] = {
    "plex": "the Plex server",
    "plex_tv": "plex.tv",
    "tmdb": "TMDB",
    "posters": "the host of the posters",
}
_KEYS: dict[Service, str] = {
    "plex": "the Plex token",
    "plex_tv": "the Plex token",
    "tmdb": "the TMDB key",
    "posters": "the token",
}


class UpstreamError(TellykeepError):
    """Another server did not give what it was asked for.

    Attributes:
        service: who was asked.
        retry_after: seconds that it asked to wait; None when it said nothing.
        outcome: how the figures count it.
    """

    code = "upstream_error"
    http_status = HTTPStatus.BAD_GATEWAY
    outcome = "unavailable"

    def __init__(self, service: Service, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.service = service
        self.retry_after = retry_after


class KeyRejected(UpstreamError):
    """The token or key does not count (401, 403): asking again is no use until the user enters another."""

    http_status = HTTPStatus.UNPROCESSABLE_ENTITY
    outcome = "key_rejected"

    def __init__(self, service: Service, message: str | None = None) -> None:
        super().__init__(service, message or f"{NAMES[service]} does not accept {_KEYS[service]}: enter it again")
        self.code = f"{service}_key_rejected"


class KeyMissing(UpstreamError):
    """There is no token or key to ask with."""

    http_status = HTTPStatus.UNPROCESSABLE_ENTITY
    outcome = "key_missing"

    def __init__(self, service: Service, message: str) -> None:
        super().__init__(service, message)
        self.code = f"{service}_key_missing"


class NotThere(UpstreamError):
    """It answered that there is no such thing (404)."""

    http_status = HTTPStatus.NOT_FOUND
    outcome = "not_there"

    def __init__(self, service: Service, what: str) -> None:
        super().__init__(service, f"{NAMES[service]} has no such thing: {what}")
        self.code = f"{service}_not_there"


class UpstreamUnavailable(UpstreamError):
    """No answer that can be used: time-out, refused, 429, 5xx, or something else than JSON. Worth trying again later."""

    http_status = HTTPStatus.SERVICE_UNAVAILABLE

    def __init__(
        self, service: Service, problem: str, *, retry_after: int | None = None, rate_limited: bool = False
    ) -> None:
        super().__init__(service, f"{NAMES[service]} {problem}", retry_after=retry_after)
        self.code = f"{service}_unavailable"
        if rate_limited:
            self.outcome = "rate_limited"
