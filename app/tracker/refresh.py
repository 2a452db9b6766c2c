"""Reading a show anew: its episodes, names and ids as TMDB, or the Plex server, has them now, and which files hold several."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from psycopg.types.json import Jsonb

from app.db.queries import queries
from app.errors import Unprocessable
from app.plex.client import PlexServer, plex_server_of
from app.plex.document import plex_show_document
from app.services import Services
from app.sync.double_episodes import learn_after_refresh
from app.tmdb.client import TmdbClient, tmdb_of
from app.tmdb.document import show_document
from app.tracker.paging import Row
from app.tracker.shows import found
from app.upstream.errors import NotThere, UpstreamError
from app.upstream.http import Step


def refresh_show(services: Services, user_id: int, tvshow_id: int, steps: list[Step] | None = None) -> Row:
    """Reads a show anew, from TMDB by its id, else from the Plex server that it came from. Asks even for what is remembered.

    Args:
        services: the application's parts.
        user_id: whose tracker.
        tvshow_id: the show.
        steps: a trace of the questions.

    Returns:
        `source` (`tmdb` or `plex`), and what changed: how many episodes were `added`, which were `moved` to another
        number, `removed`, or `kept` although the source has them no longer; how many `names` are new.

    Raises:
        NotFound: there is no such show in this tracker.
        Unprocessable: neither TMDB nor a Plex server can be asked about it, or it is not there any more.
        UpstreamError: the one that was asked does not answer, or does not take the key.
    """
    steps = [] if steps is None else steps
    with services.db.connection() as connection:
        place = found(queries().where_to_refresh(connection, user_id=user_id, tvshow_id=tvshow_id))
    tmdb = tmdb_of(services, user_id, steps) if place["tmdb_id"] is not None else None
    if tmdb is not None:
        source, result = "tmdb", merge_from_tmdb(tmdb, user_id, tvshow_id, place["tmdb_id"])
    else:
        plex = plex_server_of(services, user_id, steps) if place["plex_rating_key"] is not None else None
        if plex is None:
            raise Unprocessable(
                "nobody can be asked about this show: it needs a TMDB id and a TMDB key, or a Plex server with a token"
                " that has sent an episode of it"
            )
        source, result = (
            "plex",
            merge_from_plex(
                plex, user_id, tvshow_id, place["plex_rating_key"], place["plex_guid"], place["plex_title"]
            ),
        )
    if result is None:
        raise Unprocessable(f"{'TMDB' if source == 'tmdb' else 'the Plex server'} does not have this show any more")
    # The show is read; files that cannot be read now are read with it the next time.
    with suppress(UpstreamError):
        learn_after_refresh(services, user_id, tvshow_id)
    return {"source": source, **result}


def merge_from_tmdb(client: TmdbClient, user_id: int, tvshow_id: int, tmdb_id: int) -> dict[str, Any] | None:
    """What TMDB has now, merged into the show; None when it has no such show any more.

    Raises:
        UpstreamError: TMDB, or the key, does not do.
    """
    try:
        document = show_document(client, tmdb_id, fresh=True)
    except NotThere:
        _note_read(client.services, user_id, tvshow_id)
        return None
    return _merge(client.services, user_id, tvshow_id, document, "tmdb")


def merge_from_plex(
    server: PlexServer, user_id: int, tvshow_id: int, rating_key: str, guid: str | None, title: str | None
) -> dict[str, Any] | None:
    """The same from the seasons and episodes that the Plex server has.

    Args:
        server: whom to ask.
        user_id: whose tracker.
        tvshow_id: the show there.
        rating_key: what stands for it on the server, or did.
        guid: by which it was known there.
        title: likewise.

    Raises:
        UpstreamError: the server, or the token, does not do.
    """
    try:
        show = server.show_known_as(rating_key, guid, title)
        document = plex_show_document(server, rating_key, show=show)
    except NotThere:
        _note_read(server.services, user_id, tvshow_id)
        return None
    return _merge(server.services, user_id, tvshow_id, document, "plex")


def _merge(services: Services, user_id: int, tvshow_id: int, document: dict[str, Any], source: str) -> dict[str, Any]:
    with services.db.connection() as connection:
        result: dict[str, Any] = queries().merge_show(
            connection, user_id=user_id, tvshow_id=tvshow_id, document=Jsonb(document), source=source
        )
    return result


def _note_read(services: Services, user_id: int, tvshow_id: int) -> None:
    """Asked about, if in vain: noted, so that not every event of the show asks again."""
    with services.db.connection() as connection:
        queries().note_refreshed(connection, user_id=user_id, tvshow_id=tvshow_id)
