"""refold_said: plays, flags and totals follow from what was said, for every episode that the words are about."""

from __future__ import annotations

from collections.abc import Callable

from tests.conftest import Connection
from tests.scrobbles import AT
from tests.watch_state import assert_totals_are_a_recount, episode_entry, live_times, show_row

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def test_what_was_said_without_a_fold_is_folded(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user, seasons={0: 1, 1: 3}, runtime=20)
    ids = [
        row["id"]
        for season, episode in ((0, 1), (1, 2))
        for row in conn.execute(
            """insert into watch_events (user_id, tvshow_id, season, episode, kind, occurred_at, source)
               values (%s, %s, %s, %s, 'mark', %s, 'manual') returning id""",
            (user, show, season, episode, AT),
        )
    ]
    conn.execute("select refold_said(%s, %s, %s)", (user, show, ids))
    assert live_times(conn, show) == [AT, AT]
    assert [episode_entry(conn, show, *place)["watched"] for place in ((0, 1), (1, 2))] == [True, True]
    assert not episode_entry(conn, show, 1, 1).get("watched")
    assert show_row(conn, show)["watched_episodes"] == 2
    assert_totals_are_a_recount(conn, show)
