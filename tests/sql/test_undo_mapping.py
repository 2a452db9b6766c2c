"""undo_mapping: after it everything is as if the change had never been made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.conftest import Connection
from tests.scrobbles import AT, receive, scrobble
from tests.sql.test_note_mapping_change import RULE, save
from tests.sql.test_update_mapping import mapping_of, update
from tests.watch_state import assert_totals_are_a_recount, log_row, refused, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]
World = tuple[int, int, int, int]


def undo(conn: Connection, user_id: int, mapping_id: int) -> dict[str, Any] | None:
    moved: dict[str, Any] | None = value(conn, "select undo_mapping(%s, %s)", (user_id, mapping_id))
    return moved


def state(conn: Connection, user_id: int) -> dict[str, Any]:
    """Everything that a change of a mapping touches, but for times of the change and numbers of rows that only name it."""
    queries = {
        "mappings": """select id, plex_title, tvshow_id, emptied_tvshow_id, match_confidence, match_method, manually_confirmed,
                              sync_enabled, has_rules from plex_show_mappings where user_id = %s order by id""",
        "rules": "select * from plex_numbering_rules where user_id = %s order by id",
        "names": "select tvshow_id, title, kind from show_titles where user_id = %s order by 1, 2, 3",
        "shows": """select id, seasons, watched_episodes, total_episodes, total_minutes
                    from tvshows where user_id = %s order by id""",
        "said": """select id, tvshow_id, season, episode, occurred_at, plex_season, plex_episode, mapping_id, withdrawn_at
                   from watch_events where user_id = %s order by id""",
        "plays": """select tvshow_id, season, episode, watched_at, voided_at is null as counts
                    from plays where user_id = %s and void_reason is distinct from 'moved' order by 1, 2, 3, 4""",
        "log": "select id, status, tvshow_id, mapping_id from plex_webhook_logs where user_id = %s order by id",
        "open": "select id, show_key from plex_conflicts where user_id = %s and not resolved order by id",
    }
    return {name: conn.execute(query.encode(), (user_id,)).fetchall() for name, query in queries.items()}


@pytest.fixture
def world(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> World:
    """A user, a show of which five episodes came through a mapping (one twice), another show, and the mapping."""
    user = make_user()
    show = make_show(user, "Harbour Lights", seasons={1: 3, 2: 9})
    other = make_show(user, "Another one", seasons={1: 5})
    for number, episode in enumerate((1, 2, 3, 2)):
        receive(conn, user, scrobble(episode=episode, at=AT + timedelta(days=number)))
    receive(conn, user, scrobble(season=2, episode=1, at=AT + timedelta(days=9)))
    conn.execute("update plex_show_mappings set plex_title = 'Hafenlichter' where user_id = %s", (user,))
    conn.execute(
        "insert into show_titles (user_id, tvshow_id, title, kind) select %s, %s, plex_title, 'learnt' from plex_show_mappings",
        (user, show),
    )
    mapping: int = mapping_of(conn, user)["id"]
    return user, show, other, mapping


def test_another_show_is_taken_back_with_everything_that_was_moved(conn: Connection, world: World) -> None:
    user, show, other, mapping = world
    before = state(conn, user)
    update(conn, user, mapping, tvshow_id=other)
    assert value(conn, "select watched_episodes from tvshows where id = %s", (other,)) == 3
    # One of them has no place there, and waits.
    assert len(state(conn, user)["open"]) == 1

    moved = undo(conn, user, mapping)

    assert moved is not None
    assert (moved["events"], moved["moved"], moved["marked"]) == (5, 4, 1)
    assert state(conn, user) == before
    for tvshow_id in (show, other):
        assert_totals_are_a_recount(conn, tvshow_id)
    # And what comes goes there again.
    assert receive(conn, user, scrobble(season=2, episode=2))["tvshow_id"] == show


def test_a_show_that_was_added_for_it_goes_unless_something_else_came_to_it(conn: Connection, world: World) -> None:
    user, show, other, mapping = world
    deleted = "select deleted_at is not null from tvshows where id = %s"
    update(conn, user, mapping, tvshow_id=other, added=True)
    undo(conn, user, mapping)
    assert value(conn, deleted, (other,))
    conn.execute("update tvshows set deleted_at = null where id = %s", (other,))

    update(conn, user, mapping, tvshow_id=other, added=True)
    conn.execute("select set_watched(%s, %s, 1, 5, true, now())", (user, other))
    undo(conn, user, mapping)

    assert not value(conn, deleted, (other,))
    assert value(conn, "select watched_episodes from tvshows where id = %s", (other,)) == 1
    assert not value(conn, deleted, (show,))


def test_a_change_that_is_named_is_taken_back_only_while_it_is_the_last_one(conn: Connection, world: World) -> None:
    user, _, other, mapping = world
    update(conn, user, mapping, sync_enabled=False)
    named = value(conn, "select max(id) from mapping_changes where mapping_id = %s", (mapping,))
    update(conn, user, mapping, tvshow_id=other)
    before = state(conn, user)

    with refused(conn, "TK409"):
        conn.execute("select undo_mapping(%s, %s, %s)", (user, mapping, named))

    assert state(conn, user) == before
    undo(conn, user, mapping)
    conn.execute("select undo_mapping(%s, %s, %s)", (user, mapping, named))
    assert value(conn, "select sync_enabled from plex_show_mappings where id = %s", (mapping,))


def test_not_tracking_is_taken_back_and_every_mark_returns(conn: Connection, world: World) -> None:
    user, show, _, mapping = world
    before = state(conn, user)
    update(conn, user, mapping, tvshow_id=None)
    assert value(conn, "select watched_episodes from tvshows where id = %s", (show,)) == 0

    undo(conn, user, mapping)

    assert state(conn, user) == before


@pytest.mark.parametrize("change", [{"manually_confirmed": True}, {"sync_enabled": False}])
def test_a_confirmation_or_a_switch_is_taken_back_and_the_past_left_alone(
    conn: Connection, world: World, change: dict[str, Any]
) -> None:
    user, _, _, mapping = world
    before = state(conn, user)
    update(conn, user, mapping, **change)
    assert state(conn, user) != before

    assert undo(conn, user, mapping) is None

    assert state(conn, user) == before


@pytest.mark.parametrize("change", [{"tvshow_id": None}, {"sync_enabled": False}], ids=str)
def test_what_was_left_out_meanwhile_is_decided_again(conn: Connection, world: World, change: dict[str, Any]) -> None:
    user, _show, _other, mapping = world
    update(conn, user, mapping, **change)
    left_out = receive(conn, user, scrobble(season=2, episode=2, at=datetime.now(UTC)))
    assert left_out["action"] == "sync_disabled"
    undo(conn, user, mapping)
    assert log_row(conn, left_out["log_id"])["status"] == "pending"


def test_what_was_left_out_before_the_change_stays_so(conn: Connection, world: World) -> None:
    user, show, _other, mapping = world
    conn.execute("update plex_show_mappings set sync_enabled = false where id = %s", (mapping,))
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    before = receive(conn, user, scrobble(season=2, episode=2, at=hour_ago))
    conn.execute("update plex_show_mappings set sync_enabled = true where id = %s", (mapping,))
    update(conn, user, mapping, tvshow_id=None)
    undo(conn, user, mapping)
    assert mapping_of(conn, user)["tvshow_id"] == show
    assert log_row(conn, before["log_id"])["status"] == "ignored"


def test_a_rule_that_was_added_is_taken_back_with_what_it_moved(conn: Connection, world: World) -> None:
    user, show, _, mapping = world
    before = state(conn, user)
    save(conn, user, mapping, RULE | {"from_episode": 2, "episode_offset": 3})
    assert {row["season"] for row in state(conn, user)["said"]} == {1, 2}
    assert [row["episode"] for row in state(conn, user)["said"]] == [1, 5, 6, 5, 1]

    undo(conn, user, mapping)

    assert state(conn, user) == before
    assert_totals_are_a_recount(conn, show)


def test_rules_that_were_removed_come_back_also_one_of_a_file_name(conn: Connection, world: World) -> None:
    user, _, _, mapping = world
    save(conn, user, mapping, RULE | {"from_episode": 2, "episode_offset": 3})
    double = {
        "kind": "double",
        "plex_season": 2,
        "from_episode": 1,
        "to_episode": 1,
        "first_episode": 1,
        "last_episode": 2,
    }
    save(conn, user, mapping, double | {"episode_offset": 0}, source="plex_file")
    before = state(conn, user)
    conn.execute("select remove_rules(%s, %s, null, true)", (user, mapping))
    assert state(conn, user)["said"] != before["said"]

    undo(conn, user, mapping)

    assert state(conn, user) == before


def test_a_rule_that_left_the_past_alone_leaves_it_alone_again(conn: Connection, world: World) -> None:
    user, _, _, mapping = world
    before = state(conn, user)
    conn.execute(
        """select save_rules(%s, %s, '[{"kind": "offset", "plex_season": 1, "from_episode": 2, "season": 2,
                                        "episode_offset": 3}]', 'user', false, false)""",
        (user, mapping),
    )
    assert undo(conn, user, mapping) is None
    assert state(conn, user) == before


def test_what_was_read_from_file_names_since_stays(conn: Connection, world: World) -> None:
    user, _, _, mapping = world
    update(conn, user, mapping, manually_confirmed=True)
    double = {
        "kind": "double",
        "plex_season": 2,
        "from_episode": 5,
        "to_episode": 5,
        "first_episode": 5,
        "last_episode": 6,
    }
    save(conn, user, mapping, double | {"episode_offset": 0}, source="plex_file")

    undo(conn, user, mapping)

    row = mapping_of(conn, user)
    assert (row["manually_confirmed"], row["has_rules"]) == (False, True)
    assert value(conn, "select count(*) from plex_numbering_rules where mapping_id = %s", (mapping,)) == 1


def test_one_after_the_other_is_taken_back_and_then_there_is_nothing_more(conn: Connection, world: World) -> None:
    user, _, other, mapping = world
    first = state(conn, user)
    update(conn, user, mapping, manually_confirmed=True)
    second = state(conn, user)
    update(conn, user, mapping, tvshow_id=other)
    third = state(conn, user)
    save(conn, user, mapping, RULE)

    for expected in (third, second, first):
        undo(conn, user, mapping)
        assert state(conn, user) == expected
    with refused(conn, "TK409"):
        undo(conn, user, mapping)


def test_an_answer_is_not_taken_back_here(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    question = receive(conn, user, scrobble())["conflict_id"]
    show = make_show(user, "Quite another name")
    conn.execute("select resolve_conflict(%s, %s, 'select', %s)", (user, question, show))
    with refused(conn, "TK409"):
        undo(conn, user, mapping_of(conn, user)["id"])


def test_where_the_show_is_gone_it_says_so(conn: Connection, world: World) -> None:
    user, show, other, mapping = world
    update(conn, user, mapping, tvshow_id=other)
    conn.execute("select delete_show(%s, %s)", (user, show))
    with refused(conn, "TK409"):
        undo(conn, user, mapping)
    assert mapping_of(conn, user)["tvshow_id"] == other


def test_somebody_elses_mapping_is_not_there(conn: Connection, world: World, make_user: MakeUser) -> None:
    _, _, other, mapping = world
    update(conn, world[0], mapping, tvshow_id=other)
    with refused(conn, "TK404"):
        undo(conn, make_user(), mapping)
    with refused(conn, "TK404"):
        undo(conn, world[0], 2**40)
