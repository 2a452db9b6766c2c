"""Holds the summary of the demo against what is in the database."""

from __future__ import annotations

from collections import Counter

from app.db.queries import queries
from app.demo.library import SampleShow
from app.services import Services


def differences(
    services: Services,
    user_id: int,
    statuses: Counter[str],
    watched: set[tuple[SampleShow, int, int]],
    plays: int,
    shows: dict[SampleShow, int],
) -> list[str]:
    """What is not as it must be, a line each; empty when all is right.

    Args:
        statuses: how many log rows of each status there must be.
        watched: the episodes that must be watched, and no others.
        plays: how many viewings that are not voided.
        shows: the tracker's id of each sample show.
    """
    with services.db.connection() as connection:
        logged = {row["status"]: row["events"] for row in queries().demo_events_by_status(connection, user_id=user_id)}
        marked = {
            (row["tvshow_id"], row["season"], row["episode"])
            for row in queries().demo_watched_episodes(connection, user_id=user_id)
        }
        counted = queries().demo_count_plays(connection, user_id=user_id)
        drifted = queries().demo_drifted_totals(connection, user_id=user_id)
    found = []
    if logged != dict(statuses):
        found.append(f"events by status are {logged}, not {dict(statuses)}")
    expected = {(shows[show], season, number) for show, season, number in watched}
    if marked != expected:
        found.append(f"watched by mistake: {sorted(marked - expected)}; not watched: {sorted(expected - marked)}")
    if counted != plays:
        found.append(f"{counted} viewings, not {plays}")
    if drifted:
        found.append(f"{drifted} shows whose totals differ from a recount")
    return found
