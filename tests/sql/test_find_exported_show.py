"""find_exported_show: which show of a tracker a show of an export is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.watch_state import value


def _find(conn: Connection, user: int, **show: Any) -> int | None:
    found: int | None = value(conn, "select find_exported_show(%s, %s)", (user, Jsonb(show)))
    return found


def test_an_id_names_it_whatever_its_name_is_and_tmdbs_before_the_others(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user = make_user()
    by_tvdb, by_tmdb = make_show(user, "A", tvdb_id=5), make_show(user, "B", tmdb_id=9)

    assert _find(conn, user, title="C", tvdb_id=5, tmdb_id=9) == by_tmdb
    assert _find(conn, user, title="C", tvdb_id=5) == by_tvdb
    assert _find(conn, make_user(), title="C", tvdb_id=5) is None


@pytest.mark.parametrize(
    ("here", "there", "is_it"),
    [
        ({}, {}, True),
        ({"year": 2005}, {"show_start_date": "2005-03-26"}, True),
        ({"year": 2005}, {}, True),
        ({"year": 2005}, {"show_start_date": "1963-11-23"}, False),
        ({"tmdb_id": 1}, {"tmdb_id": 2}, False),
        ({"tmdb_id": 1}, {"tvdb_id": 2}, True),
        ({"imdb_id": "tt1"}, {"imdb_id": "tt2"}, False),
    ],
)
def test_a_name_names_it_where_neither_year_nor_ids_say_otherwise(
    conn: Connection,
    make_user: Callable[..., int],
    make_show: Callable[..., int],
    here: dict[str, Any],
    there: dict[str, Any],
    is_it: bool,
) -> None:
    user = make_user()
    show = make_show(user, "Doctor Who", **here)

    assert _find(conn, user, title="DOCTOR WHO", **there) == (show if is_it else None)
    assert _find(conn, user, title="Doctor What", **{k: v for k, v in there.items() if k == "show_start_date"}) is None


def test_one_that_was_deleted_is_only_one_that_was_deleted_then(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user = make_user()
    show = make_show(user, "Gone", tmdb_id=9)
    conn.execute("update tvshows set deleted_at = '2026-01-02T03:04:05Z' where id = %s", (show,))

    assert _find(conn, user, title="Gone", tmdb_id=9) is None
    assert _find(conn, user, title="Gone", tmdb_id=9, deleted_at="2026-01-02T03:04:05Z") == show
