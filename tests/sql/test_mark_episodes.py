"""mark_episodes: a season, or all that comes before an episode, at once; take_back leaves no trace of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import Connection, season_documents
from tests.scrobbles import AT, receive, scrobble
from tests.watch_state import assert_totals_are_a_recount, episode_entry, live_plays, show_row, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def mark(
    conn: Connection,
    user: int,
    show: int,
    season: int,
    before: int | None = None,
    *,
    watched: bool = True,
    when: str = "now",
) -> list[int]:
    found: list[int] = value(
        conn, "select mark_episodes(%s, %s, %s, %s, %s, %s) as ids", (user, show, watched, season, before, when)
    )
    return found


def watched(conn: Connection, show: int) -> set[tuple[int, int]]:
    return {
        (season["seasonNumber"], episode["episodeNumber"])
        for season in show_row(conn, show)["seasons"]
        for episode in season["episodes"]
        if episode.get("watched")
    }


def test_a_season_is_marked_at_once_and_counted(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user, seasons={0: 2, 1: 3, 2: 2}, runtime=20)
    assert len(mark(conn, user, show, 1)) == 3
    assert watched(conn, show) == {(1, 1), (1, 2), (1, 3)}
    assert show_row(conn, show)["total_minutes"] == 60
    assert_totals_are_a_recount(conn, show)
    assert {(p["source"], p["episode"]) for p in live_plays(conn, show)} == {
        ("manual", 1),
        ("manual", 2),
        ("manual", 3),
    }


def test_all_before_an_episode_leaves_it_and_the_specials_out(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, seasons={0: 2, 1: 3, 2: 4, 3: 2})
    mark(conn, user, show, 2, 3)
    assert watched(conn, show) == {(1, 1), (1, 2), (1, 3), (2, 1), (2, 2)}


def test_before_a_special_are_only_specials(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user, seasons={0: 3, 1: 3})
    mark(conn, user, show, 0, 3)
    assert watched(conn, show) == {(0, 1), (0, 2)}


def test_what_has_not_aired_is_left_out_by_the_date_of_the_user(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user(timezone="Pacific/Kiritimati")
    here = datetime.now(UTC) + timedelta(hours=14)
    seasons = season_documents({1: 4})
    days = (here.date() - timedelta(days=1), here.date(), here.date() + timedelta(days=1))
    for episode, day in zip(seasons[0]["episodes"], days, strict=False):
        episode["airDate"] = day.isoformat()
    show = make_show(user, seasons=seasons)
    mark(conn, user, show, 1)
    assert watched(conn, show) == {(1, 1), (1, 2), (1, 4)}


def test_what_is_watched_keeps_its_date(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user, "Harbour Lights", seasons={1: 3})
    receive(conn, user, scrobble(episode=2))
    before = episode_entry(conn, show, 1, 2)["dateWatched"]
    assert len(mark(conn, user, show, 1)) == 2
    assert episode_entry(conn, show, 1, 2)["dateWatched"] == before
    assert len(live_plays(conn, show)) == 3


def test_the_evening_of_the_air_date_is_in_the_zone_of_the_user(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user(timezone="America/New_York")
    seasons = season_documents({1: 1})
    seasons[0]["episodes"][0]["airDate"] = date(2020, 7, 4).isoformat()
    show = make_show(user, seasons=seasons)
    mark(conn, user, show, 1, when="aired")
    assert episode_entry(conn, show, 1, 1)["dateWatched"] == "2020-07-05T00:00:00Z"


def test_unmarking_a_season_takes_every_viewing_of_it(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, "Harbour Lights", seasons={1: 3, 2: 1})
    for episode in (1, 2):
        receive(conn, user, scrobble(episode=episode, at=AT + timedelta(hours=episode)))
    mark(conn, user, show, 2)
    ids = mark(conn, user, show, 1, watched=False)
    assert len(ids) == 2
    assert watched(conn, show) == {(2, 1)}
    value(conn, "select take_back(%s, %s, %s) as ids", (user, show, ids))
    assert watched(conn, show) == {(1, 1), (1, 2), (2, 1)}
    assert_totals_are_a_recount(conn, show)


@pytest.mark.parametrize("season", [7, -1])
def test_a_season_that_is_not_there_is_refused(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, season: int
) -> None:
    user = make_user()
    show = make_show(user, seasons={1: 1})
    with pytest.raises(psycopg.DatabaseError) as caught:
        mark(conn, user, show, season)
    assert caught.value.sqlstate == "TK404"


def test_another_users_show_is_not_there(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    show = make_show(make_user(), seasons={1: 1})
    with pytest.raises(psycopg.DatabaseError) as caught:
        mark(conn, make_user(), show, 1)
    assert caught.value.sqlstate == "TK404"


STEPS = st.lists(
    st.tuples(st.sampled_from(("plex", "mark", "unmark")), st.integers(1, 3), st.integers(0, 300)), max_size=6
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, is_mark=st.booleans(), before=st.sampled_from((None, 1, 3)))
def test_taken_back_all_is_as_it_was(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, steps: Any, is_mark: bool, before: int | None
) -> None:
    user = make_user()
    show = make_show(user, "Harbour Lights", seasons={1: 3}, runtime=20)
    for what, episode, minutes in steps:
        at = AT + timedelta(minutes=minutes)
        if what == "plex":
            receive(conn, user, scrobble(episode=episode, at=at, viewCount=minutes))
        else:
            value(
                conn, "select action from set_watched(%s, %s, 1, %s, %s, %s)", (user, show, episode, what == "mark", at)
            )

    def state() -> Any:
        plays = [(p["season"], p["episode"], p["watched_at"], p["source"]) for p in live_plays(conn, show)]
        return show_row(conn, show)["seasons"], sorted(plays)

    earlier = state()
    ids = mark(conn, user, show, 1, before, watched=is_mark)
    later = state()
    assert (earlier == later) == (not ids)
    value(conn, "select take_back(%s, %s, %s) as ids", (user, show, ids))
    assert state() == earlier
    value(conn, "select say_again(%s, %s, %s) as ids", (user, show, ids))
    assert state() == later
    assert_totals_are_a_recount(conn, show)
