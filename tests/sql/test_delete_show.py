"""delete_show: hidden, kept, and not revived by Plex."""

from __future__ import annotations

from collections.abc import Callable

from tests.conftest import Connection
from tests.scrobbles import receive, scrobble
from tests.watch_state import conflict_row, log_row, one, plays, refused, show_row


def delete(conn: Connection, user_id: int, show_id: int) -> None:
    conn.execute("select delete_show(%s, %s)", (user_id, show_id))


def test_the_show_is_hidden_and_its_plays_are_kept(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user = make_user()
    show = make_show(user, "Harbour Lights")
    receive(conn, user, scrobble())
    delete(conn, user, show)
    assert show_row(conn, show)["deleted_at"] is not None
    assert len(plays(conn, show)) == 1


def test_its_mapping_stays_and_means_not_to_be_tracked(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user = make_user()
    show = make_show(user, "Harbour Lights")
    receive(conn, user, scrobble())
    delete(conn, user, show)
    outcome = receive(conn, user, scrobble(episode=2))
    assert (outcome["status"], outcome["action"]) == ("ignored", "sync_disabled")
    assert outcome["tvshow_id"] is None
    mapping = one(conn, "select * from plex_show_mappings where user_id = %s", (user,))
    assert mapping["tvshow_id"] is None


def test_it_stays_deleted_even_when_the_same_show_is_added_again(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user = make_user()
    receive(conn, user, scrobble()) if make_show(user, "Harbour Lights") else None
    (first,) = conn.execute("select id from tvshows where user_id = %s", (user,)).fetchall()
    delete(conn, user, first["id"])
    again = make_show(user, "Harbour Lights")
    assert receive(conn, user, scrobble(episode=3))["action"] == "sync_disabled"
    assert plays(conn, again) == []


def test_its_open_question_is_closed_and_what_waited_is_ignored(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user = make_user()
    show = make_show(user, "Harbour Lights", seasons={1: 1})
    held = receive(conn, user, scrobble(episode=9))
    assert held["status"] == "conflict"
    delete(conn, user, show)
    conflict = conflict_row(conn, held["conflict_id"])
    assert (conflict["resolved"], conflict["resolution_action"]) == (True, "ignore")
    log = log_row(conn, held["log_id"])
    assert (log["status"], log["action_taken"]) == ("ignored", "sync_disabled")


def test_other_shows_and_their_questions_stay(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user = make_user()
    show = make_show(user, "Harbour Lights")
    other = make_show(user, "Nightwatch", seasons={1: 1})
    held = receive(conn, user, scrobble("Nightwatch", episode=9))
    delete(conn, user, show)
    assert not conflict_row(conn, held["conflict_id"])["resolved"]
    assert receive(conn, user, scrobble("Nightwatch"))["tvshow_id"] == other


def test_a_show_is_deleted_once_and_only_by_its_owner(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user, stranger = make_user(), make_user()
    show = make_show(user)
    with refused(conn, "TK404"):
        delete(conn, stranger, show)
    assert show_row(conn, show)["deleted_at"] is None
    delete(conn, user, show)
    with refused(conn, "TK404"):
        delete(conn, user, show)
    with refused(conn, "TK404"):
        delete(conn, user, 2**40)
