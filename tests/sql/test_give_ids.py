"""give_ids: a show gets the ids that it lacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.watch_state import show_row

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


IDS = {"tmdb": 1, "tvdb": 2, "imdb": "tt3"}


def give(conn: Connection, user_id: int, show_id: int, **ids: Any) -> tuple[Any, ...]:
    conn.execute("select give_ids(%s, %s, %s)", (user_id, show_id, Jsonb(IDS | ids)))
    row = show_row(conn, show_id)
    return row["tmdb_id"], row["tvdb_id"], row["imdb_id"]


def test_it_gets_what_it_lacks_and_keeps_what_it_has(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    assert give(conn, user, make_show(user, tvdb_id=9)) == (1, 9, "tt3")


def test_an_id_that_another_show_has_is_not_given_twice(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    make_show(user, "Other", tvdb_id=2)
    assert give(conn, user, make_show(user)) == (1, None, "tt3")


def test_an_id_of_a_deleted_show_or_of_another_users_is_free(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    make_show(make_user(), "Other", tmdb_id=1)
    conn.execute("select delete_show(%s, %s)", (user, make_show(user, "Gone", imdb_id="tt3")))
    assert give(conn, user, make_show(user)) == (1, 2, "tt3")
