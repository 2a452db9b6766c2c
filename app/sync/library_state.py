"""What was marked watched by hand in Plex: some servers leave no row of that in the history, only a count in the library.

Off unless the user turns it on. It adds a viewing where the tracker has none, once, and never takes one away: what the
tracker has as watched and Plex has not is counted in the report, and stays.
"""

from __future__ import annotations

from typing import Any

from psycopg.types.json import Jsonb

from app.db.queries import queries
from app.jobs.running import Result, Run
from app.plex.events import InvalidPayload, parse_event
from app.plex.metadata import PlexEpisode
from app.sync.history import (
    Account,
    Source,
    Tally,
    Viewing,
    envelope,
    open_source,
    receipt_of,
    receive_viewing,
)
from app.upstream.errors import NotThere

_SHOWN = 200

Document = dict[str, Any]


def sync_library(run: Run, user_id: int) -> Result:
    """Compares the episodes of every mapped show with what the server's library has as watched, and marks what is missing.

    What a library counts is what the owner of the token has watched.

    Args:
        run: of this job.
        user_id: whose server.

    Returns:
        What was found: `episodes` names the first of them.

    Raises:
        KeyMissing: there is no Plex token or address.
        UpstreamError: the server, or its token, does not do.
        Cancelled: stop.
    """
    source = open_source(run.services, user_id)
    owner = next((account for account in source.accounts.values() if account.is_own), None)
    if source.refused is not None or owner is None:
        return {"skipped": source.refused or "account_not_tracked"}
    with run.services.db.connection() as connection:
        shows = list(queries().library_shows(connection, user_id=user_id, server_uuid=source.uuid))
    report: Document = {"shows": 0, "gone": 0, "undated": 0, "not_watched_in_plex": 0}
    found: list[Document] = []
    tally = Tally()
    for show in shows:
        run.go_on(report | {"found": tally.missed, "total": len(shows)})
        source.server.steps.clear()
        try:
            source.server.show_known_as(show["plex_rating_key"], show["plex_guid"], show["plex_title"])
            episodes = source.server.episodes(show["plex_rating_key"])
        except NotThere:
            report["gone"] += 1
            continue
        report["shows"] += 1
        seen = [episode for episode in episodes if episode.view_count and episode.episode is not None]
        report["undated"] += sum(episode.last_viewed_at is None for episode in seen)
        report["not_watched_in_plex"] += _count_not_seen(run, user_id, show["tvshow_id"], episodes)
        viewings = [_viewing(source, owner, show, episode) for episode in seen if episode.last_viewed_at is not None]
        found += _receive_unseen(run, user_id, source, show, viewings, tally)
    return report | tally.report() | {"found": tally.missed, "episodes": found[:_SHOWN]}


def _viewing(source: Source, owner: Account, show: Document, episode: PlexEpisode) -> Viewing:
    message = envelope(source, owner) | {
        "Metadata": {
            "type": "episode",
            "title": episode.title,
            "grandparentTitle": show["plex_title"],
            "parentIndex": episode.season,
            "index": episode.episode,
            "ratingKey": episode.rating_key,
            "grandparentRatingKey": show["plex_rating_key"],
            "originallyAvailableAt": None if episode.air_date is None else episode.air_date.isoformat(),
            "duration": episode.duration_ms,
            "lastViewedAt": episode.last_viewed,
        }
    }
    assert episode.last_viewed_at is not None  # noqa: S101 - those without a date were left out
    # Marked again after it was unmarked here: news. Seen as it is for the second time: none.
    return Viewing(f"library/{episode.rating_key}@{episode.last_viewed}", message, episode.last_viewed_at, owner)


def _receive_unseen(
    run: Run, user_id: int, source: Source, show: Document, viewings: list[Viewing], tally: Tally
) -> list[Document]:
    rows = [
        {
            "n": n,
            "receipt": str(receipt_of(user_id, source.uuid, viewing.key)),
            "history_key": viewing.key,
            "server_uuid": source.uuid,
            "season": viewing.message["Metadata"]["parentIndex"],
            "episode": viewing.message["Metadata"]["index"],
        }
        for n, viewing in enumerate(viewings)
    ]
    with run.services.db.connection() as connection:
        unseen = list(
            queries().unseen_in_library(connection, user_id=user_id, tvshow_id=show["tvshow_id"], rows=Jsonb(rows))
        )
    found = []
    for row in unseen:
        viewing = viewings[row["n"]]
        metadata = viewing.message["Metadata"]
        try:
            event = parse_event(viewing.message)
        except InvalidPayload:
            tally.unreadable += 1
            continue
        receive_viewing(run.services, user_id, source, viewing, event, tally)
        found.append(
            {
                "tvshow_id": show["tvshow_id"],
                "season": metadata["parentIndex"],
                "episode": metadata["index"],
                "at": (viewing.at - source.clock_ahead).strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
        )
    return found


def _count_not_seen(run: Run, user_id: int, tvshow_id: int, episodes: list[PlexEpisode]) -> int:
    """How many episodes the tracker has as watched that the server has, and not as watched."""
    numbers = [
        [e.season, e.episode] for e in episodes if not e.view_count and e.season is not None and e.episode is not None
    ]
    with run.services.db.connection() as connection:
        count: int = queries().count_watched_of(
            connection, user_id=user_id, tvshow_id=tvshow_id, numbers=Jsonb(numbers)
        )
    return count
