"""Posters, always from an address of the appliance: fetched and kept, or drawn where there is none."""

from __future__ import annotations

import hashlib
from typing import Any
from zlib import crc32

from flask import Blueprint, Response, abort, request, url_for

from app.posters.drawing import drawn_tile, letters, tone
from app.posters.fetching import SIZES, TMDB_PATH, can_be_fetched, fetched_poster, tmdb_poster
from app.posters.image import Image
from app.posters.keeping import TooManyWait
from app.security.access import current_identity, guard_pages
from app.services import services
from app.tracker.shows import get_poster
from app.web import asked
from app.web.assets import YEAR_SECONDS

_DAY_SECONDS = 86_400
# What stands in for a poster that may come soon.
_MINUTES_SECONDS = 300

blueprint = Blueprint("posters", __name__)
guard_pages(blueprint)


@blueprint.get("/posters/shows/<int:tvshow_id>")
def of_show(tvshow_id: int) -> Response:
    """The poster of a show of the user's tracker."""
    size = asked.choice(request.args, "size", tuple(SIZES))
    user_id = current_identity().user_id
    show = get_poster(services(), user_id, tvshow_id)
    path = show["poster_path"] or ""
    for_ever = request.args.get("v") == _version(path)
    try:
        image = fetched_poster(services(), user_id, path, size)
    except TooManyWait:
        return _stand_in(show["title"], tvshow_id)
    return _answer(image, show["title"], tvshow_id, for_ever=for_ever)


@blueprint.get("/posters/tmdb/<name>")
def of_tmdb(name: str) -> Response:
    """A poster of a show that the tracker does not have, by its name at TMDB."""
    path = f"/{name}"
    if not TMDB_PATH.fullmatch(path):
        abort(404)
    size = asked.choice(request.args, "size", tuple(SIZES))
    title = request.args.get("title")
    try:
        image = tmdb_poster(services(), path, size)
    except TooManyWait:
        return _stand_in(title, _number(path))
    # TMDB gives a new image a new name.
    return _answer(image, title, _number(path), for_ever=True)


def poster_address(show: Any, size: str) -> str | None:
    """Where a template finds the poster of a show, or of one that TMDB knows; None when it has none."""
    path = _of(show, "poster_path")
    if not can_be_fetched(path):
        return None
    show_id = _of(show, "id")
    if isinstance(show_id, int):
        return url_for("posters.of_show", tvshow_id=show_id, size=size, v=_version(path))
    if not TMDB_PATH.fullmatch(path):
        return None
    title = str(_of(show, "title") or "")[:20]
    return url_for("posters.of_tmdb", name=path[1:], size=size, title=title)


def poster_letters(show: Any) -> str:
    """What stands on the tile of a show without a poster."""
    return letters(_of(show, "title"))


def poster_tone(show: Any) -> int:
    """Which colour that tile has."""
    number = _of(show, "id") or _of(show, "tmdb_id")
    return tone(number if isinstance(number, int) else _number(str(_of(show, "title"))))


def _of(show: Any, name: str) -> Any:
    return show.get(name) if isinstance(show, dict) else getattr(show, name, None)


def _version(path: str) -> str:
    return hashlib.sha256(path.encode()).hexdigest()[:8]


def _number(text: str) -> int:
    return crc32(text.encode())


def _stand_in(title: str | None, number: int) -> Response:
    """A tile for this look: it is not kept, so that the browser asks for the poster again at the next."""
    response = Response(drawn_tile(title, number), content_type="image/svg+xml")
    response.headers["Cache-Control"] = "no-store"
    return response


def _answer(image: Image | None, title: str | None, number: int, *, for_ever: bool) -> Response:
    if image is None:
        seconds, image = _MINUTES_SECONDS, Image(drawn_tile(title, number), "image/svg+xml")
    else:
        seconds = YEAR_SECONDS if for_ever else _DAY_SECONDS
    response = Response(image.content, content_type=image.media_type)
    response.headers["Cache-Control"] = f"private, max-age={seconds}" + (
        ", immutable" if seconds == YEAR_SECONDS else ""
    )
    response.set_etag(image.etag)
    response.make_conditional(request)
    return response
