"""hama_rules: what the GUID of a show says of how HAMA numbers it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Connection
from tests.mapping_state import correct, map_to
from tests.scrobbles import receive, scrobble
from tests.watch_state import live_plays, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]
SHOW = "Harbour Lights"


def message(key: str, season: int = 1, episode: int = 1, *, title: str = SHOW, **changes: Any) -> dict[str, Any]:
    """A message of HAMA, such as `tvdb4-900100`."""
    agent = f"com.plexapp.agents.hama://{key}"
    guids = {"guid": f"{agent}/{season}/{episode}?lang=en", "grandparentGuid": f"{agent}?lang=en", "Guid": []}
    return scrobble(title, season, episode, **(guids | changes))


def rules(conn: Connection, mapping: int) -> list[tuple[str, int | None, int]]:
    rows = conn.execute(
        """select kind, plex_season, from_episode, source from plex_numbering_rules
           where mapping_id = %s order by kind, plex_season nulls first""",
        (mapping,),
    ).fetchall()
    assert {row["source"] for row in rows} <= {"hama"}
    return [(row["kind"], row["plex_season"], row["from_episode"]) for row in rows]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("tvdb-900100", []),
        ("tvdb2-900100", []),
        ("anidb2-17494", []),
        ("tsdb-800200", []),
        ("imdb-tt9000100", []),
        ("tvdb3-900100", [("absolute", None, 0)]),
        ("tvdb4-900100", [("absolute", None, 0)]),
        ("tvdb5-900100", [("air_date", None, 0)]),
        ("anidb-17494", [("absolute", None, 0), ("air_date", 0, 0)]),
        ("anidb3-17494", [("air_date", None, 101)]),
        ("anidb4-17494", [("air_date", None, 0)]),
    ],
)
def test_the_mode_in_the_guid_says_what_is_certain(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, key: str, expected: list[tuple[str, int | None, int]]
) -> None:
    user = make_user()
    mapping = map_to(conn, user, make_show(user, SHOW), message(key))
    assert rules(conn, mapping) == expected
    assert value(conn, "select has_rules from plex_show_mappings where id = %s", (mapping,)) is bool(expected)


def test_other_agents_have_no_such_modes(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    mapping = map_to(conn, user, make_show(user, SHOW), scrobble())
    assert rules(conn, mapping) == []


def test_absolute_numbers_under_an_arc_are_marked_where_they_belong(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, SHOW, seasons={1: 12, 2: 12}, tvdb_id=900100)
    event = receive(conn, user, message("tvdb4-900100", season=3, episode=16))
    assert (event["status"], event["tvshow_id"]) == ("success", show)
    assert [(play["season"], play["episode"]) for play in live_plays(conn, show)] == [(2, 4)]


def test_an_entry_of_anidb_called_as_the_show_is_its_first(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, SHOW, seasons={1: 12, 2: 12})
    receive(conn, user, message("anidb-17494", episode=3, title=f"{SHOW} [anidb-17494]"))
    receive(conn, user, message("anidb-17494", episode=14, title=f"{SHOW} [anidb-17494]"))
    assert [(play["season"], play["episode"]) for play in live_plays(conn, show)] == [(1, 3), (2, 2)]


def test_another_entry_of_anidb_is_asked_about_unless_a_date_settles_it(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    dated = [{"episodeNumber": n, "airDate": f"2025-04-0{n}"} for n in (1, 2)]
    show = make_show(
        user,
        SHOW,
        seasons=[{"seasonNumber": 1, "episodes": [{"episodeNumber": 1}]}, {"seasonNumber": 2, "episodes": dated}],
        titles=[{"title": f"{SHOW} II"}],
    )
    unknown = receive(conn, user, message("anidb-17500", episode=1, title=f"{SHOW} II"))
    assert (unknown["status"], unknown["tvshow_id"]) == ("conflict", show)
    certain = receive(
        conn, user, message("anidb-17500", episode=2, title=f"{SHOW} II", originallyAvailableAt="2025-04-02")
    )
    assert certain["status"] == "success"
    assert [(play["season"], play["episode"]) for play in live_plays(conn, show)] == [(2, 2)]


def test_with_another_show_the_name_is_compared_anew(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    first, other = make_show(user, SHOW), make_show(user, "Nightwatch")
    mapping = map_to(conn, user, first, message("anidb-17494"))
    correct(conn, user, mapping, other)
    assert rules(conn, mapping) == [("air_date", None, 0), ("air_date", 0, 0)]
    correct(conn, user, mapping, first)
    assert rules(conn, mapping) == [("absolute", None, 0), ("air_date", 0, 0)]
