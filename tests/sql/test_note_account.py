"""note_account: every server and account that was ever seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.watch_state import one, value

MakeUser = Callable[..., int]
EVENT = {"server_uuid": "S1", "server_title": "Attic", "account_id": 1, "account_title": "alex"}


def note(conn: Connection, user_id: int, **event: Any) -> Any:
    return value(conn, "select note_account(%s, %s) as id", (user_id, Jsonb(EVENT | event)))


def test_an_account_is_kept_once_with_its_server(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    account = note(conn, user)
    assert note(conn, user) == account
    row = one(conn, "select * from plex_accounts where user_id = %s", (user,))
    assert (row["id"], row["server_uuid"], row["plex_account_id"], row["title"]) == (account, "S1", 1, "alex")
    assert row["counts"] is None
    server = one(conn, "select * from plex_servers where user_id = %s", (user,))
    assert (server["server_uuid"], server["title"], server["counts"]) == ("S1", "Attic", None)


def test_id_and_title_together_on_a_server_are_an_account(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    variants: list[dict[str, Any]] = [
        {},
        {"account_title": "kim"},
        {"account_id": 2},
        {"account_id": None},
        {"account_title": None},
        {"server_uuid": "S2"},
        {"server_uuid": None},
    ]
    ids = [note(conn, user, **variant) for variant in variants]
    assert len(set(ids)) == len(variants)
    assert [note(conn, user, **variant) for variant in variants] == ids


def test_an_event_that_names_nobody_has_no_account(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    assert note(conn, user, account_id=None, account_title=None) is None
    assert note(conn, user, account_id=None, account_title="", server_uuid="S9") is None
    servers = conn.execute("select server_uuid from plex_servers where user_id = %s order by 1", (user,))
    assert [row["server_uuid"] for row in servers] == ["S1", "S9"]


def test_accounts_belong_to_one_user(conn: Connection, make_user: MakeUser) -> None:
    assert note(conn, make_user()) != note(conn, make_user())


def test_the_owner_of_a_history_that_was_read_is_one_account_whatever_number_a_webhook_gives(
    conn: Connection, make_user: MakeUser
) -> None:
    user = make_user()
    owner = note(conn, user)
    assert note(conn, user, account_id=98765, user=True) == owner
    assert note(conn, user, account_id=98765, user=False) != owner, "a guest of the same name"
    assert note(conn, user, account_id=98765, account_title="kim", user=True) != owner
