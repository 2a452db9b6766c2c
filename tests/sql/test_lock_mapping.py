"""lock_mapping: what a correction locks, and in which order (tests/concurrency has the waiting)."""

from __future__ import annotations

from collections.abc import Callable

from tests import payloads
from tests.conftest import Connection
from tests.mapping_state import map_to
from tests.scrobbles import decision, receive, scrobble
from tests.watch_state import refused, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def test_the_key_of_the_show_and_all_mappings_are_locked(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    mapping = map_to(conn, user, make_show(user, payloads.SHOW))
    receive(conn, user, scrobble())
    assert (
        value(conn, "select show_key from plex_show_mappings where id = %s", (mapping,))
        == decision(scrobble())["show_key"]
    )
    conn.execute("select lock_mapping(%s, %s)", (user, mapping))
    held = conn.execute(
        """select ((classid::bigint << 32) | objid::bigint) as key from pg_locks
           where locktype = 'advisory' and pid = pg_backend_pid() and objsubid = 1"""
    ).fetchall()
    for name in (decision(scrobble())["show_key"], "mappings"):
        assert value(conn, "select hashtextextended(%s, %s)", (name, user)) in {row["key"] for row in held}


def test_a_mapping_that_is_not_there_or_another_users_is_refused(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    mapping = map_to(conn, user, make_show(user))
    for user_id, mapping_id in ((make_user(), mapping), (user, mapping + 1)):
        with refused(conn, "TK404"):
            conn.execute("select lock_mapping(%s, %s)", (user_id, mapping_id))
