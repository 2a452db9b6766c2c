"""mark_watched: one viewing, mark or unmark of one episode, with everything that follows from it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.conftest import Connection
from tests.scrobbles import AT
from tests.watch_state import (
    assert_totals_are_a_recount,
    episode_entry,
    live_times,
    one,
    plays,
    refused,
    show_row,
    value,
)

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]
HOUR = timedelta(hours=1)


def mark(
    conn: Connection,
    user_id: int,
    show_id: int,
    season: int | None = 1,
    episode: int | None = 1,
    *,
    kind: str = "viewing",
    at: datetime = AT,
    air_date: str | None = None,
    source: str = "webhook",
    server: str | None = "S1",
    account: int | None = None,
    history_key: str | None = None,
    mapping: int | None = None,
    said: datetime | None = None,
) -> dict[str, Any]:
    return one(
        conn,
        """select * from mark_watched(%s, %s, %s, %s, %s::date, %s, %s, %s, %s, %s, %s, %s, null, null, null, null, %s)""",
        (user_id, show_id, season, episode, air_date, kind, at, source, server, account, history_key, mapping, said),
    )


def test_the_first_viewing_marks_the_episode_and_the_totals(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, runtime=22)
    row = mark(conn, user, show, 2, 5)
    assert (row["action"], row["season"], row["episode"]) == ("marked_watched", 2, 5)
    assert row["first_watched_at"] == AT
    entry = episode_entry(conn, show, 2, 5)
    assert (entry["watched"], entry["dateWatched"]) == (True, "2026-01-01T20:00:00Z")
    assert (entry["title"], entry["runtime"]) == ("Episode 5", 22)
    kept = show_row(conn, show)
    assert (kept["watched_episodes"], kept["total_minutes"]) == (1, 22)
    assert_totals_are_a_recount(conn, show)
    (play,) = plays(conn, show)
    assert play["id"] == row["play_id"]
    assert (play["season"], play["episode"], play["watched_at"], play["source"]) == (2, 5, AT, "webhook")
    event = one(conn, "select * from watch_events where tvshow_id = %s", (show,))
    assert (event["kind"], event["occurred_at"], event["play_id"]) == ("viewing", AT, row["play_id"])


def test_no_other_episode_is_touched(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user, seasons={0: 3, 1: 3, 2: 3})
    mark(conn, user, show, 1, 2)
    watched = [
        (season["seasonNumber"], episode["episodeNumber"])
        for season in show_row(conn, show)["seasons"]
        for episode in season["episodes"]
        if episode["watched"]
    ]
    assert watched == [(1, 2)]


@pytest.mark.parametrize(("season", "episode"), [(0, 0), (0, 1), (1, 0)])
def test_0_is_a_number_like_any_other(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, season: int, episode: int
) -> None:
    user = make_user()
    numbers = [{"episodeNumber": 0}, {"episodeNumber": 1}]
    show = make_show(user, seasons=[{"seasonNumber": 0, "episodes": numbers}, {"seasonNumber": 1, "episodes": numbers}])
    assert mark(conn, user, show, season, episode)["action"] == "marked_watched"
    assert episode_entry(conn, show, season, episode)["watched"] is True
    assert show_row(conn, show)["watched_episodes"] == 1


def test_a_later_viewing_is_a_rewatch_that_keeps_the_first_date(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user)
    mark(conn, user, show)
    row = mark(conn, user, show, at=AT + HOUR)
    assert (row["action"], row["first_watched_at"]) == ("rewatched", AT)
    assert live_times(conn, show) == [AT, AT + HOUR]
    assert episode_entry(conn, show, 1, 1)["dateWatched"] == "2026-01-01T20:00:00Z"
    assert show_row(conn, show)["watched_episodes"] == 1
    assert_totals_are_a_recount(conn, show)


def test_an_earlier_viewing_that_arrives_late_moves_the_first_date(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user)
    mark(conn, user, show, source="history")
    row = mark(conn, user, show, at=AT - HOUR, source="history")
    assert (row["action"], row["first_watched_at"]) == ("rewatched", AT - HOUR)
    assert episode_entry(conn, show, 1, 1)["dateWatched"] == "2026-01-01T19:00:00Z"


def test_a_second_report_of_a_viewing_changes_nothing(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, runtime=22)
    first = mark(conn, user, show)
    row = mark(conn, user, show, at=AT + timedelta(minutes=21), source="history")
    assert (row["action"], row["play_id"]) == ("already_watched", first["play_id"])
    assert live_times(conn, show) == [AT]


@pytest.mark.parametrize("runtime", [None, 0])
def test_an_unknown_runtime_counts_as_30_minutes(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, runtime: int | None
) -> None:
    user = make_user()
    show = make_show(user, runtime=runtime)
    mark(conn, user, show)
    assert mark(conn, user, show, at=AT + timedelta(minutes=29, seconds=59))["action"] == "already_watched"
    assert mark(conn, user, show, at=AT + timedelta(minutes=30))["action"] == "rewatched"
    assert show_row(conn, show)["total_minutes"] == 0
    assert_totals_are_a_recount(conn, show)


@pytest.mark.parametrize("other", [{"server": "S2"}, {"account": True}])
def test_another_account_or_server_at_the_same_time_is_another_viewing(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, other: dict[str, Any]
) -> None:
    user = make_user()
    show = make_show(user)
    if "account" in other:
        other = {
            "account": value(
                conn,
                "insert into plex_accounts (user_id, server_uuid, title) values (%s, 'S1', 'kim') returning id",
                (user,),
            )
        }
    mark(conn, user, show)
    assert mark(conn, user, show, **other)["action"] == "rewatched"
    assert live_times(conn, show) == [AT, AT]


def test_a_row_of_the_history_counts_once_even_at_another_episode(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user)
    mark(conn, user, show, 1, 1, source="history", history_key="h1")
    assert mark(conn, user, show, 1, 1, source="history", history_key="h1")["action"] == "already_watched"
    row = mark(conn, user, show, 1, 2, source="history", history_key="h1")
    assert (row["action"], row["first_watched_at"], row["play_id"]) == ("already_watched", None, None)
    assert len(live_times(conn, show)) == 1
    assert mark(conn, user, show, 1, 2, source="history", history_key="h1", server="S2")["action"] == ("marked_watched")
    assert_totals_are_a_recount(conn, show)


def test_an_episode_that_is_not_there_writes_nothing(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user)
    before = show_row(conn, show)
    for season, episode in ((9, 1), (1, 99), (None, None), (None, 1)):
        assert mark(conn, user, show, season, episode)["action"] == "episode_missing"
    assert show_row(conn, show) == before
    assert conn.execute("select from watch_events where tvshow_id = %s", (show,)).fetchall() == []


def test_a_show_that_is_not_the_users_writes_nothing(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user, other = make_user(), make_user()
    show = make_show(user)
    before = show_row(conn, show)
    assert mark(conn, other, show)["action"] == "show_missing"
    assert mark(conn, user, 2**40)["action"] == "show_missing"
    assert show_row(conn, show) == before
    assert plays(conn, show) == []
    conn.execute("select delete_show(%s, %s)", (user, show))
    assert mark(conn, user, show)["action"] == "show_missing"
    assert plays(conn, show) == []


def test_an_account_or_mapping_of_another_user_is_refused(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user, other = make_user(), make_user()
    show, foreign_show = make_show(user), make_show(other)
    account = value(
        conn,
        "insert into plex_accounts (user_id, server_uuid, title) values (%s, 'S1', 'kim') returning id",
        (other,),
    )
    mapping = value(
        conn,
        """insert into plex_show_mappings (user_id, tvshow_id, match_confidence, match_method)
           values (%s, %s, 1, 'manual') returning id""",
        (other, foreign_show),
    )
    with refused(conn, "23503", "watch_events_account_fkey"):
        mark(conn, user, show, account=account)
    assert mark(conn, user, show, mapping=mapping)["action"] == "mapping_changed"
    assert plays(conn, show) == []


def test_a_mapped_viewing_notes_the_sync(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user)
    mark(conn, user, show, kind="mark", source="manual")
    assert show_row(conn, show)["plex_synced"] is False
    mapping = value(
        conn,
        """insert into plex_show_mappings (user_id, tvshow_id, match_confidence, match_method)
           values (%s, %s, 1, 'manual') returning id""",
        (user, show),
    )
    mark(conn, user, show, 1, 2, mapping=mapping)
    row = show_row(conn, show)
    assert row["plex_synced"] is True
    assert row["plex_last_sync"] is not None
    assert one(conn, "select last_synced_at from plex_show_mappings where id = %s", (mapping,)) != {
        "last_synced_at": None
    }


def test_a_forgotten_mapping_does_not_stand_in_the_way_of_later_marks(
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
    mark(conn, user, show, mapping=mapping)
    conn.execute("delete from plex_show_mappings where id = %s", (mapping,))
    mark(conn, user, show, kind="unmark", at=AT + HOUR, source="manual", server=None)
    mark(conn, user, show, at=AT + 2 * HOUR)
    conn.execute("set constraints all immediate")
    assert live_times(conn, show) == [AT + 2 * HOUR]
    assert {play["mapping_id"] for play in plays(conn, show)} == {None}


LATE = AT + timedelta(hours=30)


@pytest.mark.parametrize("history_first", [True, False])
def test_a_webhook_that_came_late_is_the_viewing_that_the_history_tells(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, history_first: bool
) -> None:
    user = make_user()
    show = make_show(user)
    if history_first:
        mark(conn, user, show, source="history", history_key="/h/1", said=AT)
        assert mark(conn, user, show, at=LATE, said=AT)["action"] == "already_watched"
    else:
        mark(conn, user, show, at=LATE, said=AT)
        mark(conn, user, show, source="history", history_key="/h/1", said=AT)
    assert live_times(conn, show) == [AT]
    assert episode_entry(conn, show, 1, 1)["dateWatched"] == "2026-01-01T20:00:00Z"
    assert_totals_are_a_recount(conn, show)


def test_a_webhook_that_came_late_of_a_viewing_that_no_history_tells_is_dated_at_its_receipt(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user)
    mark(conn, user, show, source="history", history_key="/h/1", said=AT)
    assert mark(conn, user, show, at=LATE, said=AT + 5 * HOUR)["action"] == "rewatched"
    assert mark(conn, user, show, at=LATE + HOUR, said=AT, server="S2")["action"] == "rewatched"
    assert live_times(conn, show) == [AT, LATE, LATE + HOUR]


def test_a_webhook_whose_time_was_taken_from_a_wrong_clock_goes_where_the_history_says(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, runtime=3)
    by_its_clock = AT + timedelta(minutes=7)
    mark(conn, user, show, at=by_its_clock, said=by_its_clock)
    mark(conn, user, show, source="history", history_key="/h/1", said=by_its_clock)
    assert live_times(conn, show) == [AT]


def test_a_viewing_keeps_its_beginning_where_the_history_tells_a_report_of_it_that_came_after(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user)
    mark(conn, user, show, said=AT)
    after = AT + timedelta(minutes=15)
    mark(conn, user, show, at=after, source="history", history_key="/h/1", said=after)
    assert live_times(conn, show) == [AT]
