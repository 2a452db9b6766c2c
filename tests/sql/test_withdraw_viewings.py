"""withdraw_viewings: what was said about the wrong episode is kept, and counts no more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import Connection
from tests.scrobbles import AT, receive, scrobble
from tests.watch_state import assert_totals_are_a_recount, episode_entry, live_times, plays, show_row, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def withdraw(conn: Connection, user_id: int, logs: list[int], reason: str = "undone") -> Any:
    return value(conn, "select withdraw_viewings(%s, %s, %s) as n", (user_id, logs, reason))


def said(conn: Connection, show: int) -> list[dict[str, Any]]:
    return conn.execute("select * from watch_events where tvshow_id = %s order by id", (show,)).fetchall()


def test_the_play_is_voided_with_the_reason_and_the_flag_goes(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, "Harbour Lights", runtime=20)
    keep = receive(conn, user, scrobble(episode=1))
    gone = receive(conn, user, scrobble(episode=2, at=AT + HOUR))
    assert withdraw(conn, user, [gone["log_id"]], "moved") == 1
    (kept, voided) = plays(conn, show)
    assert (kept["log_id"], kept["voided_at"]) == (keep["log_id"], None)
    assert (voided["void_reason"], voided["watched_at"]) == ("moved", AT + HOUR)
    assert voided["voided_at"] is not None
    entry = episode_entry(conn, show, 1, 2)
    assert (entry["watched"], entry["dateWatched"]) == (False, None)
    row = show_row(conn, show)
    assert (row["watched_episodes"], row["total_minutes"]) == (1, 20)
    assert_totals_are_a_recount(conn, show)
    # Kept, as everything that was ever said.
    assert [(w["withdrawn_why"], w["withdrawn_at"] is None) for w in said(conn, show)] == [
        (None, True),
        ("moved", False),
    ]


def test_a_viewing_that_was_reported_twice_stays_by_the_other_report(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, "Harbour Lights", runtime=20)
    first = receive(conn, user, scrobble())
    receive(conn, user, scrobble(at=AT + 5 * MINUTE, viewCount=2))
    assert len(plays(conn, show)) == 1
    withdraw(conn, user, [first["log_id"]])
    assert live_times(conn, show) == [AT + 5 * MINUTE]
    assert episode_entry(conn, show, 1, 1)["watched"] is True


def test_a_mark_by_hand_counts_again_when_the_viewing_before_it_goes(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, "Harbour Lights", runtime=20)
    log_id = receive(conn, user, scrobble())["log_id"]
    conn.execute("select set_watched(%s, %s, 1, 1, true, %s)", (user, show, AT + 3 * HOUR))
    withdraw(conn, user, [log_id])
    assert live_times(conn, show) == [AT + 3 * HOUR]
    assert episode_entry(conn, show, 1, 1)["dateWatched"] == "2026-01-01T23:00:00Z"


def test_a_play_that_was_unmarked_says_why_it_is_void_now(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, "Harbour Lights")
    log_id = receive(conn, user, scrobble())["log_id"]
    conn.execute("select set_watched(%s, %s, 1, 1, false, %s)", (user, show, AT + HOUR))
    assert withdraw(conn, user, [log_id]) == 1
    assert [p["void_reason"] for p in plays(conn, show)] == ["undone"]


def test_what_was_withdrawn_is_not_withdrawn_again_and_may_be_said_anew(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user, stranger = make_user(), make_user()
    show = make_show(user, "Harbour Lights")
    log_id = receive(conn, user, scrobble())["log_id"]
    assert withdraw(conn, stranger, [log_id]) == 0
    assert withdraw(conn, user, [log_id]) == 1
    assert withdraw(conn, user, [log_id]) == 0
    assert withdraw(conn, user, []) == 0
    conn.execute("update plex_webhook_logs set status = 'failed' where id = %s", (log_id,))
    conn.execute(
        "select mark_watched(%s, %s, 1, 1, null, 'viewing', %s, 'webhook', p_log_id => %s)", (user, show, AT, log_id)
    )
    assert live_times(conn, show) == [AT]
    assert [p["void_reason"] for p in plays(conn, show)] == ["undone", None]


def test_a_row_of_the_history_counts_again_after_it_was_withdrawn(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, "Harbour Lights")
    log_id = receive(conn, user, scrobble(episode=9))["log_id"]

    def report(episode: int) -> Any:
        return value(
            conn,
            """select action from mark_watched(%s, %s, 1, %s, null, 'viewing', %s, 'history', 'S1', null, 'row 7',
                                               p_log_id => %s)""",
            (user, show, episode, AT, log_id),
        )

    assert report(1) == "marked_watched"
    assert report(1) == "already_watched"
    withdraw(conn, user, [log_id], "moved")
    assert report(2) == "marked_watched"
    assert episode_entry(conn, show, 1, 1)["watched"] is False
    assert episode_entry(conn, show, 1, 2)["watched"] is True


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    viewings=st.lists(
        st.tuples(st.integers(1, 2), st.integers(0, 30).map(lambda n: n * 5), st.booleans()), min_size=1, max_size=8
    ),
    marks=st.lists(st.tuples(st.integers(1, 2), st.integers(0, 30).map(lambda n: n * 5), st.booleans()), max_size=4),
)
def test_it_ends_as_if_it_had_never_been_said(
    conn: Connection,
    make_user: MakeUser,
    make_show: MakeShow,
    viewings: list[tuple[int, int, bool]],
    marks: list[tuple[int, int, bool]],
) -> None:
    def watch(episode: int, minutes: int, log_id: int) -> None:
        conn.execute(
            "select mark_watched(%s, %s, 1, %s, null, 'viewing', %s, 'webhook', 'S1', p_log_id => %s)",
            (user, show, episode, AT + minutes * MINUTE, log_id),
        )

    def outcome() -> Any:
        assert_totals_are_a_recount(conn, show)
        live = conn.execute(
            """select episode, watched_at, voided_at from plays
               where tvshow_id = %s and (void_reason is null or void_reason = 'unmarked') order by 1, 2, 3""",
            (show,),
        ).fetchall()
        return live, show_row(conn, show)["seasons"]

    with conn.transaction(force_rollback=True):
        user = make_user()
        show = make_show(user, "Harbour Lights", seasons={1: 2}, runtime=20)
        logs = [receive(conn, user, scrobble("Unknown", episode=n + 1))["log_id"] for n in range(len(viewings))]
        outcomes = []
        for with_the_wrong_ones in (True, False):
            with conn.transaction(force_rollback=True):
                for (episode, minutes, wrong), log_id in zip(viewings, logs, strict=True):
                    if with_the_wrong_ones or not wrong:
                        watch(episode, minutes, log_id)
                for episode, minutes, watched in marks:
                    conn.execute(
                        "select set_watched(%s, %s, 1, %s, %s, %s)",
                        (user, show, episode, watched, AT + minutes * MINUTE),
                    )
                if with_the_wrong_ones:
                    wrong_ones = [log_id for (_, _, wrong), log_id in zip(viewings, logs, strict=True) if wrong]
                    assert withdraw(conn, user, wrong_ones) == len(wrong_ones)
                outcomes.append(outcome())
        assert outcomes[0] == outcomes[1]
