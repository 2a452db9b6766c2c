"""learn_number: an answer about one episode is kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from tests import payloads
from tests.conftest import Connection
from tests.mapping_state import correct, give_rules, map_to
from tests.scrobbles import AT, receive, scrobble
from tests.watch_state import live_plays, one, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def places(conn: Connection, show: int) -> list[tuple[int, int]]:
    return sorted((play["season"], play["episode"]) for play in live_plays(conn, show))


def test_an_episode_that_the_user_named_is_that_one_from_then_on(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show, other = make_show(user, payloads.SHOW, seasons={0: 3, 1: 3}), make_show(user, "Nightwatch")
    receive(conn, user, scrobble(episode=1))
    held = receive(conn, user, scrobble(episode=9))
    conn.execute("select resolve_conflict(%s, %s, 'select', %s, 0, 2)", (user, held["conflict_id"], show))
    assert places(conn, show) == [(0, 2), (1, 1)]
    again = receive(conn, user, scrobble(episode=9, at=AT + timedelta(days=1), viewCount=2))
    assert (again["status"], again["action"]) == ("success", "rewatched")
    mapping = value(conn, "select id from plex_show_mappings where user_id = %s", (user,))
    correct(conn, user, mapping, other)
    correct(conn, user, mapping, show)
    assert places(conn, show) == [(0, 2), (0, 2), (1, 1)]


def test_the_answer_goes_with_its_undo(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, seasons={0: 3, 1: 3})
    receive(conn, user, scrobble(episode=1))
    held = receive(conn, user, scrobble(episode=9))
    conn.execute("select resolve_conflict(%s, %s, 'select', %s, 0, 2)", (user, held["conflict_id"], show))
    conn.execute("select undo_conflict(%s, %s)", (user, held["conflict_id"]))
    assert places(conn, show) == [(1, 1)]
    assert value(conn, "select count(*) from plex_numbering_rules where user_id = %s", (user,)) == 0
    assert value(conn, "select has_rules from plex_show_mappings where user_id = %s", (user,)) is False


def test_plexs_own_number_is_right_when_the_user_says_so_against_a_rule_that_leads_nowhere(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, seasons={1: 3, 2: 3})
    give_rules(conn, user, map_to(conn, user, show), [{"kind": "air_date"}])
    held = receive(conn, user, scrobble(season=2, episode=2))
    assert held["status"] == "conflict"
    answer = one(conn, "select * from resolve_conflict(%s, %s, 'select')", (user, held["conflict_id"]))
    assert answer["outcomes"] == {"marked_watched": 1}
    assert places(conn, show) == [(2, 2)]


def test_an_episode_that_the_show_lacks_is_added_under_the_number_that_the_rule_gives(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, seasons={1: 3, 2: 3})
    give_rules(
        conn, user, map_to(conn, user, show), [{"plex_season": 1, "from_episode": 4, "season": 2, "episode_offset": -3}]
    )
    held = receive(conn, user, scrobble(season=1, episode=8))
    conn.execute("select resolve_conflict(%s, %s, 'select')", (user, held["conflict_id"]))
    assert places(conn, show) == [(2, 5)]


def test_an_episode_that_comes_to_the_show_under_its_number_answers_the_question(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, seasons={1: 3, 2: 3})
    give_rules(conn, user, map_to(conn, user, show), [{"kind": "absolute"}])
    held = receive(conn, user, scrobble(season=1, episode=7))
    assert held["status"] == "conflict"
    conn.execute(
        """select add_episodes(%s, %s, '[{"seasonNumber": 2, "episodes": [{"episodeNumber": 4}]}]')""", (user, show)
    )
    conn.execute("select settle_open_conflicts(%s, %s)", (user, show))
    assert places(conn, show) == [(2, 4)]


def test_an_answer_that_says_what_plex_says_needs_no_rule(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    mapping = map_to(conn, user, make_show(user))
    assert value(conn, "select learn_number(%s, %s, 1, 2, 1, 2)", (user, mapping)) is None
    assert value(conn, "select learn_number(%s, %s, 1, null, 1, 2)", (user, mapping)) is None
    first = value(conn, "select learn_number(%s, %s, 1, 2, 1, 3)", (user, mapping))
    assert value(conn, "select learn_number(%s, %s, 1, 2, 1, 2)", (user, mapping)) == first
