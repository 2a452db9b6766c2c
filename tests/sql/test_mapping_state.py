"""mapping_state: what an answer would change, as it is before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.watch_state import value

DARK: dict[str, Any] = {
    "server_uuid": "S1",
    "show_rating_key": "12",
    "show_guid": "plex://show/dark",
    "show_title": "Dark",
}


def state(conn: Connection, user_id: int, show: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = value(conn, "select mapping_state(%s, %s) as state", (user_id, Jsonb(DARK | show)))
    return answer


def map_show(conn: Connection, user_id: int, tvshow_id: int, **show: Any) -> Any:
    return value(conn, "select map_show(%s, %s, %s, 1, 'manual', true) as id", (user_id, Jsonb(DARK | show), tvshow_id))


def test_nothing_is_known_of_a_new_show(conn: Connection, make_user: Callable[..., int]) -> None:
    assert state(conn, make_user(), {}) == {"mapping": None, "learnt": None, "others": []}


def test_a_mapping_is_kept_with_the_name_learnt_from_it(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user = make_user()
    show = make_show(user, "Finster")
    mapping = map_show(conn, user, show)
    conn.execute(
        "insert into show_titles (user_id, tvshow_id, title, kind) values (%s, %s, 'Dark', 'learnt')", (user, show)
    )
    kept = state(conn, user, {})
    assert (kept["mapping"]["id"], kept["mapping"]["tvshow_id"]) == (mapping, show)
    assert kept["learnt"] == {"tvshow_id": show, "title": "Dark"}


def test_a_mapping_whose_key_would_be_taken_is_kept(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user = make_user()
    other = map_show(conn, user, make_show(user, "Dark"))
    kept = state(conn, user, {"show_guid": "plex://show/new", "show_title": "New"})
    assert kept["mapping"] is None
    assert kept["others"] == [{"id": other, "rating_key": "12", "guid": "plex://show/dark"}]
