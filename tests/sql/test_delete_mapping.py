"""delete_mapping: forgets an answer."""

from __future__ import annotations

from collections.abc import Callable

from tests import payloads
from tests.conftest import Connection
from tests.scrobbles import receive, scrobble
from tests.watch_state import log_row, one, plays, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def test_the_next_event_is_decided_anew_and_what_was_done_stays(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    first = receive(conn, user, scrobble())
    mapping = one(conn, "select id from plex_show_mappings where user_id = %s", (user,))["id"]
    assert value(conn, "select delete_mapping(%s, %s) as was", (user, mapping)) is True
    (play,) = plays(conn, show)
    assert play["mapping_id"] is None
    assert log_row(conn, first["log_id"])["mapping_id"] == mapping
    again = receive(conn, user, scrobble(episode=2))
    assert again["status"] == "success"
    assert log_row(conn, again["log_id"])["trace"][0]["step"] == "title"


def test_a_mapping_to_no_show_can_be_forgotten(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    held = receive(conn, user, scrobble())
    conn.execute("select resolve_conflict(%s, %s, 'ignore_forever')", (user, held["conflict_id"]))
    mapping = one(conn, "select id from plex_show_mappings where user_id = %s", (user,))["id"]
    assert value(conn, "select delete_mapping(%s, %s) as was", (user, mapping)) is True
    assert receive(conn, user, scrobble(episode=2))["status"] == "conflict"


def test_another_users_mapping_is_not_there(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user, other = make_user(), make_user()
    make_show(user, payloads.SHOW)
    receive(conn, user, scrobble())
    mapping = one(conn, "select id from plex_show_mappings where user_id = %s", (user,))["id"]
    assert value(conn, "select delete_mapping(%s, %s) as was", (other, mapping)) is False
    assert value(conn, "select delete_mapping(%s, %s) as was", (user, 2**40)) is False
    assert receive(conn, user, scrobble(episode=2))["status"] == "success"
