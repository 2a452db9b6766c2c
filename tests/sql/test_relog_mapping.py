"""relog_mapping: what a correction means for the log and the questions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from tests import payloads
from tests.conftest import Connection
from tests.mapping_state import correct, map_to
from tests.scrobbles import AT, receive, scrobble
from tests.watch_state import conflict_row, log_row, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def test_a_row_says_what_it_was_moved_to_and_keeps_what_was_done_with_it(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show, other = make_show(user, payloads.SHOW), make_show(user, "Nightwatch")
    mapping = map_to(conn, user, show)
    first = receive(conn, user, scrobble())["log_id"]
    again = receive(conn, user, scrobble(at=AT + timedelta(days=1), viewCount=2))["log_id"]
    repeat = receive(conn, user, scrobble())["log_id"]
    correct(conn, user, mapping, other)
    assert [log_row(conn, log_id)["action_taken"] for log_id in (first, again, repeat)] == [
        "marked_watched",
        "rewatched",
        "duplicate",
    ]
    assert log_row(conn, first)["trace"][-1] == {
        "step": "moved",
        "mapping_id": mapping,
        "tvshow_id": other,
        "became": [{"season": 1, "episode": 1}],
    }
    assert log_row(conn, repeat)["trace"][-1]["step"] == "duplicate"


def test_what_was_held_is_called_what_it_is_when_it_finds_its_place(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show, other = make_show(user, payloads.SHOW, seasons={1: 1}), make_show(user, "Nightwatch", seasons={1: 2})
    mapping = map_to(conn, user, show)
    held = [
        receive(conn, user, scrobble(episode=2, at=AT + timedelta(minutes=m), viewCount=m))["log_id"]
        for m in (0, 90, 91)
    ]
    correct(conn, user, mapping, other)
    actions = [log_row(conn, log_id)["action_taken"] for log_id in held]
    assert actions == ["marked_watched", "rewatched", "already_watched"]


def test_questions_are_joined_and_closed_when_nothing_waits_any_more(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, seasons={1: 1})
    smaller, larger = make_show(user, "Nightwatch", seasons={2: 1}), make_show(user, "Fog", seasons={1: 3})
    mapping = map_to(conn, user, show)
    receive(conn, user, scrobble(episode=1))
    held = receive(conn, user, scrobble(episode=3))
    answer = correct(conn, user, mapping, smaller)
    assert answer["conflict_id"] == held["conflict_id"]
    conflict = conflict_row(conn, held["conflict_id"])
    assert (conflict["tvshow_id"], conflict["potential_matches"][0]["title"]) == (smaller, "Nightwatch")
    waiting = value(
        conn, "select count(*) from plex_webhook_logs where conflict_id = %s and status = 'conflict'", (conflict["id"],)
    )
    assert waiting == 2
    assert correct(conn, user, mapping, larger)["conflict_id"] is None
    assert conflict_row(conn, held["conflict_id"])["resolution_action"] == "auto"
