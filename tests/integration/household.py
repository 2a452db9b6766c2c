"""One user with a simulated TMDB and Plex server, and the look-ups done in the test's own thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from app.services import Services
from app.sync.receive import Outcome, receive
from app.sync.worker import LookUpWorker
from tests import payloads
from tests.conftest import Connection
from tests.fakes.plex import FakePlex
from tests.fakes.tmdb import FakeTmdb
from tests.watch_state import log_row, one

SHOW = payloads.SHOW


@dataclass
class Household:
    """Whose webhooks come, and whose servers are asked.

    Attributes:
        tmdb, plex: what they know is told by `tmdb_has` and `plex_has`.
    """

    services: Services
    conn: Connection
    user_id: int
    make_show: Callable[..., int]
    tmdb: FakeTmdb
    plex: FakePlex
    worker: LookUpWorker = field(init=False)

    def __post_init__(self) -> None:
        self.worker = LookUpWorker(self.services)

    def tmdb_has(self, title: str = SHOW, **show: Any) -> int:
        """TMDB knows a show with the ids of tests.payloads: two seasons, whose episodes are found by their ids."""
        ids = payloads.show_ids(title)
        numbers = {1: 4, 2: 4}
        seasons = {
            season: [
                {"name": f"Part {n}", "air_date": "2025-10-14"}
                | {f"{kind}_id": payloads.episode_ids(title, season, n)[kind] for kind in ("tvdb", "imdb")}
                for n in range(1, count + 1)
            ]
            for season, count in numbers.items()
        }
        known = {"seasons": seasons, "tvdb_id": ids["tvdb"], "imdb_id": ids["imdb"], "first_air_date": "2019-04-01"}
        self.tmdb.add_show(ids["tmdb"], title, **(known | show))
        tmdb_id: int = ids["tmdb"]
        return tmdb_id

    def plex_has(self, title: str = SHOW, *, ids: tuple[str, ...] = ("tmdb", "tvdb", "imdb"), **show: Any) -> str:
        """The Plex server has a show in its library, with these kinds of ids of the show itself."""
        key = payloads.rating_key("show", title)
        known = payloads.show_ids(title)
        plain = {
            "year": 2019,
            "guid": payloads.show_guid(title),
            "guids": [f"{kind}://{known[kind]}" for kind in ids],
            "seasons": {1: 4, 2: 4},
        }
        self.plex.add_show(key, title, **(plain | show))
        return key

    def has(self, title: str = SHOW, **show: Any) -> int:
        """The tracker has a show."""
        return self.make_show(self.user_id, title, **show)

    def sends(self, message: dict[str, Any] | None = None) -> Outcome:
        """Plex sends a message."""
        from app.plex.events import parse_event

        return receive(self.services, self.user_id, parse_event(message or payloads.episode()))

    def looks_up(self, message: dict[str, Any] | None = None) -> dict[str, Any]:
        """Plex sends a message that has to be looked up, and it is. The log row as it is then."""
        sent = self.sends(message)
        assert (sent.status, sent.action) == ("pending", "needs_lookup")
        self.worker.work_off()
        return log_row(self.conn, sent.log_id)

    def later(self) -> None:
        """Time goes by: what waits for its next attempt, or a service for its next probe, is due."""
        self.conn.execute("update plex_webhook_logs set next_attempt_at = now() where status = 'pending'")
        self.conn.execute("update upstreams set next_probe_at = now()")

    def mapping(self) -> dict[str, Any]:
        """The one mapping that there is."""
        return one(self.conn, "select * from plex_show_mappings where user_id = %s", (self.user_id,))

    def shows(self) -> list[dict[str, Any]]:
        """The shows of the tracker in the order in which they came."""
        return self.conn.execute(
            "select * from tvshows where user_id = %s and deleted_at is null order by id", (self.user_id,)
        ).fetchall()


def asked(row: dict[str, Any]) -> list[str]:
    """Who was asked what, as the trace of a log row says."""
    return [f"{step['service']}: {step['what']}" for step in row["trace"] if step["step"] == "asked"]


def steps(row: dict[str, Any]) -> list[str]:
    """The names of the steps in the trace of a log row."""
    return [step["step"] for step in row["trace"]]
