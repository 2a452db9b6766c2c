"""Whose poster it is: TMDB's, from its host of images, or the user's own Plex server's. Nobody else is asked."""

from __future__ import annotations

import re

from app.plex.client import plex_server_of
from app.posters.image import Image
from app.services import Services

# What follows the slash is a name of TMDB's; with dots or slashes in it, it would be another address.
TMDB_PATH = re.compile(r"/[A-Za-z0-9_-]{1,100}\.(?:jpg|jpeg|png|webp)", re.ASCII)
PLEX_PATH = re.compile(r"/library/metadata/\d{1,18}/thumb/\d{1,18}", re.ASCII)
# Width and height in pixels: about twice what a page shows, for screens that have them.
SIZES: dict[str, tuple[int, int]] = {"s": (154, 231), "m": (342, 513), "l": (500, 750)}


def can_be_fetched(poster_path: object) -> bool:
    """Whether this is a path of TMDB's or Plex's; anything else is never asked for."""
    return isinstance(poster_path, str) and bool(TMDB_PATH.fullmatch(poster_path) or PLEX_PATH.fullmatch(poster_path))


def fetched_poster(services: Services, user_id: int, poster_path: str, size: str) -> Image | None:
    """The poster of a show of this user; None when there is none, or it cannot be had now.

    Args:
        services: the application's parts.
        user_id: whose show, and whose Plex server.
        poster_path: as TMDB or the server names it.
        size: one of `SIZES`.
    """
    if TMDB_PATH.fullmatch(poster_path):
        return tmdb_poster(services, poster_path, size)
    return _plex_poster(services, user_id, poster_path, size) if PLEX_PATH.fullmatch(poster_path) else None


def tmdb_poster(services: Services, poster_path: str, size: str) -> Image | None:
    """A poster of TMDB's, which are the same for everybody; the arguments are those of `fetched_poster`."""
    if not TMDB_PATH.fullmatch(poster_path):
        return None
    host = services.settings.tmdb_image_url
    url = f"{host}/w{SIZES[size][0]}{poster_path}"
    return services.posters.image(
        ("tmdb", poster_path, size), host, lambda: services.posters.upstream.download(url, what="a poster")
    )


def _plex_poster(services: Services, user_id: int, poster_path: str, size: str) -> Image | None:
    server = plex_server_of(services, user_id, [])
    if server is None:
        return None
    # Kept for this user: it is from a private library.
    name = ("plex", user_id, server.url, poster_path, size)
    return services.posters.image(name, server.url, lambda: server.poster(poster_path, *SIZES[size]))
