"""number_episode: one episode of Plex, by the rules of its mapping."""

from __future__ import annotations

from collections.abc import Callable

from tests.conftest import Connection
from tests.mapping_state import give_rules, map_to

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def numbered(conn: Connection, user: int, mapping: int, season: int, episode: int) -> list[tuple[int, int, str | None]]:
    rows = conn.execute("select * from number_episode(%s, %s, %s, %s)", (user, mapping, season, episode)).fetchall()
    return [(row["season"], row["episode"], row["rule"] and row["rule"]["kind"]) for row in rows]


def test_the_rules_and_the_show_are_those_of_the_mapping(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    mapping = map_to(conn, user, make_show(user, seasons={1: 12, 2: 12}))
    assert numbered(conn, user, mapping, 1, 13) == [(1, 13, None)]
    double = {
        "kind": "double",
        "plex_season": 1,
        "from_episode": 12,
        "to_episode": 12,
        "first_episode": 12,
        "last_episode": 13,
    }
    give_rules(conn, user, mapping, [{"kind": "absolute"}, double])
    assert numbered(conn, user, mapping, 1, 12) == [(1, 12, "absolute"), (2, 1, "absolute")]
    assert numbered(conn, make_user(), mapping, 1, 12) == []


def test_a_mapping_to_no_show_has_nothing_to_count_in(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    mapping = map_to(conn, user, None)
    give_rules(conn, user, mapping, [{"kind": "absolute"}, {"plex_season": 0, "season": 1}])
    assert numbered(conn, user, mapping, 0, 2) == [(1, 2, "offset")]
    assert numbered(conn, user, mapping, 1, 2) == [(None, None, "absolute")]
