"""renew_claims: a look-up says that it is still at work."""

from __future__ import annotations

from collections.abc import Callable

from tests.conftest import Connection
from tests.scrobbles import receive, scrobble
from tests.watch_state import one, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def test_claims_are_held_longer_and_what_is_not_claimed_stays_free(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    first = receive(conn, user, scrobble("One"), has_tmdb=True)["log_id"]
    second = receive(conn, user, scrobble("Two"), has_tmdb=True)["log_id"]
    assert one(conn, "select * from claim_pending(10)")["log_id"] == first
    conn.execute("select renew_claims(%s, 45)", ([first, second],))
    held = "select extract(epoch from claimed_until - now()) as seconds from plex_webhook_logs where id = %s"
    assert [value(conn, held, (log_id,)) for log_id in (first, second)] == [45, None]
    conn.execute("update plex_webhook_logs set status = 'ignored'")
    conn.execute("select renew_claims(%s, 90)", ([first],))
    assert value(conn, held, (first,)) == 45
