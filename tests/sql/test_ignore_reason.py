"""ignore_reason: what is not for the tracker, and why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests import payloads
from tests.conftest import Connection
from tests.scrobbles import decision, scrobble
from tests.watch_state import value

MakeUser = Callable[..., int]


def reason(conn: Connection, user_id: int, message: dict[str, Any]) -> Any:
    event = Jsonb(decision(message))
    account = value(conn, "select note_account(%s, %s) as id", (user_id, event))
    return value(conn, "select ignore_reason(%s, %s, %s) as reason", (user_id, event, account))


def test_an_episode_that_the_owner_watched_is_not_ignored(conn: Connection, make_user: MakeUser) -> None:
    assert reason(conn, make_user(), scrobble()) is None
    assert reason(conn, make_user(), payloads.special()) is None


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (scrobble(event="media.play"), "event_not_scrobble"),
        (scrobble(event="media.stop"), "event_not_scrobble"),
        (scrobble(event="something.new"), "event_not_scrobble"),
        (payloads.live_tv(), "live_tv"),
        (payloads.trailer(), "not_an_episode"),
        (scrobble(user=False), "account_not_tracked"),
        (scrobble(user=payloads.MISSING), "account_not_tracked"),
    ],
)
def test_what_is_not_a_viewing_of_the_owners_is_ignored(
    conn: Connection, make_user: MakeUser, message: dict[str, Any], why: str
) -> None:
    assert reason(conn, make_user(), message) == why


@pytest.mark.parametrize("config", [{"enabled": False}, {"auto_mark_watched": False}])
def test_the_switches_turn_it_off(conn: Connection, make_user: MakeUser, config: dict[str, Any]) -> None:
    user = make_user(**config)
    why = "integration_disabled" if "enabled" in config else "auto_mark_disabled"
    assert reason(conn, user, scrobble()) == why


def test_a_user_without_plex_has_no_integration(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    conn.execute("delete from plex_config where user_id = %s", (user,))
    assert reason(conn, user, scrobble()) == "integration_disabled"


def choose(conn: Connection, table: str, user_id: int, title: str, counts: bool | None) -> None:
    column = "title" if table == "plex_accounts" else "server_uuid"
    conn.execute(
        f"update {table} set counts = %s where user_id = %s and {column} = %s".encode(),
        (counts, user_id, title),
    )


def test_once_an_account_is_chosen_only_chosen_ones_count(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    child = scrobble(user=False, Account={"id": 77, "title": "kim"})
    assert reason(conn, user, child) == "account_not_tracked"
    choose(conn, "plex_accounts", user, "kim", True)
    assert reason(conn, user, child) is None
    assert reason(conn, user, scrobble()) == "account_not_tracked"
    choose(conn, "plex_accounts", user, payloads.ACCOUNT, True)
    assert reason(conn, user, scrobble()) is None


def test_a_refused_account_never_counts(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    assert reason(conn, user, scrobble()) is None
    choose(conn, "plex_accounts", user, payloads.ACCOUNT, False)
    assert reason(conn, user, scrobble()) == "account_not_tracked"


def test_once_a_server_is_chosen_only_chosen_ones_count(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    elsewhere = scrobble(Server={"uuid": "S2"})
    assert reason(conn, user, scrobble()) is None
    assert reason(conn, user, elsewhere) is None
    choose(conn, "plex_servers", user, "S2", True)
    assert reason(conn, user, scrobble()) == "server_not_tracked"
    assert reason(conn, user, scrobble(Server=payloads.MISSING)) == "server_not_tracked"
    assert reason(conn, user, elsewhere) is None
    choose(conn, "plex_servers", user, "S2", False)
    assert reason(conn, user, elsewhere) == "server_not_tracked"
    assert reason(conn, user, scrobble()) is None


def test_another_users_choice_changes_nothing(conn: Connection, make_user: MakeUser) -> None:
    user, other = make_user(), make_user()
    reason(conn, other, scrobble())
    choose(conn, "plex_accounts", other, payloads.ACCOUNT, False)
    choose(conn, "plex_servers", other, payloads.SERVER_UUID, False)
    assert reason(conn, user, scrobble()) is None
