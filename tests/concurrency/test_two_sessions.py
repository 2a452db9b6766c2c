"""Two sessions, step by step. A test's name is its interleaving: what the first did, uncommitted, then the second."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests import payloads
from tests.concurrency.conftest import Session, with_patience
from tests.conftest import Connection
from tests.scrobbles import AT, decision, receive, scrobble
from tests.watch_state import (
    assert_totals_are_a_recount,
    conflict_row,
    episode_entry,
    live_plays,
    live_times,
    log_row,
    one,
    plays,
    show_row,
    value,
)

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]
TwoSessions = tuple[Session, Session]
PATIENCE = 60


def set_watched(connection: Connection, user: int, show: int, episode: int, watched: bool, at: Any = AT) -> Any:
    return one(connection, "select * from set_watched(%s, %s, 1, %s, %s, %s)", (user, show, episode, watched, at))


def resolve(connection: Connection, user: int, conflict: int, action: str, show: int | None = None) -> Any:
    return one(connection, "select * from resolve_conflict(%s, %s, %s, %s)", (user, conflict, action, show))


def delete_show(connection: Connection, user: int, show: int) -> None:
    connection.execute("select delete_show(%s, %s)", (user, show))


def undo(connection: Connection, user: int, conflict: int) -> Any:
    return one(connection, "select * from undo_conflict(%s, %s)", (user, conflict))


def add_show(connection: Connection, user: int, title: str = payloads.SHOW) -> int:
    """As app.tracker.shows adds one."""
    seasons = [{"seasonNumber": 1, "episodes": [{"episodeNumber": n} for n in range(1, 10)]}]
    show: int
    with connection.transaction():
        connection.execute("select lock_mappings(%s)", (user,))
        show = value(connection, "select add_show(%s, %s) as id", (user, Jsonb({"title": title, "seasons": seasons})))
        connection.execute("select settle_open_conflicts(%s, %s)", (user, show))
    return show


def replay(connection: Connection, user: int, log_id: int, message: dict[str, Any]) -> Any:
    return one(
        connection,
        "select * from replay_event(%s, %s, %s, false)",
        (user, log_id, Jsonb(decision(message))),
    )


def in_turn(
    sessions: TwoSessions, first_does: Callable[[Connection], Any], second_does: Callable[[Connection], Any]
) -> tuple[Any, Any]:
    """The first acts and holds its transaction; the second acts and has to wait; the first commits."""
    first, second = sessions
    first.begin()
    answer = first.does(first_does).result(PATIENCE)
    waiting = second.does(second_does)
    second.waits_for(first)
    first.commit()
    return answer, waiting.result(PATIENCE)


def test_mark_then_mark_of_another_episode_loses_neither(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions
) -> None:
    user = make_user()
    show = make_show(user)
    in_turn(
        two_sessions,
        lambda c: set_watched(c, user, show, 1, True),
        lambda c: set_watched(c, user, show, 2, True),
    )
    assert show_row(conn, show)["watched_episodes"] == 2
    assert_totals_are_a_recount(conn, show)


def test_first_event_of_an_unmapped_show_then_another_one_is_one_mapping_with_both_marked(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    first, second = in_turn(
        two_sessions,
        lambda c: receive(c, user, scrobble(episode=1)),
        lambda c: receive(c, user, scrobble(episode=2)),
    )
    assert [first["status"], second["status"]] == ["success", "success"]
    assert log_row(conn, second["log_id"])["trace"][0]["step"] == "mapping"
    assert show_row(conn, show)["watched_episodes"] == 2
    assert value(conn, "select count(*) as n from plex_show_mappings") == 1


def test_first_event_with_a_guid_then_one_without_is_one_mapping_with_both_marked(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions
) -> None:
    """They have different keys, so the lock of the show's key does not keep them apart: lock_mappings does."""
    user = make_user()
    show = make_show(user, payloads.SHOW)
    without = payloads.episode_without_guids(parentIndex=1, index=2)
    assert decision(without)["show_key"] != decision(scrobble())["show_key"]
    first, second = in_turn(
        two_sessions, lambda c: receive(c, user, scrobble(episode=1)), lambda c: receive(c, user, without)
    )
    assert [first["status"], second["status"]] == ["success", "success"]
    mapping = one(conn, "select * from plex_show_mappings")
    assert (mapping["tvshow_id"], mapping["plex_guid"]) == (show, payloads.show_guid())
    assert show_row(conn, show)["watched_episodes"] == 2


def test_event_of_an_unknown_show_then_another_one_is_one_question_that_holds_both(
    conn: Connection, make_user: MakeUser, two_sessions: TwoSessions
) -> None:
    user = make_user()
    first, second = in_turn(
        two_sessions,
        lambda c: receive(c, user, scrobble(episode=1)),
        lambda c: receive(c, user, scrobble(episode=2)),
    )
    assert first["conflict_id"] == second["conflict_id"]
    held = conn.execute("select id from plex_webhook_logs where conflict_id = %s", (first["conflict_id"],))
    assert {row["id"] for row in held} == {first["log_id"], second["log_id"]}


def test_event_then_its_exact_repeat_is_a_duplicate(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    first, second = in_turn(
        two_sessions, lambda c: receive(c, user, scrobble()), lambda c: receive(c, user, scrobble())
    )
    assert (first["status"], second["status"]) == ("success", "duplicate")
    assert live_times(conn, show) == [AT]


def test_event_that_is_rolled_back_then_its_repeat_counts(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    first, second = two_sessions
    first.begin()
    first.does(receive, user, scrobble()).result(PATIENCE)
    waiting = second.does(receive, user, scrobble())
    second.waits_for(first)
    first.rollback()
    assert waiting.result(PATIENCE)["status"] == "success"
    assert live_times(conn, show) == [AT]


def test_event_that_waits_for_an_answer_then_the_answer_replays_it_too(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions
) -> None:
    user = make_user()
    held = receive(conn, user, scrobble(episode=1))
    show = make_show(user, "Another name")
    _, answer = in_turn(
        two_sessions,
        lambda c: receive(c, user, scrobble(episode=2)),
        lambda c: resolve(c, user, held["conflict_id"], "select", show),
    )
    assert answer["replayed"] == 2
    assert show_row(conn, show)["watched_episodes"] == 2
    assert value(conn, "select count(*) as n from plex_webhook_logs where status = 'conflict'") == 0


def test_answer_then_an_event_of_the_same_show_goes_by_the_answer(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions
) -> None:
    user = make_user()
    held = receive(conn, user, scrobble(episode=1))
    show = make_show(user, "Another name")
    answer, event = in_turn(
        two_sessions,
        lambda c: resolve(c, user, held["conflict_id"], "select", show),
        lambda c: receive(c, user, scrobble(episode=2)),
    )
    assert answer["replayed"] == 1
    assert (event["status"], event["tvshow_id"]) == ("success", show)
    assert value(conn, "select count(*) as n from plex_conflicts") == 1


def test_answer_then_another_answer_is_refused(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions
) -> None:
    user = make_user()
    held = receive(conn, user, scrobble())
    show = make_show(user, "Another name")
    with pytest.raises(psycopg.Error) as raised:
        in_turn(
            two_sessions,
            lambda c: resolve(c, user, held["conflict_id"], "select", show),
            lambda c: resolve(c, user, held["conflict_id"], "ignore_forever"),
        )
    assert raised.value.sqlstate == "TK409"
    assert conflict_row(conn, held["conflict_id"])["resolution_action"] == "select"
    assert live_times(conn, show) == [AT]


def test_answer_then_a_replay_of_what_it_replayed_changes_nothing(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions
) -> None:
    user = make_user()
    held = receive(conn, user, scrobble())
    show = make_show(user, "Another name")
    _, again = in_turn(
        two_sessions,
        lambda c: resolve(c, user, held["conflict_id"], "select", show),
        lambda c: replay(c, user, held["log_id"], scrobble()),
    )
    assert (again["status"], again["action"]) == ("success", "marked_watched")
    assert live_times(conn, show) == [AT]


def test_replay_then_the_same_replay_marks_once(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions
) -> None:
    user = make_user()
    held = receive(conn, user, scrobble())
    show = make_show(user, payloads.SHOW)
    first, second = in_turn(
        two_sessions,
        lambda c: replay(c, user, held["log_id"], scrobble()),
        lambda c: replay(c, user, held["log_id"], scrobble()),
    )
    assert first == second
    assert live_times(conn, show) == [AT]
    assert log_row(conn, held["log_id"])["attempts"] == 1


def test_deletion_then_an_event_of_the_show_is_ignored(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions
) -> None:
    """The event has read its mapping before the deletion is committed, and waits for the show's row."""
    user = make_user()
    show = make_show(user, payloads.SHOW)
    receive(conn, user, scrobble())
    _, event = in_turn(
        two_sessions,
        lambda c: delete_show(c, user, show),
        lambda c: with_patience(receive, c, user, scrobble(episode=2)),
    )
    assert (event["status"], event["action"], event["tvshow_id"]) == ("ignored", "sync_disabled", None)
    assert len(plays(conn, show)) == 1
    assert log_row(conn, event["log_id"])["tvshow_id"] is None


def test_a_show_that_comes_back_then_an_event_of_it_is_one_question(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions
) -> None:
    """The event waits for the key of its Plex show, and finds the question that came back with the show."""
    user = make_user()
    show = make_show(user, payloads.SHOW, seasons={1: 1})
    held = receive(conn, user, scrobble(episode=2))
    delete_show(conn, user, show)
    conn.execute("delete from plex_show_mappings")
    _, event = in_turn(
        two_sessions,
        lambda c: c.execute("select restore_show(%s, %s)", (user, show)),
        lambda c: with_patience(receive, c, user, scrobble(episode=3)),
    )
    assert event["conflict_id"] == held["conflict_id"]
    assert not conflict_row(conn, held["conflict_id"])["resolved"]
    assert value(conn, "select count(*) as n from plex_webhook_logs where status = 'conflict'") == 2


def test_event_then_the_deletion_of_its_show_keeps_the_play(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    in_turn(two_sessions, lambda c: receive(c, user, scrobble()), lambda c: delete_show(c, user, show))
    assert live_times(conn, show) == [AT]
    mapping = one(conn, "select tvshow_id from plex_show_mappings")
    assert mapping["tvshow_id"] is None


def test_deletion_then_a_mapping_to_the_deleted_show_is_refused(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions
) -> None:
    user = make_user()
    make_show(user, payloads.SHOW)
    other = make_show(user, "Nightwatch")
    receive(conn, user, scrobble())
    mapping = one(conn, "select id from plex_show_mappings")["id"]
    with pytest.raises(psycopg.Error) as raised:
        in_turn(
            two_sessions,
            lambda c: delete_show(c, user, other),
            lambda c: c.execute("select update_mapping(%s, %s, %s)", (user, mapping, Jsonb({"tvshow_id": other}))),
        )
    assert raised.value.sqlstate == "TK404"


def test_a_changed_mapping_then_an_event_goes_by_the_change(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions
) -> None:
    """The event has read its mapping before the change is committed, and waits for the mapping's row."""
    user = make_user()
    show = make_show(user, payloads.SHOW)
    other = make_show(user, "Nightwatch")
    receive(conn, user, scrobble())
    mapping = one(conn, "select id from plex_show_mappings")["id"]
    _, event = in_turn(
        two_sessions,
        lambda c: c.execute("select update_mapping(%s, %s, %s)", (user, mapping, Jsonb({"tvshow_id": other}))),
        lambda c: with_patience(receive, c, user, scrobble(episode=2)),
    )
    assert event["tvshow_id"] == other
    assert [len(live_plays(conn, show)), len(live_plays(conn, other))] == [0, 2]


def test_a_forgotten_mapping_then_an_event_is_decided_anew(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    receive(conn, user, scrobble())
    mapping = one(conn, "select id from plex_show_mappings")["id"]
    _, event = in_turn(
        two_sessions,
        lambda c: c.execute("select delete_mapping(%s, %s)", (user, mapping)),
        lambda c: with_patience(receive, c, user, scrobble(episode=2)),
    )
    assert (event["status"], event["tvshow_id"]) == ("success", show)
    assert log_row(conn, event["log_id"])["trace"][0]["step"] == "title"


@pytest.mark.parametrize("answers_first", [True, False])
def test_an_answer_and_the_deletion_of_the_show_that_it_is_about_do_not_deadlock(
    conn: Connection,
    make_user: MakeUser,
    make_show: MakeShow,
    two_sessions: TwoSessions,
    answers_first: bool,
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, seasons={1: 1})
    held = receive(conn, user, scrobble(episode=9))

    def answering(c: Connection) -> Any:
        return resolve(c, user, held["conflict_id"], "select")

    def deleting(c: Connection) -> None:
        delete_show(c, user, show)

    if answers_first:
        answer, _ = in_turn(two_sessions, answering, deleting)
        assert answer["outcomes"] == {"marked_watched": 1}
        assert log_row(conn, held["log_id"])["status"] == "success"
    else:
        with pytest.raises(psycopg.Error) as raised:
            in_turn(two_sessions, deleting, answering)
        assert raised.value.sqlstate == "TK409"
        assert log_row(conn, held["log_id"])["status"] == "ignored"
    assert conflict_row(conn, held["conflict_id"])["resolved"]


def test_unmark_then_a_later_viewing_leaves_the_viewing(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, runtime=22)
    receive(conn, user, scrobble())
    later = AT + timedelta(hours=2)
    in_turn(
        two_sessions,
        lambda c: set_watched(c, user, show, 1, False, AT + timedelta(hours=1)),
        lambda c: receive(c, user, scrobble(at=later)),
    )
    assert live_times(conn, show) == [later]
    assert episode_entry(conn, show, 1, 1)["dateWatched"] == "2026-01-01T22:00:00Z"


def test_a_later_viewing_then_the_unmark_leaves_the_viewing(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, runtime=22)
    receive(conn, user, scrobble())
    later = AT + timedelta(hours=2)
    in_turn(
        two_sessions,
        lambda c: receive(c, user, scrobble(at=later)),
        lambda c: set_watched(c, user, show, 1, False, AT + timedelta(hours=1)),
    )
    assert live_times(conn, show) == [later]


def test_refresh_of_the_episodes_then_a_mark_loses_neither(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, seasons={1: 2})
    more = Jsonb([{"seasonNumber": 0, "episodes": [{"episodeNumber": 1}]}])
    in_turn(
        two_sessions,
        lambda c: c.execute("select add_episodes(%s, %s, %s)", (user, show, more)),
        lambda c: receive(c, user, scrobble(episode=1)),
    )
    row = show_row(conn, show)
    assert [(s["seasonNumber"], len(s["episodes"])) for s in row["seasons"]] == [(0, 1), (1, 2)]
    assert episode_entry(conn, show, 1, 1)["watched"] is True
    assert_totals_are_a_recount(conn, show)


def test_mark_then_a_refresh_of_the_episodes_keeps_the_mark(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, seasons={1: 2})
    more = Jsonb([{"seasonNumber": 1, "episodes": [{"episodeNumber": 1}, {"episodeNumber": 3}]}])
    in_turn(
        two_sessions,
        lambda c: receive(c, user, scrobble(episode=1)),
        lambda c: c.execute("select add_episodes(%s, %s, %s)", (user, show, more)),
    )
    assert episode_entry(conn, show, 1, 1)["watched"] is True
    assert show_row(conn, show)["total_episodes"] == 3
    assert_totals_are_a_recount(conn, show)


def test_a_rebuilt_servers_event_then_one_by_the_old_guid_for_the_same_show(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions
) -> None:
    """Both touch the old mapping and the show; were they locked in different orders, this would be a deadlock."""
    user = make_user()
    show = make_show(user, payloads.SHOW, titles=[{"title": "Harbour Lights (2020)"}])
    receive(conn, user, scrobble(episode=1))
    key = payloads.rating_key("show", payloads.SHOW)
    rebuilt = scrobble("Harbour Lights (2020)", episode=2, grandparentRatingKey=key)
    first, second = in_turn(
        two_sessions, lambda c: receive(c, user, rebuilt), lambda c: receive(c, user, scrobble(episode=3))
    )
    assert [first["tvshow_id"], second["tvshow_id"]] == [show, show]
    assert show_row(conn, show)["watched_episodes"] == 3


def test_an_event_with_a_new_key_then_one_of_the_show_that_had_that_key(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions
) -> None:
    """Each takes a key from the other's mapping, with its own show locked: one after the other, and no deadlock."""
    user = make_user()
    shows = {title: make_show(user, title) for title in ("Harbour Lights", "Nightwatch")}
    keys = {title: payloads.rating_key("show", title) for title in shows}
    for title in shows:
        receive(conn, user, scrobble(title))
    first, second = in_turn(
        two_sessions,
        lambda c: receive(c, user, scrobble("Nightwatch", episode=2, grandparentRatingKey=keys["Harbour Lights"])),
        lambda c: receive(c, user, scrobble("Harbour Lights", episode=2, grandparentRatingKey=keys["Nightwatch"])),
    )
    assert [first["action"], second["action"]] == ["marked_watched", "marked_watched"]
    known = conn.execute("select tvshow_id, plex_rating_key from plex_show_mappings order by tvshow_id").fetchall()
    assert {row["tvshow_id"]: row["plex_rating_key"] for row in known} == {
        shows["Harbour Lights"]: keys["Nightwatch"],
        shows["Nightwatch"]: keys["Harbour Lights"],
    }


def test_an_added_show_then_an_event_of_it_is_marked(
    conn: Connection, make_user: MakeUser, two_sessions: TwoSessions
) -> None:
    """The event has looked for the show before it was there, and would ask about it after everybody had looked."""
    user = make_user()
    show, event = in_turn(two_sessions, lambda c: add_show(c, user), lambda c: receive(c, user, scrobble()))
    assert (event["status"], event["tvshow_id"]) == ("success", show)
    assert live_times(conn, show) == [AT]
    assert value(conn, "select count(*) as n from plex_conflicts") == 0


def test_an_event_of_an_unknown_show_then_that_show_is_added_and_marked(
    conn: Connection, make_user: MakeUser, two_sessions: TwoSessions
) -> None:
    user = make_user()
    event, show = in_turn(two_sessions, lambda c: receive(c, user, scrobble()), lambda c: add_show(c, user))
    assert event["status"] == "conflict"
    assert conflict_row(conn, event["conflict_id"])["resolution_action"] == "auto"
    assert log_row(conn, event["log_id"])["status"] == "success"
    assert live_times(conn, show) == [AT]


def test_an_added_show_then_a_replay_of_what_it_settled_marks_once(
    conn: Connection, make_user: MakeUser, two_sessions: TwoSessions
) -> None:
    user = make_user()
    held = receive(conn, user, scrobble())
    show, again = in_turn(
        two_sessions, lambda c: add_show(c, user), lambda c: replay(c, user, held["log_id"], scrobble())
    )
    assert (again["status"], again["tvshow_id"]) == ("success", show)
    assert live_times(conn, show) == [AT]
    assert value(conn, "select count(*) as n from watch_events") == 1


def test_an_added_show_then_an_answer_to_the_question_that_it_settled_is_refused(
    conn: Connection, make_user: MakeUser, two_sessions: TwoSessions
) -> None:
    user = make_user()
    held = receive(conn, user, scrobble())
    with pytest.raises(psycopg.Error) as raised:
        in_turn(
            two_sessions,
            lambda c: add_show(c, user),
            lambda c: resolve(c, user, held["conflict_id"], "ignore_forever"),
        )
    assert raised.value.sqlstate == "TK409"
    assert conflict_row(conn, held["conflict_id"])["resolution_action"] == "auto"


def test_an_event_without_a_guid_then_one_with_it_is_one_question(
    conn: Connection, make_user: MakeUser, two_sessions: TwoSessions
) -> None:
    user = make_user()
    without = payloads.episode_without_guids(parentIndex=1, index=2)
    assert decision(without)["show_key"] != decision(scrobble())["show_key"]
    first, second = in_turn(
        two_sessions, lambda c: receive(c, user, without), lambda c: receive(c, user, scrobble(episode=1))
    )
    assert first["conflict_id"] == second["conflict_id"]
    assert value(conn, "select count(*) as n from plex_conflicts") == 1


def test_an_answer_then_an_event_with_another_key_goes_by_the_answer(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions
) -> None:
    user = make_user()
    held = receive(conn, user, scrobble())
    show = make_show(user, "Another name")
    without = payloads.episode_without_guids(parentIndex=1, index=2)
    _, event = in_turn(
        two_sessions,
        lambda c: resolve(c, user, held["conflict_id"], "select", show),
        lambda c: with_patience(receive, c, user, without),
    )
    assert (event["status"], event["tvshow_id"]) == ("success", show)
    assert value(conn, "select count(*) as n from plex_conflicts") == 1


def answered(conn: Connection, user: int, show: int) -> dict[str, Any]:
    held = receive(conn, user, scrobble(episode=1))
    resolve(conn, user, held["conflict_id"], "select", show)
    return held


def test_an_answer_that_is_taken_back_then_an_event_waits_again(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions
) -> None:
    """With another key, so that it has read the mapping: it waits for the show's row and finds the mapping gone."""
    user = make_user()
    show = make_show(user, "Another name")
    held = answered(conn, user, show)
    without = payloads.episode_without_guids(parentIndex=1, index=2)
    taken_back, event = in_turn(
        two_sessions,
        lambda c: undo(c, user, held["conflict_id"]),
        lambda c: with_patience(receive, c, user, without),
    )
    assert taken_back["withdrawn"] == 1
    assert (event["status"], event["conflict_id"]) == ("conflict", held["conflict_id"])
    assert live_times(conn, show) == []


def test_an_event_then_the_answer_that_it_went_by_is_taken_back_with_it(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions
) -> None:
    user = make_user()
    show = make_show(user, "Another name")
    held = answered(conn, user, show)
    without = payloads.episode_without_guids(parentIndex=1, index=2)
    event, taken_back = in_turn(
        two_sessions, lambda c: receive(c, user, without), lambda c: undo(c, user, held["conflict_id"])
    )
    assert event["status"] == "success"
    assert (taken_back["withdrawn"], taken_back["held"]) == (2, 2)
    assert log_row(conn, event["log_id"])["conflict_id"] == held["conflict_id"]
    assert live_times(conn, show) == []


@pytest.mark.parametrize("undo_first", [True, False])
def test_an_answer_taken_back_and_the_deletion_of_its_show_do_not_deadlock(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions, undo_first: bool
) -> None:
    user = make_user()
    show = make_show(user, "Another name")
    held = answered(conn, user, show)

    def taking_back(c: Connection) -> Any:
        return undo(c, user, held["conflict_id"])

    def deleting(c: Connection) -> None:
        delete_show(c, user, show)

    in_turn(two_sessions, *((taking_back, deleting) if undo_first else (deleting, taking_back)))
    assert not conflict_row(conn, held["conflict_id"])["resolved"]
    assert log_row(conn, held["log_id"])["status"] == "conflict"
    assert value(conn, "select count(*) as n from plex_show_mappings") == 0
    assert show_row(conn, show)["deleted_at"] is not None


def test_an_answer_taken_back_then_taken_back_again_is_refused(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions
) -> None:
    user = make_user()
    held = answered(conn, user, make_show(user, "Another name"))
    with pytest.raises(psycopg.Error) as raised:
        in_turn(
            two_sessions,
            lambda c: undo(c, user, held["conflict_id"]),
            lambda c: undo(c, user, held["conflict_id"]),
        )
    assert raised.value.sqlstate == "TK409"


def test_an_event_whose_episode_is_missing_then_the_answer_with_another_key_do_not_deadlock(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions
) -> None:
    """The one has the show's row and wants the question, the other one would have it the other way round."""
    user = make_user()
    show = make_show(user, payloads.SHOW, seasons={1: 1})
    held = receive(conn, user, scrobble(episode=9))
    without = payloads.episode_without_guids(parentIndex=1, index=8)
    event, answer = in_turn(
        two_sessions,
        lambda c: receive(c, user, without),
        lambda c: resolve(c, user, held["conflict_id"], "select"),
    )
    assert event["conflict_id"] == held["conflict_id"]
    assert answer["outcomes"] == {"marked_watched": 2}
    assert show_row(conn, show)["total_episodes"] == 3


def purge(connection: Connection, user: int) -> int:
    return int(value(connection, "select deleted from purge_logs(%s, 1, 0, 100)", (user,)))


def test_purge_of_an_old_log_row_then_an_unmark_of_its_viewing_does_not_name_the_row(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    receive(conn, user, scrobble(episode=1))
    deleted, _ = in_turn(
        two_sessions, lambda c: purge(c, user), lambda c: set_watched(c, user, show, 1, False, AT + timedelta(days=1))
    )
    assert deleted == 1
    (play,) = plays(conn, show)
    assert (play["log_id"], play["void_reason"]) == (None, "unmarked")


def test_unmark_of_an_old_viewing_then_a_purge_leaves_its_log_row_for_the_next_one(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    log_id = receive(conn, user, scrobble(episode=1))["log_id"]
    first, second = two_sessions
    first.begin()
    first.does(lambda c: set_watched(c, user, show, 1, False, AT + timedelta(days=1))).result(PATIENCE)
    assert second.does(lambda c: purge(c, user)).result(PATIENCE) == 0
    first.commit()
    (play,) = plays(conn, show)
    assert play["log_id"] == log_id
    assert purge(conn, user) == 1


def test_an_answer_then_an_event_with_another_key_whose_episode_is_missing_asks_anew(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions
) -> None:
    """The event has found the question open, and would wait for an answer that was given."""
    user = make_user()
    make_show(user, payloads.SHOW, seasons={1: 1})
    held = receive(conn, user, scrobble(episode=9))
    without = payloads.episode_without_guids(parentIndex=1, index=8)
    _, event = in_turn(
        two_sessions,
        lambda c: resolve(c, user, held["conflict_id"], "ignore"),
        lambda c: receive(c, user, without),
    )
    assert event["conflict_id"] not in (None, held["conflict_id"])
    assert not conflict_row(conn, event["conflict_id"])["resolved"]


def test_an_event_with_another_key_whose_episode_is_missing_then_a_replay_keeps_the_question(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, seasons={1: 1})
    held = receive(conn, user, scrobble(episode=9))
    without = payloads.episode_without_guids(parentIndex=1, index=8)
    conn.execute("update plex_show_mappings set sync_enabled = false")
    ignored = replay(conn, user, held["log_id"], scrobble(episode=9))
    assert ignored["status"] == "ignored"
    conn.execute("update plex_show_mappings set sync_enabled = true")
    held = receive(conn, user, scrobble(episode=7))
    more = Jsonb([{"seasonNumber": 1, "episodes": [{"episodeNumber": 7}]}])
    conn.execute("select add_episodes(%s, %s, %s)", (user, show, more))
    event, replayed = in_turn(
        two_sessions,
        lambda c: receive(c, user, without),
        lambda c: replay(c, user, held["log_id"], scrobble(episode=7)),
    )
    assert (event["conflict_id"], replayed["status"]) == (held["conflict_id"], "success")
    assert not conflict_row(conn, held["conflict_id"])["resolved"]


def test_a_season_marked_then_an_event_of_it_then_undone_leaves_the_event(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, two_sessions: TwoSessions
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, seasons={1: 3}, runtime=20)
    ids, _ = in_turn(
        two_sessions,
        lambda c: value(c, "select mark_episodes(%s, %s, true, 1)", (user, show)),
        lambda c: receive(c, user, scrobble(episode=2)),
    )
    assert show_row(conn, show)["watched_episodes"] == 3
    # No other word about the show lies between the first and the last of one go.
    assert ids == list(range(ids[0], ids[-1] + 1))
    conn.execute("select take_back(%s, %s, %s)", (user, show, ids))
    assert [play["episode"] for play in live_plays(conn, show)] == [2]
    assert_totals_are_a_recount(conn, show)
