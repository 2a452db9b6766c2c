"""take_probe: whether a service may be asked now, and by whom while it is down."""

from __future__ import annotations

from collections.abc import Callable

from tests.conftest import Connection
from tests.watch_state import one

MakeUser = Callable[..., int]


def take(conn: Connection, user_id: int, service: str) -> tuple[bool, bool]:
    row = one(conn, "select * from take_probe(%s, %s)", (user_id, service))
    return row["may_ask"], row["probing"]


def test_what_is_not_known_to_be_down_may_be_asked(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    assert take(conn, user, "tmdb") == (True, False)
    assert take(conn, user, "plex") == (True, False)


def test_tmdb_is_down_for_all_and_a_plex_server_for_its_user(conn: Connection, make_user: MakeUser) -> None:
    ann, bob = make_user(), make_user()
    conn.execute("select note_upstream(%s, 'tmdb', 'unavailable')", (ann,))
    conn.execute("select note_upstream(%s, 'plex', 'unavailable')", (ann,))
    assert [take(conn, user, service)[0] for user in (ann, bob) for service in ("tmdb", "plex")] == [
        False,
        False,
        False,
        True,
    ]


def test_the_first_one_after_the_time_of_the_probe_is_the_probe(conn: Connection, make_user: MakeUser) -> None:
    """Also when nothing waits for it: else it would be down for good."""
    user = make_user()
    conn.execute("select note_upstream(%s, 'plex', 'unavailable')", (user,))
    conn.execute("update upstreams set next_probe_at = now()")
    assert take(conn, user, "plex") == (True, True)
    assert take(conn, user, "plex") == (False, False)


def test_a_clock_that_was_ahead_once_leaves_no_service_down_until_then(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    conn.execute("select note_upstream(%s, 'tmdb', 'unavailable')", (user,))
    conn.execute("update upstreams set next_probe_at = '2038-01-19'")
    assert one(conn, "select is_down(%s, 'tmdb') as down", (user,))["down"] is False
    assert [take(conn, user, "tmdb") for _ in range(2)] == [(True, True), (False, False)]
    conn.execute("update upstreams set next_probe_at = '2038-01-19'")
    conn.execute("select note_upstream(%s, 'tmdb', 'unavailable')", (user,))
    assert one(conn, "select next_probe_at <= now() + interval '1 hour' as kept from upstreams")["kept"] is True
