"""A show as TMDB knows it, in the form that the SQL function add_show takes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from app.tmdb.client import TmdbClient
from app.tmdb.models import SeasonSummary, TmdbSeason, TmdbShow
from app.upstream.errors import NotThere
from app.upstream.http import Step

AT_ONCE = 8

Document = dict[str, Any]


def show_document(client: TmdbClient, tmdb_id: int, *, fresh: bool = False) -> Document:
    """Asks for the show and each of its seasons, a few at once. The caller adds `source`.

    Args:
        client: whom to ask.
        tmdb_id: of the show.
        fresh: ask even for what is remembered.

    Raises:
        NotThere: there is no such show.
        UpstreamError: TMDB, or the key, does not do.
    """
    show = client.show(tmdb_id, fresh=fresh)
    seasons = _seasons(client, show, fresh=fresh)
    return {
        "title": show.title,
        "year": show.year,
        "show_start_date": show.first_air_date.isoformat() if show.first_air_date else None,
        "tmdb_id": show.id,
        "tvdb_id": show.external_ids.tvdb_id,
        "imdb_id": show.external_ids.imdb_id,
        "status": show.status or None,
        "poster_path": show.poster_path or None,
        "country": show.country,
        "titles": show.names,
        "seasons": [_season(number, season) for number, season in seasons],
    }


def _seasons(client: TmdbClient, show: TmdbShow, *, fresh: bool) -> list[tuple[int, TmdbSeason]]:
    """Every season by its number. The threads only read: each has its own trace, put together in order afterwards."""
    summaries = {summary.season_number: summary for summary in show.seasons}
    traces: list[list[Step]] = [[] for _ in summaries]

    def ask(summary: SeasonSummary, steps: list[Step]) -> TmdbSeason:
        if summary.episode_count == 0:
            return TmdbSeason()
        try:
            return client.with_steps(steps).season(show.id, summary.season_number, fresh=fresh)
        except NotThere:
            # Listed, and yet not there: a season without episodes is better than no show.
            return TmdbSeason()

    try:
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="tmdb-season") as threads:
            found = list(threads.map(ask, summaries.values(), traces))
    finally:
        for steps in traces:
            client.steps.extend(steps)
    return sorted(zip(summaries, found, strict=True), key=lambda pair: pair[0])


def _season(number: int, season: TmdbSeason) -> Document:
    return {
        "seasonNumber": number,
        "episodes": [
            {
                "episodeNumber": episode.episode_number,
                "title": episode.name or None,
                "airDate": episode.air_date.isoformat() if episode.air_date else None,
                "runtime": episode.runtime,
                "tmdbId": episode.id,
            }
            for episode in season.episodes
        ],
    }
