"""The job that reads shows anew: what is on the air daily, what has ended monthly."""

from __future__ import annotations

from app.db.queries import queries
from app.errors import TellykeepError
from app.jobs.running import Result, Run
from app.tracker.refresh import refresh_show
from app.upstream.errors import KeyRejected, UpstreamUnavailable

# A run is once an hour, and a show is read once a day: this is enough for 10,000 shows.
MOST_SHOWS = 500
# After so many failures in a row it is the service, not the show.
PATIENCE = 5
_SHOWN = 200


def refresh_shows(run: Run) -> Result:
    """Reads the shows that are due, and reports what changed, show by show.

    Args:
        run: of this job.
    """
    services = run.services
    with services.db.connection() as connection:
        due = [(row["user_id"], row["tvshow_id"]) for row in queries().shows_to_refresh(connection, limit=MOST_SHOWS)]
    refreshed, failed, in_a_row = 0, 0, 0
    changed = []
    for user_id, tvshow_id in due:
        run.go_on({"shows": len(due), "refreshed": refreshed, "failed": failed})
        try:
            result = refresh_show(services, user_id, tvshow_id)
        except (UpstreamUnavailable, KeyRejected):
            failed += 1
            in_a_row += 1
            if in_a_row == PATIENCE:
                break
            continue
        except TellykeepError:
            # Nobody to ask, deleted meanwhile: nothing that another try would change soon.
            with services.db.connection() as connection:
                queries().note_refreshed(connection, user_id=user_id, tvshow_id=tvshow_id)
            failed += 1
            continue
        refreshed += 1
        in_a_row = 0
        if result["added"] or result["moved"] or result["removed"] or result["kept"]:
            changed.append({"tvshow_id": tvshow_id} | result)
    return {"due": len(due), "refreshed": refreshed, "failed": failed, "changed": changed[:_SHOWN]}
