"""restore_show: what was deleted is back, with what was watched and the mappings that stood for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import psycopg
import pytest

from tests.conftest import Connection
from tests.scrobbles import AT, receive, scrobble
from tests.watch_state import live_times, log_row, one, show_row, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def delete(conn: Connection, user: int, show: int) -> None:
    conn.execute("select delete_show(%s, %s)", (user, show))


def restore(conn: Connection, user: int, show: int) -> None:
    conn.execute("select restore_show(%s, %s)", (user, show))


def test_the_show_its_history_and_its_mapping_are_back(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, "Harbour Lights")
    receive(conn, user, scrobble())
    before = show_row(conn, show) | {"updated_at": None}
    delete(conn, user, show)
    restore(conn, user, show)
    assert show_row(conn, show) | {"updated_at": None} == before
    assert live_times(conn, show) == [AT]
    assert receive(conn, user, scrobble(episode=2))["tvshow_id"] == show


def test_a_mapping_that_was_pointed_elsewhere_meanwhile_stays_there(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show, other = make_show(user, "Harbour Lights"), make_show(user, "Fog")
    receive(conn, user, scrobble())
    delete(conn, user, show)
    mapping = one(conn, "select id from plex_show_mappings where user_id = %s", (user,))["id"]
    conn.execute("select update_mapping(%s, %s, jsonb_build_object('tvshow_id', %s::bigint))", (user, mapping, other))
    restore(conn, user, show)
    assert value(conn, "select tvshow_id from plex_show_mappings where id = %s", (mapping,)) == other


def test_what_was_watched_while_it_was_deleted_is_decided_again(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, "Harbour Lights")
    receive(conn, user, scrobble(episode=1))
    delete(conn, user, show)
    now = datetime.now(UTC)
    left_out = receive(conn, user, scrobble(episode=2, at=now))
    assert left_out["action"] == "sync_disabled"
    restore(conn, user, show)
    row = log_row(conn, left_out["log_id"])
    assert (row["status"], row["action_taken"]) == ("pending", "needs_lookup")
    assert row["next_attempt_at"] is not None
    assert row["trace"][-1]["step"] == "replayed"


def test_what_was_left_out_before_or_for_another_reason_stays_so(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show, other = make_show(user, "Harbour Lights"), make_show(user, "Fog")
    for title in ("Harbour Lights", "Fog"):
        receive(conn, user, scrobble(title))
    now = datetime.now(UTC)
    conn.execute("update plex_show_mappings set sync_enabled = false where user_id = %s", (user,))
    stay = [receive(conn, user, scrobble(title, episode=2, at=now)) for title in ("Harbour Lights", "Fog")]
    delete(conn, user, show)
    stay.append(receive(conn, user, scrobble("Harbour Lights", episode=3, at=now)))
    conn.execute("update plex_show_mappings set sync_enabled = true where tvshow_id = %s", (other,))
    restore(conn, user, show)
    assert {log_row(conn, event["log_id"])["status"] for event in stay} == {"ignored"}


def test_a_show_with_its_id_that_was_added_meanwhile_is_in_the_way(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, "Harbour Lights", tmdb_id=77)
    delete(conn, user, show)
    make_show(user, "Harbour Lights", tmdb_id=77)
    with pytest.raises(psycopg.errors.UniqueViolation):
        restore(conn, user, show)


def test_what_is_not_deleted_or_anothers_cannot_be_restored(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user)
    for who in (user, make_user()):
        with pytest.raises(psycopg.DatabaseError) as caught, conn.transaction():
            restore(conn, who, show)
        assert caught.value.sqlstate == "TK404"
