"""export_show: a show with everything that belongs to it."""

from __future__ import annotations

from collections.abc import Callable

from tests.conftest import Connection
from tests.scrobbles import receive, scrobble
from tests.watch_state import value


def test_a_show_is_told_with_what_was_said_and_where_it_came_from(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user = make_user()
    show = make_show(user, "Harbour Lights", tmdb_id=900)
    receive(conn, user, scrobble())

    told = value(conn, "select export_show(%s, %s)", (user, show))

    assert (told["title"], told["tmdb_id"], told["watched_episodes"]) == ("Harbour Lights", 900, 1)
    assert len(told["mappings"]) == len(told["said"]) == len(told["plays"]) == 1
    for part in (told["said"][0], told["plays"][0]):
        assert (part["account"], part["mapping"]) == (1, 1)
        assert not {"id", "user_id", "log_id", "account_id", "mapping_id"} & part.keys()
    assert told["seasons"] == value(conn, "select seasons from tvshows where id = %s", (show,))


def test_somebody_elses_show_is_not_told(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    assert value(conn, "select export_show(%s, %s)", (make_user(), make_show(make_user()))) is None
