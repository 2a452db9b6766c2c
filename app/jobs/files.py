"""The job that reads the names of files on Plex servers, which say where one file holds several episodes."""

from __future__ import annotations

import psycopg
import structlog

from app.db.queries import queries
from app.errors import unavailable
from app.jobs.running import Result, Run
from app.plex.client import PlexServer, plex_server_of
from app.sync.double_episodes import learn_of_mapping
from app.upstream.errors import NotThere, UpstreamError

log = structlog.get_logger("tellykeep.files")

# Two questions a show: a library of this size is read within a quarter of an hour.
MOST_SHOWS = 200


def read_files(run: Run) -> Result:
    """Reads the files of shows that were mapped without a look-up, or watched since they were read.

    What the names say counts for the past too.

    Args:
        run: of this job.
    """
    services = run.services
    with services.db.connection() as connection:
        due = list(queries().files_due(connection, limit=MOST_SHOWS))
    servers: dict[int, PlexServer | None] = {}
    report = {"due": len(due), "read": 0, "changed": 0, "gone": 0, "waiting": 0, "failed": 0}
    for place in due:
        run.go_on(report)
        user_id = place["user_id"]
        if user_id not in servers:
            servers[user_id] = plex_server_of(services, user_id, [])
        server = servers[user_id]
        if server is None:
            report["waiting"] += 1
            continue
        server.steps.clear()
        try:
            changed = learn_of_mapping(services, user_id, place, server)
        except NotThere:
            # Asked about, if in vain: not again before the show's next event.
            with services.db.connection() as connection:
                queries().note_files_read(connection, user_id=user_id, mapping_id=place["mapping_id"])
            report["gone"] += 1
        except UpstreamError:
            # The server is away, or refuses the token: its other shows wait for the next run.
            servers[user_id] = None
            report["waiting"] += 1
        except psycopg.Error as error:
            if unavailable(error):
                raise
            # The fault of one show is not the others'.
            log.error("files could not be kept", mapping_id=place["mapping_id"], reason=str(error).partition("\n")[0])
            report["failed"] += 1
        else:
            report["read"] += 1
            report["changed"] += changed is not None
    return report
