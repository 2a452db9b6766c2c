"""is_down: whether a service is known not to answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conftest import Connection
from tests.watch_state import value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def down(conn: Connection, user_id: int, service: str) -> Any:
    return value(conn, "select is_down(%s, %s) as down", (user_id, service))


def test_tmdb_is_down_for_all_and_a_plex_server_for_its_user(conn: Connection, make_user: MakeUser) -> None:
    ann, bob = make_user(), make_user()
    assert not down(conn, ann, "tmdb")
    conn.execute("select note_upstream(%s, 'tmdb', 'unavailable')", (ann,))
    conn.execute("select note_upstream(%s, 'plex', 'unavailable')", (ann,))
    assert [down(conn, user, service) for user in (ann, bob) for service in ("tmdb", "plex")] == [
        True,
        True,
        True,
        False,
    ]


def test_what_is_due_for_its_next_probe_may_be_asked(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    conn.execute("select note_upstream(%s, 'plex', 'unavailable')", (user,))
    conn.execute("update upstreams set next_probe_at = now()")
    assert not down(conn, user, "plex")
