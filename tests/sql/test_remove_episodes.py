"""remove_episodes: what an answer added goes with the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.scrobbles import receive, scrobble
from tests.watch_state import assert_totals_are_a_recount, show_row, value


def remove(conn: Connection, user_id: int, show: int, places: list[list[int]]) -> Any:
    return value(conn, "select remove_episodes(%s, %s, %s) as n", (user_id, show, Jsonb(places)))


def numbers(conn: Connection, show: int) -> dict[int, list[int]]:
    seasons = show_row(conn, show)["seasons"]
    return {s["seasonNumber"]: [e["episodeNumber"] for e in s["episodes"]] for s in seasons}


def test_they_go_and_seasons_that_are_empty_then(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user = make_user()
    show = make_show(user, seasons={0: 1, 1: 3, 2: 2})
    assert remove(conn, user, show, [[0, 1], [2, 1], [1, 9]]) == 2
    assert numbers(conn, show) == {1: [1, 2, 3], 2: [2]}
    assert show_row(conn, show)["total_episodes"] == 4
    assert_totals_are_a_recount(conn, show)


def test_what_something_is_said_about_stays(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user, stranger = make_user(), make_user()
    show = make_show(user, "Harbour Lights", seasons={1: 3})
    receive(conn, user, scrobble(episode=2))
    conn.execute("select set_watched(%s, %s, 1, 3, true)", (user, show))
    conn.execute("select set_watched(%s, %s, 1, 3, false)", (user, show))
    assert remove(conn, stranger, show, [[1, 1]]) == 0
    assert remove(conn, user, show, [[1, 1], [1, 2], [1, 3]]) == 1
    assert numbers(conn, show) == {1: [2, 3]}
    assert_totals_are_a_recount(conn, show)


def test_an_empty_season_that_was_there_before_stays(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user = make_user()
    show = make_show(user, seasons=[{"seasonNumber": 1, "episodes": []}, {"seasonNumber": 2, "episodes": []}])
    assert remove(conn, user, show, [[1, 1]]) == 0
    assert numbers(conn, show) == {1: [], 2: []}
