"""A show as a Plex server knows it, in the form that the SQL function add_show takes."""

from __future__ import annotations

from typing import Any

from app.plex.client import PlexServer
from app.plex.metadata import PlexEpisode, PlexShow

Document = dict[str, Any]


def plex_show_document(server: PlexServer, rating_key: str, *, show: PlexShow | None = None) -> Document:
    """Asks for the show and its episodes. The caller adds `source`.

    What Plex calls it stays its title, with a year in brackets if there is one: that is how its episodes come in.
    Episodes without a number are left out, the tracker has no place for them.

    Args:
        server: whom to ask.
        rating_key: of the show on that server.
        show: what is known of it already.

    Raises:
        NotThere: there is no such show.
        UpstreamError: the server, or the token, does not do.
    """
    show = show or server.show(rating_key)
    seasons: dict[int, dict[int, Document]] = {}
    for episode in server.episodes(rating_key):
        if episode.season is not None and episode.episode is not None:
            seasons.setdefault(episode.season, {}).setdefault(episode.episode, _episode(episode))
    ids = show.ids
    original = show.original_title
    return {
        "title": show.title or original,
        "year": show.year,
        "tmdb_id": ids.tmdb,
        "tvdb_id": ids.tvdb,
        "imdb_id": ids.imdb,
        "poster_path": show.thumb or None,
        "titles": [{"title": original, "kind": "original"}] if original and original != show.title else [],
        "seasons": [
            {"seasonNumber": number, "episodes": [entry for _, entry in sorted(entries.items())]}
            for number, entries in sorted(seasons.items())
        ],
    }


def _episode(episode: PlexEpisode) -> Document:
    return {
        "episodeNumber": episode.episode,
        "title": episode.title or None,
        "airDate": None if episode.air_date is None else episode.air_date.isoformat(),
        "runtime": episode.minutes,
    }
