"""look_up_again: after a new key, open questions are looked up again."""

from __future__ import annotations

from collections.abc import Callable

from tests import payloads
from tests.conftest import Connection
from tests.scrobbles import receive, scrobble
from tests.watch_state import conflict_row, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def test_held_events_wait_again_and_what_waits_is_due(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    held = [receive(conn, user, scrobble(episode=number)) for number in (1, 2)]
    assert [row["status"] for row in held] == ["conflict", "conflict"]
    waits = receive(conn, user, scrobble("Other"), has_tmdb=True)["log_id"]
    conn.execute(
        "update plex_webhook_logs set waits_for = 'tmdb', next_attempt_at = now() + interval '1 hour' where id = %s",
        (waits,),
    )
    assert value(conn, "select look_up_again(%s) as n", (user,)) == 2
    rows = conn.execute("select * from plex_webhook_logs where user_id = %s", (user,)).fetchall()
    assert {row["status"] for row in rows} == {"pending"}
    assert all(row["show_key"] for row in rows)
    assert value(conn, "select count(*) as n from plex_webhook_logs where next_attempt_at <= now()") == 3
    assert conflict_row(conn, held[0]["conflict_id"])["resolved"] is False


def test_who_was_down_is_asked_again(conn: Connection, make_user: MakeUser) -> None:
    ann, bob = make_user(), make_user()
    for user in (ann, bob):
        conn.execute("select note_upstream(%s, 'plex', 'unavailable')", (user,))
    conn.execute("select note_upstream(%s, 'tmdb', 'unavailable')", (ann,))
    value(conn, "select look_up_again(%s) as n", (ann,))
    down = "select json_object_agg(service, next_probe_at > now()) as down from upstreams"
    assert value(conn, down) == {"plex": True, "tmdb": False}
    assert value(conn, "select user_id from upstreams where service = 'plex'") == bob


def test_an_episode_that_a_show_lacks_is_no_question_for_a_key(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    make_show(user, payloads.SHOW, seasons={1: 1})
    receive(conn, user, scrobble(episode=9))
    receive(conn, make_user(), scrobble())
    assert value(conn, "select look_up_again(%s) as n", (user,)) == 0
