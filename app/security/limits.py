"""Rate limits, with Flask-Limiter. Counters live in memory, or in Redis when several replicas share them."""

from __future__ import annotations

import time
from functools import lru_cache

import structlog
from flask import Flask, request
from flask_limiter import Limiter
from limits import RateLimitItem, parse_many

from app.errors import TooManyRequests
from app.security import counters  # noqa: F401 - registers the storage process://
from app.security.client_address import place_of
from app.services import services
from app.settings import Settings

log = structlog.get_logger("tellykeep.limits")


class DecoratorLimiter(Limiter):
    """Flask-Limiter whose limits all stand at views, as decorators, which check by themselves.

    It registers a second check before every request, for limits of the whole application. There are none, and to find that
    out takes a webhook a tenth of its processor time; there is no setting to leave it out.
    """

    def _check_request_limit(self, callable_name: str | None = None, in_middleware: bool = True) -> None:
        if not in_middleware:
            super()._check_request_limit(callable_name, in_middleware)


limiter = DecoratorLimiter(
    key_func=lambda: place_of(request.remote_addr),
    # Redis away: counting goes on in memory; a limit is no reason to refuse a watch.
    in_memory_fallback_enabled=True,
    headers_enabled=False,
)


def init_limits(app: Flask, settings: Settings) -> None:
    """Connects the limiter with the application and its storage."""
    uri = settings.ratelimit_storage_uri.get_secret_value()
    app.config["RATELIMIT_STORAGE_URI"] = "process://" if uri.startswith("memory:") else uri
    limiter.init_app(app)


def check_webhook_rate(owner: int | None) -> None:
    """Counts this request against WEBHOOK_RATE_LIMIT.

    One bucket per owner of a valid secret and client address; wrong secrets share another one per address, so that
    somebody's wrong guesses, from the same address even, do not lock the right secret out. An address of IPv6 is its /64.

    Asks Flask-Limiter's strategy directly: its decorator took a third of the time of a whole webhook (0.24 of 0.76 ms).

    Args:
        owner: whose valid secret it carries; None for a wrong one.

    Raises:
        TooManyRequests: with the seconds to wait.
    """
    bucket = _bucket(owner)
    strategy = limiter.limiter
    for rate in _rates(services().settings.webhook_rate_limit):
        try:
            if strategy.hit(rate, "webhook", bucket):
                continue
            reset_at = strategy.get_window_stats(rate, "webhook", bucket).reset_time
        except limiter.storage.base_exceptions as error:
            log.warning("rate limit storage does not answer; not counting", reason=type(error).__name__)
            return
        raise TooManyRequests(
            "too many webhooks: wait, then try again", retry_after=max(1, int(reset_at - time.time()) + 1)
        )


def _bucket(owner: int | None) -> str:
    place = place_of(request.remote_addr)
    return f"wrong:{place}" if owner is None else f"secret:{owner}:{place}"


@lru_cache(maxsize=4)
def _rates(text: str) -> tuple[RateLimitItem, ...]:
    return tuple(parse_many(text))


def webhook_owner() -> int | None:
    """The user whose secret this request carries.

    A secret that is not known has the secrets read anew, as another process may have made it, and its thread waits for that.
    An address that has sent its share of wrong ones does not get that far.

    Raises:
        TooManyRequests: the secret is not known, and this address has sent too many of that kind.
    """
    secret = request.args.get("secret", "")
    if not secret:
        return None
    known = services().webhook_secrets
    if not known.knows(secret):
        refuse_after_wrong_secrets()
    return known.owner(secret)


def refuse_after_wrong_secrets() -> None:
    """Refuses an address whose bucket for wrong secrets is full, without counting.

    Raises:
        TooManyRequests: with the seconds to wait.
    """
    bucket = _bucket(None)
    strategy = limiter.limiter
    for rate in _rates(services().settings.webhook_rate_limit):
        try:
            if strategy.test(rate, "webhook", bucket):
                continue
            reset_at = strategy.get_window_stats(rate, "webhook", bucket).reset_time
        except limiter.storage.base_exceptions:
            return
        raise TooManyRequests(
            "too many webhooks: wait, then try again", retry_after=max(1, int(reset_at - time.time()) + 1)
        )


def seconds_to_wait() -> int:
    """For `Retry-After`: when the limit that was just exceeded lets the next request through."""
    limit = limiter.current_limit
    return max(1, int(limit.reset_at - time.time()) + 1) if limit is not None else 60
