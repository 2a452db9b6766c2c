"""add_held_episodes: Plex knew them first."""

from __future__ import annotations

from collections.abc import Callable

from tests.conftest import Connection
from tests.scrobbles import receive, scrobble
from tests.watch_state import assert_totals_are_a_recount, episode_entry, refused, show_row, value


def test_what_the_show_lacks_is_added_and_named(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user, stranger = make_user(), make_user()
    logs = [
        receive(conn, user, scrobble(season=season, episode=episode, title=f"Title {episode}"))["log_id"]
        for season, episode in ((1, 1), (1, 3), (0, 0), (1, 3))
    ]
    show = make_show(user, "Another name", seasons={1: 2})
    added = value(conn, "select add_held_episodes(%s, %s, %s) as added", (user, show, logs))
    assert sorted(added) == [[0, 0], [1, 3]]
    assert episode_entry(conn, show, 1, 3)["title"] == "Title 3"
    assert episode_entry(conn, show, 1, 1)["title"] == "Episode 1"
    assert show_row(conn, show)["total_episodes"] == 4
    assert_totals_are_a_recount(conn, show)
    assert value(conn, "select add_held_episodes(%s, %s, %s) as added", (user, show, logs)) == []
    with refused(conn, "TK404"):
        conn.execute("select add_held_episodes(%s, %s, %s)", (stranger, show, logs))
