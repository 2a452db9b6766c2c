"""The dashboard's figures."""

from __future__ import annotations

from app.db.queries import queries
from app.services import Services
from app.tracker.paging import Row

STATUSES = ("success", "failed", "ignored", "duplicate", "conflict", "pending")


def plex_stats(services: Services, user_id: int, *, days: int = 30) -> Row:
    """Figures of the last days.

    Args:
        services: the application's parts.
        user_id: whose.
        days: how many days back from now.

    Returns:
        `received` and one number per status, `shares` of them (0 to 1), processing times in milliseconds (null when
        nothing was received), what was watched and added, mappings by confidence, open conflicts and the last event.
    """
    with services.db.connection() as connection:
        figures: Row = queries().event_figures(connection, user_id=user_id, days=days)
        tracker = queries().tracker_figures(connection, user_id=user_id, days=days)
        mappings = queries().mapping_figures(connection, user_id=user_id)
        last_event = queries().last_event(connection, user_id=user_id)
    received = figures["received"]
    shares = {status: round(figures[status] / received, 4) if received else 0.0 for status in STATUSES}
    return {"days": days, "shares": shares, "mappings": mappings, "last_event": last_event, **figures, **tracker}
