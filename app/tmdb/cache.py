"""What TMDB answered before, in the table `tmdb_cache`: for everybody alike, and never with anybody's key."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from psycopg.types.json import Jsonb
from pydantic import BaseModel

from app.db.queries import queries
from app.services import Services
from app.tmdb.models import EpisodeGroup, EpisodeGroups, Found, TmdbSeason, TmdbShow, as_stored

# Raised when the models want more of an answer than was kept before.
_SHAPE = 1

_NOT_THERE = timedelta(days=1)
_RARELY = timedelta(days=30)
_AIRING = timedelta(hours=12)
_OFTEN = timedelta(days=1)
_WEEKLY = timedelta(days=7)
_PAST = timedelta(days=365)


def cache_key(path: str, params: Mapping[str, str | int]) -> str:
    """The key of a question.

    Args:
        path: behind the base address.
        params: without the API key.
    """
    return f"{_SHAPE} {path}?{urlencode(sorted(params.items()))}"


def age_of(answer: BaseModel | None) -> timedelta:
    """How long an answer counts.

    Args:
        answer: None for "there is no such thing".
    """
    if answer is None:
        return _NOT_THERE
    if isinstance(answer, TmdbShow):
        return _RARELY if answer.has_ended else _AIRING
    if isinstance(answer, TmdbSeason):
        latest = answer.latest
        return _RARELY if latest is not None and latest < date.today() - _PAST else _AIRING  # noqa: DTZ011 - days count
    if isinstance(answer, Found):
        return _RARELY if answer else _NOT_THERE
    if isinstance(answer, EpisodeGroup | EpisodeGroups):
        return _WEEKLY
    return _OFTEN


def remembered(services: Services, key: str) -> tuple[int, dict[str, Any] | None] | None:
    """HTTP status and answer that are remembered and still count; None when there are none."""
    with services.db.connection() as connection:
        row = queries().get_tmdb_cached(connection, cache_key=key)
    return None if row is None else (row["http_status"], row["body"])


def remember(services: Services, key: str, answer: BaseModel | None) -> None:
    """Keeps an answer for as long as fits it.

    Args:
        services: the application's parts.
        key: see `cache_key`.
        answer: None for "there is no such thing".
    """
    body = None if answer is None else Jsonb(as_stored(answer))
    with services.db.connection() as connection:
        queries().cache_tmdb(
            connection, cache_key=key, http_status=404 if answer is None else 200, body=body, age=age_of(answer)
        )
