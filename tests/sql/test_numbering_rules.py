"""numbering_rules: the rules of a mapping that count."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import Connection
from tests.mapping_state import give_rules, map_to
from tests.watch_state import refused, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def test_rules_come_in_the_order_of_their_making_without_those_that_were_taken_away(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    mapping = map_to(conn, user, make_show(user))
    assert value(conn, "select numbering_rules(%s)", (mapping,)) == []
    give_rules(conn, user, mapping, [{"plex_season": n, "season": 1} for n in (3, 2)])
    rules = value(conn, "select numbering_rules(%s)", (mapping,))
    assert [rule["plex_season"] for rule in rules] == [3, 2]
    conn.execute("update plex_numbering_rules set removed_at = now() where plex_season = 3")
    rules = value(conn, "select numbering_rules(%s)", (mapping,))
    assert [rule["plex_season"] for rule in rules] == [2]


@pytest.mark.parametrize(
    "rule",
    [
        {"plex_season": 1},
        {"season": 1},
        {"plex_season": 1, "season": 1, "from_episode": 3, "episode_offset": -4},
        {"kind": "to_absolute", "season": 1},
        {"kind": "to_absolute", "season": 1, "season_lengths": [12, 0]},
        {"kind": "double", "plex_season": 1, "from_episode": 1, "to_episode": 1, "first_episode": 2, "last_episode": 2},
        {"kind": "double", "plex_season": 1, "from_episode": 1, "to_episode": 2, "first_episode": 1, "last_episode": 2},
        {"kind": "sideways"},
    ],
)
def test_a_rule_that_says_nothing_cannot_be_stored(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, rule: dict[str, object]
) -> None:
    user = make_user()
    mapping = map_to(conn, user, make_show(user))
    with refused(conn, "23514"):
        give_rules(conn, user, mapping, [rule])


def test_two_rules_cannot_begin_at_the_same_episode(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    mapping = map_to(conn, user, make_show(user))
    give_rules(conn, user, mapping, [{"kind": "absolute"}, {"kind": "absolute", "source": "hama"}])
    with refused(conn, "23505", "plex_numbering_rules_range_key"):
        give_rules(conn, user, mapping, [{"kind": "air_date"}])
