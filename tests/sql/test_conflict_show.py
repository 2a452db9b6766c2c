"""conflict_show: the Plex show that a question is about, as an event says it."""

from __future__ import annotations

from collections.abc import Callable

from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.watch_state import value

EVENT = {
    "show_key": "plex://show/dark",
    "server_uuid": "S1",
    "show_rating_key": "12",
    "show_guid": "plex://show/dark",
    "show_title": "Dark",
    "show_year": 2017,
    "show_ids": {"tvdb": 334824},
    "episode_year": 2019,
    "season": 1,
    "episode": 2,
}


def test_it_says_what_the_events_said_of_their_show(conn: Connection, make_user: Callable[..., int]) -> None:
    user, stranger = make_user(), make_user()
    conflict = value(conn, "select open_conflict(%s, %s, 'no_match', '[]') as id", (user, Jsonb(EVENT)))
    show = value(conn, "select conflict_show(%s, %s) as show", (user, conflict))
    # It is decided by what is known: nobody is asked about a question that is open.
    assert set(show.pop("lookup")["failed"]) == {"plex", "tmdb"}
    assert show == {k: v for k, v in EVENT.items() if k not in ("season", "episode")} | {"show_guid_local": False}
    assert value(conn, "select conflict_show(%s, %s) as show", (stranger, conflict)) is None
