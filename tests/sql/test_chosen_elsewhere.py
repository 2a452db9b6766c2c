"""chosen_elsewhere: a new server, or a new name, does not silence somebody who was chosen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests import payloads
from tests.conftest import Connection
from tests.scrobbles import receive, scrobble
from tests.watch_state import one, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def seen(
    conn: Connection, user: int, number: int | None, title: str, *, server: str = "S1", counts: bool | None = True
) -> None:
    conn.execute(
        "insert into plex_accounts (user_id, server_uuid, plex_account_id, title, counts) values (%s, %s, %s, %s, %s)",
        (user, server, number, title, counts),
    )


def choice(
    conn: Connection, user: int, number: int | None, title: str, *, server: str = "S2", is_own: bool | None = False
) -> Any:
    return value(conn, "select chosen_elsewhere(%s, %s, %s, %s, %s) as counts", (user, server, number, title, is_own))


@pytest.mark.parametrize("counts", [True, False])
def test_a_number_of_plex_tv_with_its_name_counts_on_a_new_server_as_on_the_old_one(
    conn: Connection, make_user: MakeUser, counts: bool
) -> None:
    user = make_user()
    seen(conn, user, 98765, "kim", counts=counts)
    assert choice(conn, user, 98765, "kim") is counts
    assert choice(conn, user, 98765, "lee") is None
    assert choice(conn, user, 11111, "kim") is None


def test_a_number_of_plex_tv_counts_under_a_new_name_on_its_server(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    seen(conn, user, 98765, "kim")
    assert choice(conn, user, 98765, "kimberly", server="S1") is True


def test_an_owner_counts_on_a_new_server_only_by_name_and_where_plex_says_so(
    conn: Connection, make_user: MakeUser
) -> None:
    user = make_user()
    seen(conn, user, 1, "alex")
    assert choice(conn, user, 1, "alex", is_own=True) is True
    assert choice(conn, user, 1, "alex", is_own=None) is None
    assert choice(conn, user, 1, "sam", is_own=True) is None
    assert choice(conn, user, 1, "sam", server="S1", is_own=True) is None, "id and title together"


def test_nobody_chosen_and_no_number_say_nothing(conn: Connection, make_user: MakeUser) -> None:
    user, other = make_user(), make_user()
    seen(conn, user, 98765, "kim", counts=None)
    seen(conn, user, None, "lee")
    seen(conn, user, 1, "")
    seen(conn, other, 98765, "kim")
    assert choice(conn, user, 98765, "kim") is None
    assert choice(conn, user, None, "lee", is_own=True) is None
    assert choice(conn, user, 1, "", is_own=True) is None


def test_a_watch_on_a_new_server_of_somebody_chosen_is_marked(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    receive(conn, user, scrobble(episode=1))
    conn.execute("update plex_accounts set counts = true where user_id = %s", (user,))
    moved = receive(conn, user, scrobble(episode=2, Server={"uuid": "a-new-server"}))
    assert (moved["action"], moved["tvshow_id"]) == ("marked_watched", show)
    guest = {"id": 98765, "title": "kim"}
    assert receive(conn, user, scrobble(episode=3, Account=guest, user=False))["action"] == "account_not_tracked"


def test_the_history_of_a_new_server_is_read_for_who_was_chosen(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    seen(conn, user, 1, "alex")
    seen(conn, user, 98765, "kim", counts=False)
    given = Jsonb([{"id": 1, "title": "alex"}, {"id": 98765, "title": "kim"}, {"id": 77777, "title": "lee"}])
    found = one(conn, "select * from begin_history(%s, 'S2', 'Attic', 0, %s)", (user, given))
    assert [known["history_id"] for known in found["accounts"] if known["counts"]] == [1]
