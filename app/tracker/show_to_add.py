"""What is known of a show that an answer adds to the tracker: asked before the transaction, so that nothing waits for it."""

from __future__ import annotations

from typing import Any

from app.db.queries import queries
from app.errors import Unprocessable
from app.plex.client import plex_server_of
from app.plex.document import plex_show_document
from app.plex.guids import ExternalIds
from app.plex.metadata import PlexShow
from app.services import Services
from app.tmdb.client import Source, TmdbClient, tmdb_of
from app.tmdb.document import show_document
from app.tracker.paging import Row
from app.upstream.errors import NotThere
from app.upstream.http import Step

Document = dict[str, Any]


def show_to_add(services: Services, user_id: int, conflict: Row, tmdb_id: int | None) -> Document:
    """The show for `add_show`: of TMDB where its id is known and there is a key, else of the Plex server where there is a
    token, else what the question says; then its episodes are those that wait.

    Args:
        services: the application's parts. No connection of the pool may be held.
        user_id: whose keys to ask with.
        conflict: the question.
        tmdb_id: what the user named; None leaves it to what messages and the Plex server say.

    Raises:
        Unprocessable: TMDB does not know the id that the user named.
        UpstreamError: a service does not answer, or refuses the key.
    """
    steps: list[Step] = []
    with services.db.connection() as connection:
        plex_show = queries().conflict_show(connection, user_id=user_id, conflict_id=conflict["id"])
        of = queries().get_plex_server(connection, user_id=user_id) or {}
    told = (plex_show or {}).get("show_ids") or {}
    server = plex_server_of(services, user_id, steps)
    # The token is for one server; without its name, it is the only one.
    if conflict["plex_rating_key"] is None or of.get("plex_server_uuid") not in (None, conflict["plex_server_uuid"]):
        server = None
    tmdb = tmdb_of(services, user_id, steps)
    known_id = tmdb_id or told.get("tmdb")
    seen: PlexShow | None = None
    if server is not None and (known_id is None or tmdb is None):
        try:
            seen = server.show_known_as(conflict["plex_rating_key"], conflict["plex_guid"], conflict["plex_title"])
        except NotThere:
            # A library that was rebuilt has new keys.
            seen = None
    if tmdb is not None:
        known_id = known_id or _tmdb_id_of(tmdb, seen.ids if seen is not None else ExternalIds(), told)
        try:
            if known_id is not None:
                return _named(show_document(tmdb, known_id), conflict)
        except NotThere as error:
            if tmdb_id is not None:
                raise Unprocessable(
                    "TMDB has no show with this id", fields={"tmdb_id": "the id of a show of TMDB"}
                ) from error
    if server is not None and seen is not None:
        try:
            document = plex_show_document(server, conflict["plex_rating_key"], show=seen)
        except NotThere:
            document = {}
        if tmdb_id is not None:
            # Whoever names the show names its id; what Plex says of its other ids may be another show's.
            document = {**document, "tmdb_id": tmdb_id, "tvdb_id": None, "imdb_id": None} if document else {}
        if document:
            return _named(document, conflict)
    return _as_the_question_says(conflict, tmdb_id)


def _tmdb_id_of(tmdb: TmdbClient, plex: ExternalIds, told: dict[str, Any]) -> int | None:
    """The one show of TMDB that an id of the show stands for."""
    if plex.tmdb is not None:
        return plex.tmdb
    sources: tuple[tuple[Source, int | str | None], ...] = (
        ("tvdb_id", told.get("tvdb") or plex.tvdb),
        ("imdb_id", told.get("imdb") or plex.imdb),
    )
    for source, external_id in sources:
        shows = tmdb.find(source, external_id).shows if external_id is not None else ()
        if len(shows) == 1:
            return shows[0].id
    return None


def _named(document: Document, conflict: Row) -> Document:
    return {**document, "title": document.get("title") or conflict["plex_title"] or "Untitled"}


def _as_the_question_says(conflict: Row, tmdb_id: int | None) -> Document:
    """Its name among the candidates, if it is one of them."""
    if tmdb_id is None:
        return {}
    for candidate in conflict["potential_matches"]:
        if candidate.get("tmdb_id") == tmdb_id and candidate.get("title"):
            return {"tmdb_id": tmdb_id, "title": candidate["title"], "year": candidate.get("year")}
    return {"tmdb_id": tmdb_id}
