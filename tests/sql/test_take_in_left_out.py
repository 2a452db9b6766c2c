"""take_in_left_out: what a change that was taken back had left out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tests.conftest import Connection
from tests.scrobbles import receive, scrobble
from tests.watch_state import log_row, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def test_what_came_since_through_these_mappings_is_pending(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    since = datetime.now(UTC)
    events = {}
    for title in ("Harbour Lights", "Fog"):
        make_show(user, title)
        events[title, 1] = receive(conn, user, scrobble(title, at=since))
    conn.execute("update plex_show_mappings set sync_enabled = false where user_id = %s", (user,))
    for title in ("Harbour Lights", "Fog"):
        events[title, 2] = receive(conn, user, scrobble(title, episode=2, at=since - timedelta(hours=1)))
        events[title, 3] = receive(conn, user, scrobble(title, episode=3, at=since))
    mapping = log_row(conn, events["Harbour Lights", 1]["log_id"])["mapping_id"]
    taken = value(conn, "select take_in_left_out(%s, %s, %s) as n", (user, [mapping], since))
    assert taken == 1
    pending = {key for key, event in events.items() if log_row(conn, event["log_id"])["status"] == "pending"}
    assert pending == {("Harbour Lights", 3)}
    assert value(conn, "select take_in_left_out(%s, %s, %s) as n", (make_user(), [mapping], since)) == 0
