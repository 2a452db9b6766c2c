"""preview_rules: what rules would do; and then they do just that."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from tests import payloads
from tests.conftest import Connection
from tests.mapping_state import give_rules, map_to, show_state
from tests.scrobbles import AT, receive, scrobble
from tests.watch_state import refused, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def whole(rule: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "offset", "from_episode": 0, "episode_offset": 0} | rule


def preview(conn: Connection, user: int, mapping: int, *rules: dict[str, Any], replace: bool = False) -> dict[str, Any]:
    return dict(
        value(
            conn,
            "select preview_rules(%s, %s, %s, 'user', %s)",
            (user, mapping, Jsonb([whole(rule) for rule in rules]), replace),
        )
    )


def test_a_preview_says_what_would_move_and_what_would_come_and_writes_nothing(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, seasons={1: 12, 2: 12})
    mapping = map_to(conn, user, show)
    for episode in (1, 16):
        receive(conn, user, scrobble(episode=episode, at=AT + timedelta(days=episode)))
    before = show_state(conn, show)
    found = preview(conn, user, mapping, {"kind": "absolute"})
    assert (found["events"], found["unchanged"], found["marked"], found["unplaced"]) == (2, 1, 1, 0)
    assert [(change["plex_episode"], change["becomes"][0]["season"]) for change in found["changes"]] == [(16, 2)]
    assert [(e["plex_season"], e["plex_episode"], e["becomes"]) for e in found["examples"]] == [
        (1, 1, [{"season": 1, "episode": 1, "title": "Episode 1", "known": True}]),
        (1, 2, [{"season": 1, "episode": 2, "title": "Episode 2", "known": True}]),
        (1, 17, [{"season": 2, "episode": 5, "title": "Episode 5", "known": True}]),
    ]
    assert show_state(conn, show) == before
    assert value(conn, "select count(*) from plex_numbering_rules where mapping_id = %s", (mapping,)) == 0


def test_an_example_that_leads_nowhere_or_beyond_the_show_says_so(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    mapping = map_to(conn, user, make_show(user, payloads.SHOW, seasons={1: 1}))
    found = preview(conn, user, mapping, {"kind": "absolute"}, {"plex_season": 0, "season": 7, "from_episode": 3})
    assert [example["becomes"] for example in found["examples"]] == [
        [{"season": 1, "episode": 1, "title": "Episode 1", "known": True}],
        [],
        [{"season": 7, "episode": 3, "title": None, "known": False}],
        [{"season": 7, "episode": 4, "title": None, "known": False}],
    ]


def test_what_cannot_be_saved_cannot_be_previewed(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    mapping = map_to(conn, user, make_show(user))
    give_rules(conn, user, mapping, [{"kind": "absolute"}])
    with refused(conn, "TK422"):
        preview(conn, user, mapping, {"plex_season": 1, "season": 1})
    assert preview(conn, user, mapping, {"plex_season": 1, "season": 1}, replace=True)["events"] == 0
    with refused(conn, "TK404"):
        preview(conn, make_user(), mapping, {"kind": "absolute"})


ranges = st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 2), st.integers(0, 3), st.integers(-2, 3))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seen=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4)), min_size=1, max_size=6, unique=True),
    drawn=st.one_of(ranges, st.sampled_from(("absolute", "to_absolute", "double"))),
)
def test_a_preview_is_what_saving_does(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, seen: list[tuple[int, int]], drawn: Any
) -> None:
    by_name: dict[str, dict[str, Any]] = {
        "absolute": {"kind": "absolute"},
        "to_absolute": {"kind": "to_absolute", "season": 1, "season_lengths": [2, 2]},
        "double": {
            "kind": "double",
            "plex_season": 1,
            "from_episode": 2,
            "to_episode": 2,
            "first_episode": 2,
            "last_episode": 3,
        },
    }
    if isinstance(drawn, str):
        rule = by_name[drawn]
    else:
        season, first, length, to, offset = drawn
        rule = {"plex_season": season, "from_episode": first, "to_episode": first + length, "season": to}
        rule["episode_offset"] = max(offset, -first)
    with conn.transaction(force_rollback=True):
        user = make_user()
        show = make_show(user, payloads.SHOW, seasons={0: 2, 1: 3, 2: 2}, runtime=20)
        mapping = map_to(conn, user, show)
        for number, (season, episode) in enumerate(seen):
            receive(conn, user, scrobble(season=season, episode=episode, at=AT + timedelta(hours=number)))
        found = preview(conn, user, mapping, rule)
        saved = value(conn, "select save_rules(%s, %s, %s, 'user', false, true)", (user, mapping, Jsonb([whole(rule)])))
        del found["examples"], saved["conflict_id"]
        assert saved == found
        again = preview(conn, user, mapping)
        assert (again["unchanged"], again["moved"], again["marked"]) == (again["events"] - again["unplaced"], 0, 0)
        counted = value(
            conn,
            "select count(distinct log_id) from watch_events where tvshow_id = %s and withdrawn_at is null",
            (show,),
        )
        assert counted == found["events"] - found["unplaced"]
