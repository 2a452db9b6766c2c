"""find_open_conflict: what find_mapping takes for one show is one question."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.watch_state import value

EVENT: dict[str, Any] = {
    "show_key": "plex://show/dark",
    "server_uuid": "S1",
    "show_rating_key": "12",
    "show_guid": "plex://show/dark",
    "show_title": "Dark",
}
LOCAL = {"show_key": "S1|local://12|dark", "show_guid": "local://12"}
BY_KEY = {"show_key": "S1|key/12|dark", "show_guid": None}
BY_TITLE = {"show_key": "title/dark", "show_guid": None, "show_rating_key": None}


def find(conn: Connection, user_id: int, event: dict[str, Any]) -> Any:
    return value(conn, "select find_open_conflict(%s, %s) as id", (user_id, Jsonb(EVENT | event)))


@pytest.mark.parametrize(
    ("open_one", "event", "same"),
    [
        ({}, {}, True),
        ({}, {"server_uuid": "S2", "show_rating_key": "77"}, True),
        ({}, BY_KEY, True),
        (BY_KEY, {}, True),
        (LOCAL, {}, True),
        ({}, LOCAL, True),
        (BY_KEY, {"show_title": "DARK!"}, True),
        ({}, {"show_key": "com.plexapp.agents.thetvdb://7", "show_guid": "com.plexapp.agents.thetvdb://7"}, True),
        # A rebuilt library: another title.
        (BY_KEY, {"show_title": "Dark Matter"}, False),
        # "Fix match": another GUID of the same agent.
        ({}, {"show_key": "plex://show/other", "show_guid": "plex://show/other"}, False),
        # Another server's key.
        (BY_KEY, {"server_uuid": "S2"}, False),
        ({}, LOCAL | {"server_uuid": "S2", "show_key": "S2|local://12|dark"}, False),
        (BY_TITLE, BY_TITLE, True),
        (BY_TITLE, {}, False),
    ],
)
def test_an_event_joins_the_question_about_its_show(
    conn: Connection, make_user: Callable[..., int], open_one: dict[str, Any], event: dict[str, Any], same: bool
) -> None:
    user, stranger = make_user(), make_user()
    conflict = value(conn, "select open_conflict(%s, %s, 'no_match', '[]') as id", (user, Jsonb(EVENT | open_one)))
    assert find(conn, user, event) == (conflict if same else None)
    assert find(conn, stranger, event) is None


def test_an_answered_question_is_not_found(conn: Connection, make_user: Callable[..., int]) -> None:
    user = make_user()
    conflict = value(conn, "select open_conflict(%s, %s, 'no_match', '[]') as id", (user, Jsonb(EVENT)))
    conn.execute("select resolve_conflict(%s, %s, 'ignore')", (user, conflict))
    assert find(conn, user, {}) is None
