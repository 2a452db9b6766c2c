"""begin_history: whose viewings count on a server, and how far it was read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.watch_state import one, value

MakeUser = Callable[..., int]
ACCOUNTS = [{"id": 0, "title": ""}, {"id": 1, "title": "alex"}, {"id": 1000, "title": "kim"}]


def begin(conn: Connection, user: int, accounts: list[dict[str, Any]] | None = None, ahead: int = 0) -> dict[str, Any]:
    given = Jsonb(ACCOUNTS if accounts is None else accounts)
    return one(conn, "select * from begin_history(%s, 'S1', 'Attic', %s, %s)", (user, ahead, given))


def counting(conn: Connection, user: int, accounts: list[dict[str, Any]] | None = None) -> list[int]:
    return [known["history_id"] for known in begin(conn, user, accounts)["accounts"] if known["counts"]]


def seen(conn: Connection, user: int, plex_account_id: int | None, title: str, counts: bool | None = None) -> int:
    account: int = value(
        conn,
        """insert into plex_accounts (user_id, server_uuid, plex_account_id, title, counts)
           values (%s, 'S1', %s, %s, %s) returning id""",
        (user, plex_account_id, title, counts),
    )
    return account


def account_of(conn: Connection, user: int, history_id: int) -> int:
    return next(int(known["id"]) for known in begin(conn, user)["accounts"] if known["history_id"] == history_id)


def test_with_nobody_chosen_the_servers_owner_counts(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    assert counting(conn, user) == [1]
    assert counting(conn, user, [{"id": 7, "title": "owner"}, {"id": 9, "title": "kim"}]) == [7]


def test_with_somebody_chosen_nobody_else_counts(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    begin(conn, user)
    conn.execute("update plex_accounts set counts = true where user_id = %s and title = 'kim'", (user,))
    assert counting(conn, user) == [1000]
    conn.execute("update plex_accounts set counts = false where user_id = %s", (user,))
    assert counting(conn, user) == []


def test_every_account_with_a_name_or_number_is_known_afterwards_once(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    begin(conn, user)
    begin(conn, user)
    rows = conn.execute("select plex_account_id, title from plex_accounts where user_id = %s order by 1", (user,))
    assert [tuple(row.values()) for row in rows] == [(1, "alex"), (1000, "kim")]


def test_an_account_that_a_webhook_named_is_the_same_one(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    alex, kim = seen(conn, user, 1, "alex"), seen(conn, user, 1000, "kim before the wedding")
    assert (account_of(conn, user, 1), account_of(conn, user, 1000)) == (alex, kim)


def test_the_owner_may_have_another_number_in_webhooks(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    alex = seen(conn, user, 98765, "alex")
    assert account_of(conn, user, 1) == alex


def test_a_guest_of_the_same_name_is_not_the_same_one(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    stranger = seen(conn, user, 5, "kim")
    assert account_of(conn, user, 1000) != stranger


def test_server_and_clock_are_remembered(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    begin(conn, user, ahead=420)
    begin(conn, user, ahead=-60)
    server = one(conn, "select server_uuid, title, clock_ahead from plex_servers where user_id = %s", (user,))
    assert tuple(server.values()) == ("S1", "Attic", -60)


@pytest.mark.parametrize(
    ("config", "refused"),
    [
        ({}, None),
        ({"enabled": False}, "integration_disabled"),
        ({"auto_mark_watched": False}, "auto_mark_disabled"),
    ],
)
def test_what_is_turned_off_is_not_to_be_read(
    conn: Connection, make_user: MakeUser, config: dict[str, Any], refused: str | None
) -> None:
    assert begin(conn, make_user(**config))["refused"] == refused


def test_a_server_that_does_not_count_is_not_to_be_read(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    conn.execute("insert into plex_servers (user_id, server_uuid, counts) values (%s, 'other', true)", (user,))
    assert begin(conn, user)["refused"] == "server_not_tracked"
    conn.execute("update plex_servers set counts = true where user_id = %s and server_uuid = 'S1'", (user,))
    assert begin(conn, user)["refused"] is None
    conn.execute(
        "update plex_servers set counts = case server_uuid when 'S1' then false end where user_id = %s", (user,)
    )
    assert begin(conn, user)["refused"] == "server_not_tracked"


def test_it_says_how_far_the_server_was_read(conn: Connection, make_user: MakeUser) -> None:
    user, to = make_user(), datetime(2026, 1, 1, tzinfo=UTC)
    assert begin(conn, user)["caught_up_to"] is None
    conn.execute("select note_history(%s, 'S1', %s, false, true, true)", (user, to))
    conn.execute("select note_history(%s, 'S2', %s, true, false)", (user, to))
    row = begin(conn, user)
    assert (row["caught_up_to"], row["imported_to"], row["looked_back_at"] is None) == (to, None, False)
