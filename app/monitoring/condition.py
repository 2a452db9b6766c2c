"""What somebody should look at although events are taken: reasons for `degraded`, and mere warnings."""

from __future__ import annotations

import shutil

import psycopg

from app.db.queries import queries
from app.errors import DatabaseUnavailable
from app.services import Services
from app.settings import Settings

# Longer than a holiday without TV would be no reason to worry, shorter than anybody keeps Plex's webhooks in mind.
QUIET_DAYS = 7
_MEGABYTE = 1_000_000


def trouble(services: Services) -> str | None:
    """One sentence on what needs somebody, while events are still taken; None when nothing does."""
    dead = services.scheduler.problem() if services.scheduler is not None else None
    return dead or disk_trouble(services.settings)


def warnings(services: Services) -> list[str]:
    """Sentences on what may be wrong, or may be a holiday."""
    try:
        with services.db.connection(timeout=1) as connection:
            last = queries().last_received(connection)
    except (DatabaseUnavailable, psycopg.Error):
        return []
    if last["webhook_seconds"] is None:
        return []
    quiet = min(seconds for seconds in (last["event_seconds"], last["webhook_seconds"]) if seconds is not None)
    days = int(quiet // 86400)
    return [f"nothing was received for {days} days"] if days >= QUIET_DAYS else []


def disk_trouble(settings: Settings) -> str | None:
    """One sentence when less room is left than DISK_RESERVE_MB asks for; None when there is enough."""
    try:
        free = shutil.disk_usage(settings.data_dir).free // _MEGABYTE
    except OSError:
        # Gone: whoever needs it says so.
        return None
    if free < settings.disk_reserve_mb:
        return (
            f"the disk is almost full: {free} MB are left in the data directory, {settings.disk_reserve_mb} should be"
        )
    return None
