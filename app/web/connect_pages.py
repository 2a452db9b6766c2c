"""What follows a form about the connection: the next page, or the same one with what was wrong."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from flask import redirect
from werkzeug.wrappers import Response

from app.errors import TellykeepError
from app.upstream.errors import UpstreamError
from app.web import connect_parts as parts
from app.web import welcome
from app.web.settings import plex as settings_plex
from app.web.settings import tmdb as settings_tmdb

log = structlog.get_logger("tellykeep.connect")

Answer = Response | tuple[str, int, dict[str, str]]


def answer(part: str, act: Callable[[], object], *, stay: bool = False) -> Answer:
    """Does what a form says, and goes on.

    Args:
        part: that the form belongs to.
        act: raises a TellykeepError when it is not possible: then the page comes again, and says why.
        stay: the part is not done with it.
    """
    at = parts.place()
    try:
        act()
    except TellykeepError as error:
        if not isinstance(error, UpstreamError) and error.http_status >= 500:
            raise
        log.info("the connection was not changed", part=part, code=error.code)
        seconds = error.retry_after if isinstance(error, UpstreamError) else None
        headers = {} if seconds is None else {"Retry-After": str(seconds)}
        return page(at, part, error), int(error.http_status), headers
    return redirect(parts.address_of(at, part) if stay else parts.address_after(at, part), 303)


def page(at: str, part: str, error: TellykeepError | None = None) -> str:
    """The page that a part is on."""
    if at == parts.WELCOME:
        return welcome.page(part, error)
    return settings_tmdb.page(error) if part == "tmdb" else settings_plex.page(part, error)
