"""add_found_show: adds the show that a look-up has found, once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.watch_state import one, refused, show_row, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


DOCUMENT = {
    "title": "Nightwatch",
    "year": 2019,
    "show_start_date": "2019-04-01",
    "tmdb_id": 1,
    "tvdb_id": None,
    "status": "Ended",
    "titles": [{"title": "Nattevagten", "kind": "original"}],
    "seasons": [{"seasonNumber": 1, "episodes": [{"episodeNumber": 1, "title": "Pilot", "runtime": 40, "tmdbId": 9}]}],
}
EVENT = {"show_ids": {"tmdb": 1, "tvdb": 2}, "show_year": 2019, "found": {"by": "tmdb"}, "document": DOCUMENT}


def add(conn: Connection, user_id: int, **event: Any) -> dict[str, Any]:
    return one(conn, "select * from add_found_show(%s, %s)", (user_id, Jsonb(EVENT | event)))


def test_it_is_added_with_all_that_is_known(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    answer = add(conn, user)
    show = show_row(conn, answer["tvshow_id"])
    assert (answer["added"], show["title"], show["source"], show["status"]) == (True, "Nightwatch", "plex", "Ended")
    assert (show["tmdb_id"], show["tvdb_id"], str(show["show_start_date"])) == (1, 2, "2019-04-01")
    assert show["refreshed_at"] is not None
    assert show["seasons"][0]["episodes"][0]["tmdbId"] == 9
    assert answer["step"] == {
        "step": "added",
        "tvshow_id": show["id"],
        "title": "Nightwatch",
        "episodes": 1,
        "from": "tmdb",
    }


def test_one_that_came_meanwhile_with_one_of_its_ids_is_taken(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, "Other", tvdb_id=2)
    answer = add(conn, user)
    assert (answer["tvshow_id"], answer["added"]) == (show, False)
    assert value(conn, "select count(*) as n from tvshows where user_id = %s", (user,)) == 1


def test_two_that_came_meanwhile_are_decided_anew(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    make_show(user, "Other", tvdb_id=2)
    make_show(user, "Another", tmdb_id=1)
    with refused(conn, "40001"):
        add(conn, user)


def test_what_another_user_has_is_no_obstacle(conn: Connection, make_user: MakeUser) -> None:
    first, second = make_user(), make_user()
    assert add(conn, first)["added"] is True
    assert add(conn, second)["added"] is True
