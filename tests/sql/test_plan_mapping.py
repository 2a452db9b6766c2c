"""plan_mapping: where everything that came through a mapping belongs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg.types.json import Jsonb

from tests import payloads
from tests.conftest import Connection
from tests.mapping_state import map_to
from tests.scrobbles import receive, scrobble

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]
DOUBLE = {
    "kind": "double",
    "source": "user",
    "plex_season": 1,
    "from_episode": 1,
    "to_episode": 1,
    "first_episode": 1,
    "last_episode": 2,
}


def plan(
    conn: Connection, user: int, mapping: int, show: int | None, *rules: dict[str, Any]
) -> list[tuple[str, int | None, int | None]]:
    rows = conn.execute(
        "select * from plan_mapping(%s, %s, %s, %s)", (user, mapping, show, Jsonb(list(rules)))
    ).fetchall()
    return sorted(
        ((row["act"], row["episode"], row["to_episode"]) for row in rows), key=lambda r: (r[0], r[1] or 0, r[2] or 0)
    )


def test_each_viewing_stays_moves_is_missing_waits_or_counts_no_more(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show, other = make_show(user, payloads.SHOW, seasons={1: 4}), make_show(user, "Nightwatch", seasons={1: 1})
    mapping = map_to(conn, user, show)
    receive(conn, user, scrobble(episode=1))
    assert plan(conn, user, mapping, show) == [("keep", 1, 1)]
    assert plan(conn, user, mapping, other) == [("move", 1, 1)]
    assert plan(conn, user, mapping, show, DOUBLE) == [("keep", 1, 1), ("mark", None, 2)]
    assert plan(conn, user, mapping, None) == [("wait", None, None), ("withdraw", 1, None)]
    receive(conn, user, scrobble(episode=3))
    assert plan(conn, user, mapping, other) == [("move", 1, 1), ("wait", None, None), ("withdraw", 3, None)]


def test_what_waits_for_an_answer_is_part_of_it_while_its_account_counts(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show, other = make_show(user, payloads.SHOW, seasons={1: 1}), make_show(user, "Nightwatch", seasons={1: 2})
    mapping = map_to(conn, user, show)
    receive(conn, user, scrobble(episode=2))
    assert plan(conn, user, mapping, show) == [("wait", None, None)]
    assert plan(conn, user, mapping, other) == [("mark", None, 2)]
    conn.execute("update plex_accounts set counts = false where user_id = %s", (user,))
    assert plan(conn, user, mapping, other) == []


def test_marks_by_hand_and_other_mappings_are_not_part_of_it(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    mapping = map_to(conn, user, show)
    conn.execute("select set_watched(%s, %s, 1, 1, true)", (user, show))
    map_to(conn, user, show, scrobble("Nightwatch"))
    receive(conn, user, scrobble("Nightwatch"))
    assert plan(conn, user, mapping, show) == []


def test_the_show_or_mapping_of_another_user_is_nothing(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user, other = make_user(), make_user()
    mapping = map_to(conn, user, make_show(user, payloads.SHOW))
    receive(conn, user, scrobble())
    assert plan(conn, other, mapping, make_show(other)) == []
    assert plan(conn, user, mapping, make_show(other)) == [("wait", None, None), ("withdraw", 1, None)]


def test_what_the_rules_before_made_the_same_of_stays_where_it_is(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    """As where the tracker was renumbered after the viewing."""
    user = make_user()
    show = make_show(user, payloads.SHOW, seasons={1: 4})
    mapping = map_to(conn, user, show)
    for episode in (1, 2):
        receive(conn, user, scrobble(episode=episode))
    conn.execute("update watch_events set episode = 4 where tvshow_id = %s and episode = 2", (show,))
    rule = {"kind": "offset", "source": "user", "plex_season": 1, "from_episode": 1, "to_episode": 1, "season": 1}
    rows = conn.execute(
        "select * from plan_mapping(%s, %s, %s, %s, %s)",
        (user, mapping, show, Jsonb([rule | {"episode_offset": 2}]), Jsonb([])),
    ).fetchall()
    assert [(row["act"], row["episode"], row["to_episode"]) for row in rows] == [("move", 1, 3), ("keep", 4, 4)]
