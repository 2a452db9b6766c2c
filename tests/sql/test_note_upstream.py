"""note_upstream: what a service answered, and who may ask it again when."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conftest import Connection
from tests.scrobbles import receive, scrobble
from tests.watch_state import value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def note(conn: Connection, user_id: int, service: str, outcome: str, retry_after: int | None = None) -> None:
    conn.execute("select note_upstream(%s, %s, %s, %s)", (user_id, service, outcome, retry_after))


def probe_in(conn: Connection) -> float:
    return float(value(conn, "select extract(epoch from next_probe_at - now()) as seconds from upstreams"))


def waiting(conn: Connection, user_id: int, service: str) -> int:
    """An event that waits for a service, for an hour."""
    row = receive(conn, user_id, scrobble(f"Show of {user_id} {service}"), has_tmdb=True)
    conn.execute(
        "update plex_webhook_logs set waits_for = %s, next_attempt_at = now() + interval '1 hour' where id = %s",
        (service, row["log_id"]),
    )
    log_id: int = row["log_id"]
    return log_id


def is_due(conn: Connection, log_id: int) -> Any:
    return value(conn, "select next_attempt_at <= now() as due from plex_webhook_logs where id = %s", (log_id,))


def test_a_service_that_does_not_answer_is_probed_in_30_seconds_or_when_it_says(
    conn: Connection, make_user: MakeUser
) -> None:
    user = make_user()
    note(conn, user, "tmdb", "unavailable")
    assert probe_in(conn) == 30
    since = value(conn, "select down_since from upstreams")
    note(conn, user, "tmdb", "unavailable", 600)
    assert probe_in(conn) == 600
    note(conn, user, "tmdb", "unavailable")
    assert probe_in(conn) == 600
    assert value(conn, "select down_since from upstreams") == since


def test_its_first_answer_makes_what_waits_for_it_due(conn: Connection, make_user: MakeUser) -> None:
    ann, bob = make_user(), make_user()
    note(conn, ann, "tmdb", "unavailable")
    events = [waiting(conn, ann, "tmdb"), waiting(conn, bob, "tmdb"), waiting(conn, ann, "plex")]
    note(conn, bob, "tmdb", "ok")
    assert [is_due(conn, event) for event in events] == [True, True, False]
    assert conn.execute("select from upstreams").fetchall() == []


def test_a_users_plex_server_makes_that_users_events_due(conn: Connection, make_user: MakeUser) -> None:
    ann, bob = make_user(), make_user()
    note(conn, ann, "plex", "unavailable")
    events = [waiting(conn, ann, "plex"), waiting(conn, bob, "plex")]
    note(conn, bob, "plex", "ok")
    assert [is_due(conn, event) for event in events] == [False, False]
    note(conn, ann, "plex", "ok")
    assert [is_due(conn, event) for event in events] == [True, False]


def test_an_answer_of_one_that_was_not_down_hurries_nobody(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    event = waiting(conn, user, "tmdb")
    note(conn, user, "tmdb", "ok")
    assert is_due(conn, event) is False


def test_a_refused_key_is_noted_until_one_is_accepted(conn: Connection, make_user: MakeUser) -> None:
    ann, bob = make_user(), make_user()
    for service, table, column in (
        ("tmdb", "settings", "tmdb_key_rejected_at"),
        ("plex", "plex_config", "plex_token_rejected_at"),
    ):
        noted = f"select {column} is not null as noted from {table} where user_id = %s"
        note(conn, ann, service, "rejected")
        note(conn, ann, service, "unavailable")
        assert [value(conn, noted, (user,)) for user in (ann, bob)] == [True, False]
        note(conn, ann, service, "ok")
        assert value(conn, noted, (ann,)) is False
