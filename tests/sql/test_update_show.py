"""update_show: the user's own corrections."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.watch_state import assert_totals_are_a_recount, refused, show_row


def update(conn: Connection, user_id: int, show_id: int, **changes: Any) -> None:
    conn.execute("select update_show(%s, %s, %s)", (user_id, show_id, Jsonb(changes)))


def names(conn: Connection, show_id: int) -> dict[str, str]:
    rows = conn.execute("select title, kind from show_titles where tvshow_id = %s", (show_id,))
    return {row["title"]: row["kind"] for row in rows}


def test_only_what_is_given_changes(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user = make_user()
    show = make_show(user, "Dark", year=2017, tmdb_id=70523)
    before = show_row(conn, show)
    update(conn, user, show, tvdb_id=334824)
    after = show_row(conn, show)
    assert after | {"tvdb_id": None, "updated_at": None} == before | {"updated_at": None}
    assert after["tvdb_id"] == 334824


def test_ids_and_year_can_be_taken_away(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user = make_user()
    show = make_show(user, "Dark", year=2017, tmdb_id=70523, tvdb_id=1, imdb_id="tt5753856")
    update(conn, user, show, year=2018)
    assert show_row(conn, show)["show_start_date"] == date(2018, 1, 1)
    update(conn, user, show, year=None, tmdb_id=None, tvdb_id=None, imdb_id=None)
    row = show_row(conn, show)
    assert (row["show_start_date"], row["tmdb_id"], row["tvdb_id"], row["imdb_id"]) == (None,) * 4


def test_the_old_name_stays_known_when_the_show_is_renamed(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user = make_user()
    show = make_show(user, "Law and Order SVU")
    update(conn, user, show, title="Law & Order: SVU")
    assert names(conn, show) == {"Law & Order: SVU": "main", "Law and Order SVU": "alternative"}
    update(conn, user, show, title="Law and Order SVU")
    assert names(conn, show) == {"Law & Order: SVU": "alternative", "Law and Order SVU": "main"}
    assert show_row(conn, show)["title"] == "Law and Order SVU"


def test_seasons_add_what_is_missing(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user = make_user()
    show = make_show(user, "Dark", seasons={1: 10})
    update(conn, user, show, seasons=[{"seasonNumber": 2, "episodes": [{"episodeNumber": 1}]}])
    assert show_row(conn, show)["total_episodes"] == 11
    assert_totals_are_a_recount(conn, show)


def test_an_id_of_another_show_and_an_empty_title_are_refused(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user = make_user()
    make_show(user, "Dark", tmdb_id=70523)
    show = make_show(user, "Dark Matter")
    with refused(conn, "23505", "tvshows_tmdb_key"):
        update(conn, user, show, tmdb_id=70523)
    with refused(conn, "23514"):
        update(conn, user, show, title="")
    with refused(conn, "TK422"):
        update(conn, user, show, seasons="all of them")


def test_a_missing_deleted_or_foreign_show_is_not_there(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user, other = make_user(), make_user()
    show = make_show(user, "Dark")
    with refused(conn, "TK404"):
        update(conn, other, show, title="Mine")
    with refused(conn, "TK404"):
        update(conn, user, 2**40, title="Nothing")
    conn.execute("select delete_show(%s, %s)", (user, show))
    with refused(conn, "TK404"):
        update(conn, user, show, title="Back again")
    assert names(conn, show) == {"Dark": "main"}
