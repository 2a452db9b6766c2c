"""refresh_needs: how a show that lacks an episode can be read anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.watch_state import one

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


EVENT = {"server_uuid": "S1", "show_rating_key": "12"}


def needs(
    conn: Connection, user_id: int, show_id: int, *, has_tmdb: bool | None = True, **event: Any
) -> tuple[Any, Any]:
    row = one(conn, "select * from refresh_needs(%s, %s, %s, %s)", (user_id, show_id, Jsonb(EVENT | event), has_tmdb))
    return row["needs"], row["waits_for"]


def test_from_tmdb_by_its_id_else_from_the_plex_server(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user(plex_token="00:00:00")
    show, other = make_show(user, tmdb_id=1), make_show(user, "Other")
    assert needs(conn, user, show) == ({"refresh": {"tvshow_id": show, "tmdb_id": 1}}, None)
    from_plex = {"refresh": {"tvshow_id": other, "rating_key": "12", "guid": None, "title": None}}
    assert needs(conn, user, other) == (from_plex, None)
    assert needs(conn, user, show, has_tmdb=False)[0]["refresh"]["rating_key"] == "12"


def test_with_nobody_to_ask_there_is_no_way(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    assert needs(conn, user, make_show(user)) == (None, None)
    assert needs(conn, user, make_show(user, "Other", tmdb_id=1), has_tmdb=False) == (None, None)


def test_an_answer_of_the_users_has_no_look_ups_to_offer(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    assert needs(conn, user, make_show(user, tmdb_id=1), has_tmdb=None) == (None, None)


def test_once_for_an_event_and_not_again_within_ten_minutes(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, tmdb_id=1)
    assert needs(conn, user, show, lookup={"refreshed": show}) == (None, None)
    conn.execute("update tvshows set refreshed_at = now() - interval '9 minutes' where id = %s", (show,))
    assert needs(conn, user, show) == (None, None)
    conn.execute("update tvshows set refreshed_at = now() - interval '11 minutes' where id = %s", (show,))
    assert needs(conn, user, show)[0] is not None


def test_who_does_not_answer_is_waited_for(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user(plex_token="00:00:00")
    failed = {"failed": {name: {"problem": "unavailable"} for name in ("plex", "tmdb")}}
    assert needs(conn, user, make_show(user, tmdb_id=1), lookup=failed) == (None, "tmdb")
    assert needs(conn, user, make_show(user, "Other"), lookup=failed) == (None, "plex")
