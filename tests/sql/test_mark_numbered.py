"""mark_numbered: a viewing whose mapping has numbering rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg.types.json import Jsonb

from tests import payloads
from tests.conftest import Connection
from tests.mapping_state import give_rules, map_to
from tests.scrobbles import AT, receive, scrobble
from tests.watch_state import episode_entry, live_plays, live_times, log_row, one, show_row

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]
DOUBLE = {"kind": "double", "plex_season": 1, "from_episode": 1, "to_episode": 1, "first_episode": 1, "last_episode": 2}


def test_a_file_of_two_episodes_marks_both_at_the_same_time(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    give_rules(conn, user, map_to(conn, user, show), [DOUBLE])
    event = receive(conn, user, scrobble())
    assert (event["status"], event["action"]) == ("success", "marked_watched")
    assert [(play["season"], play["episode"], play["watched_at"]) for play in live_plays(conn, show)] == [
        (1, 1, AT),
        (1, 2, AT),
    ]
    assert {(play["plex_season"], play["plex_episode"]) for play in live_plays(conn, show)} == {(1, 1)}
    assert show_row(conn, show)["watched_episodes"] == 2
    step = log_row(conn, event["log_id"])["trace"][1]
    assert (step["step"], step["season"], step["episode"]) == ("numbering", 1, 1)
    assert [(entry["episode"], entry["rule"]["kind"], entry["action"]) for entry in step["became"]] == [
        (1, "double", "marked_watched"),
        (2, "double", "marked_watched"),
    ]


def test_the_second_half_told_as_well_is_the_same_viewing(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    second = DOUBLE | {"from_episode": 2, "to_episode": 2}
    give_rules(conn, user, map_to(conn, user, show), [DOUBLE, second])
    receive(conn, user, scrobble(episode=1))
    assert receive(conn, user, scrobble(episode=2))["action"] == "already_watched"
    assert live_times(conn, show) == [AT, AT]


def test_a_second_half_that_the_show_lacks_does_not_keep_the_first_back(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, seasons={1: 1})
    give_rules(conn, user, map_to(conn, user, show), [DOUBLE])
    event = receive(conn, user, scrobble())
    assert (event["status"], event["action"]) == ("success", "marked_watched")
    assert log_row(conn, event["log_id"])["trace"][1]["became"][1]["action"] == "episode_missing"


def test_a_rule_that_leads_nowhere_asks_rather_than_mark_what_plex_calls_it(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, seasons={1: 3, 2: 3})
    give_rules(conn, user, map_to(conn, user, show), [{"kind": "air_date"}])
    event = receive(conn, user, scrobble(season=2, episode=2, originallyAvailableAt=payloads.MISSING))
    assert (event["status"], event["action"]) == ("conflict", "needs_user_input")
    assert live_plays(conn, show) == []
    assert [step["step"] for step in log_row(conn, event["log_id"])["trace"]] == [
        "mapping",
        "numbering",
        "episode_missing",
    ]


def test_a_row_of_the_history_is_counted_once_for_each_episode(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    mapping = map_to(conn, user, show)
    give_rules(conn, user, mapping, [DOUBLE])
    event = Jsonb({"season": 1, "episode": 1, "server_uuid": "S1", "history_key": "h/7"})

    def mark() -> dict[str, Any]:
        return one(
            conn,
            "select * from mark_numbered(%s, %s, %s, %s, %s, 'history', null, null)",
            (user, show, mapping, event, AT),
        )

    assert mark()["action"] == "marked_watched"
    assert mark()["action"] == "already_watched"
    said = conn.execute(
        "select history_key from watch_events where tvshow_id = %s order by episode", (show,)
    ).fetchall()
    assert [row["history_key"] for row in said] == ["h/7", "h/7#2"]


def test_a_mapping_that_was_switched_off_meanwhile_is_not_gone_by(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    mapping = map_to(conn, user, show)
    give_rules(conn, user, mapping, [DOUBLE])
    conn.execute("update plex_show_mappings set sync_enabled = false where id = %s", (mapping,))
    event = Jsonb({"season": 1, "episode": 1})
    row = one(
        conn, "select * from mark_numbered(%s, %s, %s, %s, %s, 'webhook', null, null)", (user, show, mapping, event, AT)
    )
    assert row["action"] == "mapping_changed"
    assert episode_entry(conn, show, 1, 1)["watched"] is False


def test_an_episode_that_the_user_named_is_not_renumbered(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, seasons={1: 3, 2: 3})
    give_rules(conn, user, map_to(conn, user, show), [{"kind": "absolute"}])
    held = receive(conn, user, scrobble(season=1, episode=9))
    conn.execute("select resolve_conflict(%s, %s, 'select', %s, 1, 2)", (user, held["conflict_id"], show))
    assert [(play["season"], play["episode"]) for play in live_plays(conn, show)] == [(1, 2)]
