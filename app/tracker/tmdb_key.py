"""The user's own key for TMDB: kept only when TMDB takes it."""

from __future__ import annotations

from app.services import Services
from app.tmdb.client import TmdbClient, need_tmdb
from app.tracker.plex_config import change_config
from app.upstream.http import Step


def keep_tmdb_key(services: Services, user_id: int, key: str, *, base_url: str) -> None:
    """Keeps a key that TMDB takes.

    Raises:
        UpstreamError: TMDB refuses it, or does not answer.
    """
    steps: list[Step] = []
    TmdbClient(services, key, steps).check_key()
    change_config(services, user_id, {"tmdb_api_key": key}, base_url=base_url)


def forget_tmdb_key(services: Services, user_id: int, *, base_url: str) -> None:
    """Removes the user's own key; the installation's counts again, where there is one."""
    change_config(services, user_id, {"tmdb_api_key": None}, base_url=base_url)


def check_tmdb_key(services: Services, user_id: int) -> None:
    """Asks TMDB with the key that counts.

    Raises:
        UpstreamError: there is none, TMDB refuses it, or does not answer.
    """
    steps: list[Step] = []
    need_tmdb(services, user_id, steps).check_key()
