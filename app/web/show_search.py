"""Looking for a show by hand: in the tracker as somebody types, and at TMDB when asked to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.services import Services
from app.tmdb.client import tmdb_key
from app.tracker.paging import Row
from app.tracker.search import find_shows, search_shows
from app.upstream.errors import UpstreamError
from app.web import asked


@dataclass(frozen=True)
class ShowSearch:
    """What was looked for, and what was found.

    Attributes:
        query: as it was typed; empty when nothing was.
        ours: shows of the tracker.
        theirs: other shows that TMDB knows; None when it was not asked.
        has_key: whether TMDB can be asked.
        problem: why TMDB did not answer; empty otherwise.
    """

    query: str
    ours: list[Row] = field(default_factory=list)
    theirs: list[Row] | None = None
    has_key: bool = False
    problem: str = ""


def search_in_both(services: Services, user_id: int, values: Mapping[str, str]) -> ShowSearch:
    """Shows of the tracker with `q` in a name, and with `tmdb` what else TMDB knows by that name."""
    query = asked.query(values)
    ours = find_shows(services, user_id, query)
    shown = {show["id"] for show in ours}
    has_key = tmdb_key(services, user_id) is not None
    theirs, problem = None, ""
    if query and has_key and values.get("tmdb"):
        try:
            found = search_shows(services, user_id, query)
            theirs = [show for show in found if show["tvshow_id"] not in shown]
        except UpstreamError as error:
            problem = error.message
    return ShowSearch(query, ours, theirs, has_key, problem)
