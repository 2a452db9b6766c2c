"""episode_runtimes: a show's episodes as a map."""

from __future__ import annotations

from collections.abc import Callable

from tests.conftest import Connection
from tests.watch_state import value


def test_every_episode_is_found_by_its_numbers(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    show = make_show(make_user(), seasons={0: 1, 12: 2}, runtime=21)
    found = value(conn, "select episode_runtimes(%s) as map", (show,))
    assert found == {
        f"{season}.{episode}": {"season": season, "episode": episode, "runtime": 21}
        for season, episode in ((0, 1), (12, 1), (12, 2))
    }


def test_a_show_without_episodes_or_none_at_all_has_none(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    show = make_show(make_user(), seasons=[{"seasonNumber": 1, "episodes": []}])
    assert value(conn, "select episode_runtimes(%s) as map", (show,)) == {}
    assert value(conn, "select episode_runtimes(null) as map") == {}
