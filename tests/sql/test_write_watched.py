"""write_watched: flags, dates and totals follow from the plays, for many episodes at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from tests.conftest import Connection
from tests.scrobbles import AT, receive, scrobble
from tests.watch_state import assert_totals_are_a_recount, episode_entry, show_row, value

HOUR = timedelta(hours=1)


def test_the_episodes_of_these_rows_are_written_and_no_others(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user = make_user()
    show = make_show(user, "Harbour Lights", seasons={0: 1, 1: 3}, runtime=20)
    logs = [receive(conn, user, scrobble(episode=n, at=AT + n * HOUR))["log_id"] for n in (1, 2, 3)]
    before = show_row(conn, show)
    # As if nothing had been written yet.
    conn.execute(
        """update tvshows set watched_episodes = 0, total_minutes = 0,
                  seasons = replace(seasons::text, '"watched": true', '"watched": false')::jsonb""",
    )
    conn.execute("select write_watched(%s, %s, %s, true)", (user, show, logs[:2]))
    assert [episode_entry(conn, show, 1, n)["watched"] for n in (1, 2, 3)] == [True, True, False]
    row = show_row(conn, show)
    assert (row["watched_episodes"], row["total_minutes"], row["plex_synced"]) == (2, 40, True)
    assert_totals_are_a_recount(conn, show)
    conn.execute("select write_watched(%s, %s, %s, true)", (user, show, logs))
    assert show_row(conn, show)["seasons"] == before["seasons"]


def test_what_did_not_change_is_not_written(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user, stranger = make_user(), make_user()
    show = make_show(user, "Harbour Lights")
    log_id = receive(conn, user, scrobble())["log_id"]
    written = "select pg_stat_get_xact_tuples_updated('tracker.tvshows'::regclass) as n"
    before = value(conn, written)
    conn.execute("select write_watched(%s, %s, %s)", (user, show, [log_id]))
    conn.execute("select write_watched(%s, %s, %s)", (user, show, []))
    conn.execute("select write_watched(%s, %s, %s)", (stranger, show, [log_id]))
    assert value(conn, written) == before
