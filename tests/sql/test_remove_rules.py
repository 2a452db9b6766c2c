"""remove_rules: a rule goes, and the past may go back."""

from __future__ import annotations

from collections.abc import Callable

from tests import payloads
from tests.conftest import Connection
from tests.mapping_state import give_rules, map_to
from tests.scrobbles import receive, scrobble
from tests.watch_state import live_plays, one, refused, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def test_one_rule_or_all_and_the_past_goes_by_what_is_left(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, seasons={0: 3, 1: 3, 2: 3})
    mapping = map_to(conn, user, show)
    give_rules(conn, user, mapping, [{"plex_season": 1, "season": 2}, {"plex_season": 0, "season": 1}])
    receive(conn, user, scrobble(season=1, episode=1))
    receive(conn, user, scrobble(season=0, episode=2))

    def places() -> list[tuple[int, int]]:
        return sorted((play["season"], play["episode"]) for play in live_plays(conn, show))

    assert places() == [(1, 2), (2, 1)]
    first = value(conn, "select min(id) from plex_numbering_rules where mapping_id = %s", (mapping,))
    row = one(conn, "select * from remove_rules(%s, %s, %s, true)", (user, mapping, first))
    assert (row["removed"], row["correction"]["moved"]) == (1, 1)
    assert places() == [(1, 1), (1, 2)]
    row = one(conn, "select * from remove_rules(%s, %s, null, false)", (user, mapping))
    assert row == {"removed": 1, "correction": None}
    assert places() == [(1, 1), (1, 2)]
    assert value(conn, "select has_rules from plex_show_mappings where id = %s", (mapping,)) is False
    assert receive(conn, user, scrobble(season=0, episode=1))["status"] == "success"
    assert (0, 1) in places()


def test_a_rule_that_is_not_there_or_another_users_is_refused(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user, other = make_user(), make_user()
    mapping = map_to(conn, user, make_show(user))
    give_rules(conn, user, mapping, [{"kind": "absolute"}])
    rule = value(conn, "select id from plex_numbering_rules where mapping_id = %s", (mapping,))
    for user_id, rule_id in ((other, rule), (user, rule + 1)):
        with refused(conn, "TK404"):
            conn.execute("select remove_rules(%s, %s, %s, false)", (user_id, mapping, rule_id))
    assert value(conn, "select count(*) from plex_numbering_rules where mapping_id = %s", (mapping,)) == 1
