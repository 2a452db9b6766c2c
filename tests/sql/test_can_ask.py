"""can_ask: the Plex server and TMDB, each where there is something to ask it with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg.types.json import Jsonb

from tests.conftest import Connection

MakeUser = Callable[..., int]


EVENT = {"server_uuid": "S1", "show_rating_key": "12"}


def can(conn: Connection, user_id: int, *, has_tmdb: bool = False, **event: Any) -> tuple[bool, bool]:
    row = conn.execute("select * from can_ask(%s, %s, %s)", (user_id, Jsonb(EVENT | event), has_tmdb)).fetchone()
    assert row is not None
    return row["plex"], row["tmdb"]


def test_nobody_without_token_and_key(conn: Connection, make_user: MakeUser) -> None:
    assert can(conn, make_user()) == (False, False)


def test_a_token_is_good_for_its_own_server_and_needs_a_rating_key(conn: Connection, make_user: MakeUser) -> None:
    user = make_user(plex_token="00:00:00", plex_server_uuid="S1")
    assert can(conn, user) == (True, False)
    assert can(conn, user, server_uuid="S2") == (False, False)
    assert can(conn, user, show_rating_key=None) == (False, False)
    assert can(conn, make_user(plex_token="00:00:00"), server_uuid="S2") == (True, False)


def test_tmdb_with_the_installations_key_or_the_users(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    assert can(conn, user, has_tmdb=True) == (False, True)
    conn.execute("update settings set tmdb_api_key = '00:00:00' where user_id = %s", (user,))
    assert can(conn, user) == (False, True)


def test_a_refused_key_counts_as_none_for_an_hour(conn: Connection, make_user: MakeUser) -> None:
    user = make_user(plex_token="00:00:00")
    for minutes, counts in ((59, False), (61, True)):
        conn.execute("update plex_config set plex_token_rejected_at = now() - make_interval(mins => %s)", (minutes,))
        conn.execute("update settings set tmdb_key_rejected_at = now() - make_interval(mins => %s)", (minutes,))
        assert can(conn, user, has_tmdb=True) == (counts, counts)


def test_who_failed_in_this_attempt_is_not_asked_again_in_it(conn: Connection, make_user: MakeUser) -> None:
    user = make_user(plex_token="00:00:00")
    lookup = {"failed": {"plex": {"problem": "unavailable"}}}
    assert can(conn, user, has_tmdb=True, lookup=lookup) == (False, True)
