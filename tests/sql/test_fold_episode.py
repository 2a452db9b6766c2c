"""fold_episode: what each play says after the fold (test_fold_properties.py: whatever the order of arrival)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tests.conftest import Connection
from tests.scrobbles import AT
from tests.watch_state import live_times, one, plays, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]
MINUTE = timedelta(minutes=1)


def say(
    conn: Connection, user: int, show: int, kind: str, at: datetime, *, server: str | None = "S1", **columns: Any
) -> int:
    """Writes what was said, without folding, and returns its id."""
    row = {"source": "webhook", "account_id": None, "history_key": None, "mapping_id": None} | columns
    event_id = value(
        conn,
        """insert into watch_events (user_id, tvshow_id, season, episode, kind, occurred_at, source, server_uuid,
                                     account_id, history_key, mapping_id, plex_season, plex_episode)
           values (%s, %s, 1, 1, %s, %s, %s, %s, %s, %s, %s, 5, 6) returning id""",
        (
            user,
            show,
            kind,
            at,
            row["source"],
            server,
            row["account_id"],
            row["history_key"],
            row["mapping_id"],
        ),
    )
    assert isinstance(event_id, int)
    return event_id


def fold(conn: Connection, user: int, show: int, event: int | None, runtime: int | None = 20) -> dict[str, Any]:
    return one(conn, "select * from fold_episode(%s, %s, 1, 1, %s, %s)", (user, show, runtime, event))


def test_nothing_said_is_nothing_watched(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user)
    row = fold(conn, user, show, None)
    assert (row["first_watched_at"], row["live_plays"], row["event_play_id"]) == (None, 0, None)


def test_a_play_says_what_its_first_report_said(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user)
    account = value(
        conn,
        "insert into plex_accounts (user_id, server_uuid, title) values (%s, 'S1', 'kim') returning id",
        (user,),
    )
    late = say(conn, user, show, "viewing", AT + 5 * MINUTE, account_id=account, source="webhook")
    fold(conn, user, show, late)
    early = say(conn, user, show, "viewing", AT, account_id=account, source="history", history_key="h7")
    row = fold(conn, user, show, early)
    (play,) = plays(conn, show)
    assert (play["watched_at"], play["source"], play["history_key"]) == (AT, "history", "h7")
    assert (play["server_uuid"], play["account_id"]) == ("S1", account)
    assert (play["plex_season"], play["plex_episode"]) == (5, 6)
    assert (row["event_play_id"], row["event_starts_play"], row["event_voided"]) == (play["id"], False, False)
    assert (row["first_watched_at"], row["live_plays"]) == (AT, 1)


def test_a_mark_by_hand_takes_the_account_of_the_viewing_that_it_meant(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user)
    fold(conn, user, show, say(conn, user, show, "mark", AT, server=None, source="manual"))
    reported = say(conn, user, show, "viewing", AT + 19 * MINUTE)
    row = fold(conn, user, show, reported)
    (play,) = plays(conn, show)
    assert (play["watched_at"], play["source"], play["server_uuid"]) == (AT, "manual", "S1")
    assert row["event_starts_play"] is False
    fold(conn, user, show, say(conn, user, show, "viewing", AT + 19 * MINUTE, server="S2"))
    assert live_times(conn, show) == [AT, AT + 19 * MINUTE]


def test_a_play_keeps_its_id_while_its_beginning_moves(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user)
    first = fold(conn, user, show, say(conn, user, show, "viewing", AT))["event_play_id"]
    earlier = say(conn, user, show, "viewing", AT - 10 * MINUTE)
    assert fold(conn, user, show, earlier)["event_play_id"] == first
    assert [(p["id"], p["watched_at"]) for p in plays(conn, show)] == [(first, AT - 10 * MINUTE)]


def test_a_superfluous_mark_leaves_a_play_that_says_so(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user)
    marked = fold(conn, user, show, say(conn, user, show, "mark", AT, server=None))["event_play_id"]
    fold(conn, user, show, say(conn, user, show, "viewing", AT - 60 * MINUTE))
    row = one(conn, "select voided_at, void_reason from plays where id = %s", (marked,))
    assert row["void_reason"] == "same_viewing"
    assert row["voided_at"] is not None
    assert live_times(conn, show) == [AT - 60 * MINUTE]


def test_a_longer_runtime_joins_what_was_two(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user)
    fold(conn, user, show, say(conn, user, show, "viewing", AT))
    fold(conn, user, show, say(conn, user, show, "viewing", AT + 40 * MINUTE))
    assert len(live_times(conn, show)) == 2
    fold(conn, user, show, None, runtime=45)
    assert live_times(conn, show) == [AT]


def test_folding_again_changes_nothing(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user)
    for kind, minutes in (("viewing", 0), ("unmark", 10), ("mark", 50), ("viewing", 55), ("viewing", 90)):
        fold(conn, user, show, say(conn, user, show, kind, AT + minutes * MINUTE))
    before = conn.execute("select * from plays where tvshow_id = %s order by id", (show,)).fetchall()
    fold(conn, user, show, None)
    assert conn.execute("select * from plays where tvshow_id = %s order by id", (show,)).fetchall() == before


def test_purged_log_rows_and_forgotten_mappings_do_not_come_back(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user)
    mapping = value(
        conn,
        """insert into plex_show_mappings (user_id, tvshow_id, match_confidence, match_method)
           values (%s, %s, 1, 'manual') returning id""",
        (user, show),
    )
    fold(conn, user, show, say(conn, user, show, "viewing", AT, mapping_id=mapping))
    assert plays(conn, show)[0]["mapping_id"] == mapping
    conn.execute("delete from plex_show_mappings where id = %s", (mapping,))
    conn.execute("update watch_events set log_id = 2^40 where tvshow_id = %s", (show,))
    fold(conn, user, show, say(conn, user, show, "unmark", AT + 60 * MINUTE))
    (play,) = plays(conn, show)
    assert (play["mapping_id"], play["log_id"], play["void_reason"]) == (None, None, "unmarked")


def test_other_episodes_are_left_alone(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show, other = make_show(user), make_show(user, "Another")
    conn.execute("select set_watched(%s, %s, 1, 2, true)", (user, show))
    conn.execute("select set_watched(%s, %s, 1, 1, true)", (user, other))
    fold(conn, user, show, say(conn, user, show, "unmark", AT + timedelta(days=9000)))
    assert len(live_times(conn, show)) == 1
    assert len(live_times(conn, other)) == 1
