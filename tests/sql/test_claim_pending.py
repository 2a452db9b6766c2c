"""claim_pending: takes the next event that is due, one of a show, for as long as the lease."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests import payloads
from tests.conftest import Connection
from tests.scrobbles import decision, receive, scrobble
from tests.watch_state import one, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def pending(conn: Connection, user_id: int, show: str = payloads.SHOW, episode: int = 1) -> int:
    log_id: int = receive(conn, user_id, scrobble(show, 1, episode), has_tmdb=True)["log_id"]
    return log_id


def claim(conn: Connection) -> dict[str, Any]:
    return one(conn, "select * from claim_pending()")


def test_it_gives_the_event_as_stored_with_what_was_learnt_and_holds_it(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    log_id = pending(conn, user)
    conn.execute("update plex_webhook_logs set lookup = '{\"plex_show\": {}}'")
    row = claim(conn)
    assert (row["log_id"], row["user_id"], row["lookup"], row["probe"]) == (log_id, user, {"plex_show": {}}, None)
    assert decision(row["payload"])["show_title"] == payloads.SHOW
    held = value(conn, "select claimed_until - now() as held from plex_webhook_logs")
    assert held == timedelta(seconds=30)
    assert claim(conn)["log_id"] is None


def test_nothing_is_claimed_that_is_not_pending_or_not_due(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    make_show(user, payloads.SHOW)
    receive(conn, user, scrobble())
    pending(conn, user, "Other")
    conn.execute("update plex_webhook_logs set next_attempt_at = now() + interval '1 second' where status = 'pending'")
    assert claim(conn)["log_id"] is None


def test_of_one_show_one_event_at_a_time_the_oldest_first(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    first, second, other = pending(conn, user), pending(conn, user, episode=2), pending(conn, user, "Other")
    assert [claim(conn)["log_id"] for _ in range(3)] == [first, other, None]
    conn.execute("update plex_webhook_logs set status = 'ignored', next_attempt_at = null where id = %s", (first,))
    assert claim(conn)["log_id"] == second


def test_shows_of_different_users_do_not_wait_for_each_other(conn: Connection, make_user: MakeUser) -> None:
    first, second = pending(conn, make_user()), pending(conn, make_user())
    assert [claim(conn)["log_id"] for _ in range(2)] == [first, second]


def test_what_a_dead_process_held_is_taken_up_when_its_lease_ends(conn: Connection, make_user: MakeUser) -> None:
    log_id = pending(conn, make_user())
    assert claim(conn)["log_id"] == log_id
    conn.execute("update plex_webhook_logs set claimed_until = now() - interval '1 millisecond'")
    assert claim(conn)["log_id"] == log_id


def test_what_was_tried_least_comes_first(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    tried, fresh = pending(conn, user), pending(conn, user, "Other")
    conn.execute("update plex_webhook_logs set attempts = 3 where id = %s", (tried,))
    assert claim(conn)["log_id"] == fresh


def test_of_those_that_wait_for_a_service_that_is_down_one_is_its_probe(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    events = {pending(conn, user, title) for title in ("One", "Two")}
    conn.execute("update plex_webhook_logs set waits_for = 'tmdb', next_attempt_at = now() + interval '1 hour'")
    conn.execute("select note_upstream(%s, 'tmdb', 'unavailable')", (user,))
    assert claim(conn)["log_id"] is None
    conn.execute("update upstreams set next_probe_at = now()")
    row = claim(conn)
    assert (row["log_id"] in events, row["probe"]) == (True, "tmdb")
    assert claim(conn)["log_id"] is None


def test_what_needs_nobody_that_is_down_goes_first(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    pending(conn, user)
    conn.execute("update plex_webhook_logs set waits_for = 'tmdb'")
    conn.execute("select note_upstream(%s, 'tmdb', 'unavailable')", (user,))
    conn.execute("update upstreams set next_probe_at = now()")
    fresh = pending(conn, user, "Other")
    conn.execute("update plex_webhook_logs set attempts = 5 where id = %s", (fresh,))
    assert claim(conn)["log_id"] == fresh


def test_a_clock_that_was_ahead_once_makes_nothing_wait_for_its_moment(conn: Connection, make_user: MakeUser) -> None:
    log_id = pending(conn, make_user())
    for column in ("claimed_until", "next_attempt_at"):
        conn.execute(f"update plex_webhook_logs set {column} = '2038-01-19'")
        assert claim(conn)["log_id"] == log_id, column
        conn.execute("update plex_webhook_logs set claimed_until = null, next_attempt_at = now()")
    conn.execute("insert into upstreams (service, next_probe_at) values ('tmdb', '2038-01-19')")
    conn.execute("update plex_webhook_logs set waits_for = 'tmdb'")
    assert (claim(conn)["log_id"], claim(conn)["log_id"]) == (log_id, None)
    assert value(conn, "select next_probe_at < now() + interval '1 minute' as soon from upstreams") is True
