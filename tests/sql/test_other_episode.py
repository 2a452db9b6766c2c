"""other_episode: a show of the same name whose episodes are others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.scrobbles import receive, scrobble
from tests.watch_state import conflict_row, log_row, one, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]
NAME = "Harbour Lights"
SAID = {"season": 1, "episode": 2, "air_date": "2024-05-08", "title": "The Long Way Down"}


def seasons(title: str | None = "Fog over the Bay", air_date: str | None = "2015-06-12") -> list[dict[str, Any]]:
    episode = {"episodeNumber": 2, "title": title, "airDate": air_date, "runtime": 43}
    return [{"seasonNumber": number, "episodes": [episode]} for number in (0, 1)]


def found(conn: Connection, show: int, **said: Any) -> dict[str, Any]:
    return one(conn, "select * from other_episode(%s, %s)", (show, Jsonb(SAID | said)))


def test_what_aired_years_apart_under_another_name_is_another_episode(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    show = make_show(make_user(), NAME, seasons=seasons())
    row = found(conn, show)
    assert (str(row["air_date"]), row["title"]) == ("2015-06-12", "Fog over the Bay")


@pytest.mark.parametrize(
    "said",
    [
        {"air_date": "2015-06-14"},
        {"air_date": "2016-11-01"},
        {"air_date": None},
        {"title": "Fog Over The Bay"},
        {"title": "Fog over the bay (1)"},
        {"title": "Episode 2"},
        {"title": None},
        {"season": 0},
        {"episode": 3},
        {"episode": None},
    ],
    ids=str,
)
def test_what_does_not_say_both_says_nothing(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, said: dict[str, Any]
) -> None:
    show = make_show(make_user(), NAME, seasons=seasons())
    assert found(conn, show, **said)["air_date"] is None


@pytest.mark.parametrize(("title", "air_date"), [("Episode Two", "2015-06-12"), (None, "2015-06-12"), ("Fog", None)])
def test_a_tracker_that_does_not_know_the_episode_says_nothing(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, title: str | None, air_date: str | None
) -> None:
    show = make_show(make_user(), NAME, seasons=seasons(title, air_date))
    assert found(conn, show)["air_date"] is None


def of_the_remake(episode: int = 2) -> dict[str, Any]:
    return scrobble(NAME, 1, episode, title="The Long Way Down", originallyAvailableAt="2024-05-08", year=2024)


def test_a_remake_of_the_same_name_is_asked_about_and_not_marked(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, NAME, year=2015, seasons=seasons())
    asked = receive(conn, user, of_the_remake())
    assert (asked["status"], asked["action"]) == ("conflict", "needs_user_input")
    conflict = conflict_row(conn, asked["conflict_id"])
    assert conflict["conflict_type"] == "low_confidence"
    (candidate,) = conflict["potential_matches"]
    assert (candidate["tvshow_id"], candidate["score"]) == (show, 0.55)
    assert candidate["reason"] == "same title, but its episode of this number is of 2015"
    assert log_row(conn, asked["log_id"])["trace"][-1]["step"] == "other_episode"
    assert value(conn, "select watched_episodes from tvshows where id = %s", (show,)) == 0


def test_the_question_does_not_settle_itself_when_the_show_is_read_anew(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, NAME, year=2015, seasons=seasons())
    asked = receive(conn, user, of_the_remake())
    assert value(conn, "select settle_open_conflicts(%s, %s) as n", (user, show)) == 0
    remake = make_show(user, NAME, year=2024, seasons=seasons("The Long Way Down", "2024-05-08"))
    conn.execute("select settle_open_conflicts(%s, %s)", (user, remake))
    assert conflict_row(conn, asked["conflict_id"])["resolved"] is False


def test_an_answer_is_not_doubted(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user, NAME, year=2015, seasons=seasons())
    asked = receive(conn, user, of_the_remake())
    conn.execute("select * from resolve_conflict(%s, %s, 'select', %s)", (user, asked["conflict_id"], show))
    assert value(conn, "select watched_episodes from tvshows where id = %s", (show,)) == 1
    assert receive(conn, user, of_the_remake())["status"] == "duplicate"
