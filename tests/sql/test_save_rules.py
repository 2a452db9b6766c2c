"""save_rules: numbering rules are kept, and the past may go by them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests import payloads
from tests.conftest import Connection
from tests.mapping_state import map_to
from tests.scrobbles import receive, scrobble
from tests.watch_state import live_plays, refused, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]
SECOND_HALF = {"kind": "offset", "plex_season": 1, "from_episode": 13, "season": 2, "episode_offset": -12}
DOUBLE = {"kind": "double", "plex_season": 1, "from_episode": 1, "to_episode": 1, "first_episode": 1, "last_episode": 2}


def save(
    conn: Connection,
    user: int,
    mapping: int,
    *rules: dict[str, Any],
    source: str = "user",
    replace: bool = False,
    apply: bool = False,
) -> Any:
    whole = [{"from_episode": 0, "episode_offset": 0} | rule for rule in rules]
    return value(
        conn, "select save_rules(%s, %s, %s, %s, %s, %s)", (user, mapping, Jsonb(whole), source, replace, apply)
    )


def kept(conn: Connection, mapping: int) -> list[tuple[str, int]]:
    rows = conn.execute(
        """select source, from_episode from plex_numbering_rules
           where mapping_id = %s and removed_at is null order by source, from_episode""",
        (mapping,),
    ).fetchall()
    return [(row["source"], row["from_episode"]) for row in rows]


@pytest.fixture
def show(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> int:
    return make_show(make_user(), payloads.SHOW, seasons={1: 12, 2: 12})


@pytest.fixture
def user(conn: Connection, show: int) -> int:
    user_id: int = value(conn, "select user_id from tvshows where id = %s", (show,))
    return user_id


@pytest.fixture
def mapping(conn: Connection, user: int, show: int) -> int:
    return map_to(conn, user, show)


def test_a_rule_counts_for_the_next_event_and_leaves_the_past_alone(
    conn: Connection, user: int, show: int, mapping: int
) -> None:
    waits = receive(conn, user, scrobble(episode=13))
    assert save(conn, user, mapping, SECOND_HALF) is None
    assert value(conn, "select has_rules from plex_show_mappings where id = %s", (mapping,)) is True
    assert value(conn, "select status from plex_webhook_logs where id = %s", (waits["log_id"],)) == "conflict"
    assert receive(conn, user, scrobble(episode=14))["status"] == "success"
    assert [(play["season"], play["episode"]) for play in live_plays(conn, show)] == [(2, 2)]


def test_the_past_goes_by_it_when_that_is_asked(conn: Connection, user: int, show: int, mapping: int) -> None:
    receive(conn, user, scrobble(episode=13))
    assert save(conn, user, mapping, SECOND_HALF, apply=True)["marked"] == 1
    assert [(play["season"], play["episode"]) for play in live_plays(conn, show)] == [(2, 1)]


def test_rules_are_added_and_those_of_one_source_replaced(conn: Connection, user: int, mapping: int) -> None:
    save(conn, user, mapping, SECOND_HALF)
    save(conn, user, mapping, DOUBLE, source="plex_file", replace=True)
    assert kept(conn, mapping) == [("plex_file", 1), ("user", 13)]
    second = DOUBLE | {"from_episode": 3, "to_episode": 3, "first_episode": 3, "last_episode": 4}
    save(conn, user, mapping, second, source="plex_file", replace=True)
    assert kept(conn, mapping) == [("plex_file", 3), ("user", 13)]
    save(conn, user, mapping, source="plex_file", replace=True)
    assert kept(conn, mapping) == [("user", 13)]


def test_two_rules_for_one_episode_leave_what_was_there(conn: Connection, user: int, mapping: int) -> None:
    save(conn, user, mapping, SECOND_HALF)
    with refused(conn, "TK422"):
        save(conn, user, mapping, {"kind": "absolute", "plex_season": 1}, replace=False)
    save(conn, user, mapping, {"kind": "absolute"}, replace=True)
    assert kept(conn, mapping) == [("user", 0)]


def test_what_a_file_is_called_goes_around_what_the_user_says(conn: Connection, user: int, mapping: int) -> None:
    save(conn, user, mapping, DOUBLE)
    save(conn, user, mapping, DOUBLE | {"last_episode": 5}, source="plex_file", replace=True)
    assert kept(conn, mapping) == [("user", 1)]


def test_a_rule_that_the_user_took_away_stays_away_until_the_user_makes_it(
    conn: Connection, user: int, mapping: int
) -> None:
    save(conn, user, mapping, DOUBLE, source="plex_file", replace=True)
    conn.execute("select remove_rules(%s, %s, null, false)", (user, mapping))
    save(conn, user, mapping, DOUBLE, source="plex_file", replace=True)
    assert kept(conn, mapping) == []
    assert value(conn, "select has_rules from plex_show_mappings where id = %s", (mapping,)) is False
    save(conn, user, mapping, DOUBLE)
    assert kept(conn, mapping) == [("user", 1)]


def test_the_mapping_of_another_user_is_not_there(conn: Connection, make_user: MakeUser, mapping: int) -> None:
    with refused(conn, "TK404"):
        save(conn, make_user(), mapping, SECOND_HALF)
