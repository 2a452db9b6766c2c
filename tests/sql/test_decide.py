"""decide: mapping, show-level ids, look-up, title, in this order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg.types.json import Jsonb

from tests import payloads
from tests.conftest import Connection
from tests.scrobbles import decision, receive, scrobble
from tests.watch_state import value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def decide(conn: Connection, user_id: int, message: dict[str, Any], *, has_tmdb: bool = False) -> dict[str, Any]:
    answer = value(conn, "select decide(%s, %s, %s) as answer", (user_id, Jsonb(decision(message)), has_tmdb))
    assert isinstance(answer, dict)
    return answer


def steps(answer: dict[str, Any]) -> list[str]:
    return [step["step"] for step in answer["trace"]]


def test_a_mapping_comes_first_and_nothing_else_is_looked_at(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user(plex_token="00:00:00")
    other = make_show(user, "Other")
    message = payloads.legacy_thetvdb()
    tvdb = decision(message)["show_ids"]["tvdb"]
    make_show(user, payloads.SHOW, tvdb_id=tvdb)
    value(
        conn,
        "select map_show(%s, %s, %s, 1, 'manual') as id",
        (user, Jsonb(decision(message)), other),
    )
    answer = decide(conn, user, message, has_tmdb=True)
    assert (answer["verdict"], answer["tvshow_id"], steps(answer)) == ("mapped", other, ["mapping"])


def test_a_mapping_that_is_off_or_has_no_show_is_ignored(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    receive(conn, user, scrobble())
    conn.execute("update plex_show_mappings set sync_enabled = false where user_id = %s", (user,))
    answer = decide(conn, user, scrobble())
    assert (answer["verdict"], answer["reason"]) == ("ignored", "sync_disabled")
    conn.execute("select delete_show(%s, %s)", (user, show))
    conn.execute("update plex_show_mappings set sync_enabled = true where user_id = %s", (user,))
    assert decide(conn, user, scrobble())["verdict"] == "ignored"


def test_ids_of_the_show_come_before_look_up_and_title(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user(plex_token="00:00:00")
    make_show(user, payloads.SHOW)
    tvdb = decision(payloads.legacy_thetvdb())["show_ids"]["tvdb"]
    by_id = make_show(user, "Under another name", tvdb_id=tvdb)
    answer = decide(conn, user, payloads.legacy_thetvdb(), has_tmdb=True)
    assert (answer["verdict"], answer["tvshow_id"]) == ("mapped", by_id)
    assert (answer["confidence"], answer["method"]) == (0.95, "tvdb_id")
    assert steps(answer) == ["ids"]


def test_ids_of_the_episode_are_never_taken_for_the_shows(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    ids = decision(scrobble("Nightwatch"))["episode_ids"]
    make_show(user, "A show whose ids are those of the episode", tmdb_id=ids["tmdb"], tvdb_id=ids["tvdb"])
    answer = decide(conn, user, scrobble("Nightwatch"))
    assert (answer["verdict"], answer["conflict_type"]) == ("conflict", "no_match")


def test_ids_that_point_to_two_shows_are_asked_about(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    message = payloads.legacy_thetvdb(grandparentTitle="Nightwatch {imdb-tt7654321}")
    make_show(user, "Nightwatch", tvdb_id=decision(message)["show_ids"]["tvdb"])
    make_show(user, "Nightwatch 2", imdb_id="tt7654321")
    answer = decide(conn, user, message, has_tmdb=True)
    assert (answer["verdict"], answer["conflict_type"]) == ("conflict", "multiple_matches")
    assert len(answer["candidates"]) == 2


def test_what_can_be_looked_up_waits_for_the_look_up(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user(plex_token="00:00:00")
    make_show(user, payloads.SHOW)
    answer = decide(conn, user, scrobble())
    assert answer["verdict"] == "pending"
    (step,) = answer["trace"]
    assert step["step"] == "look_up"
    assert step["needs"] == {"plex_show": decision(scrobble())["show_rating_key"]}
    answer = decide(conn, make_user(), scrobble(), has_tmdb=True)
    assert answer["verdict"] == "pending"
    assert set(answer["trace"][0]["needs"]) == {"tmdb_find"}


def test_with_nobody_to_ask_the_title_decides(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    answer = decide(conn, user, scrobble())
    assert (answer["verdict"], answer["tvshow_id"], answer["method"]) == ("mapped", show, "title")
    assert steps(answer) == ["title"]


def test_a_title_that_does_not_decide_is_a_question_with_candidates_and_reasons(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    make_show(user, "Harbour Lights: Aftermath")
    answer = decide(conn, user, scrobble())
    assert (answer["verdict"], answer["conflict_type"]) == ("conflict", "low_confidence")
    assert answer["candidates"][0]["reason"] == 'its name contains "Harbour Lights"'
    assert answer["trace"][0]["candidates"] == answer["candidates"]


def test_an_episode_without_a_title_of_its_show_is_asked_about(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    make_show(user, payloads.SHOW)
    answer = decide(conn, user, payloads.episode_without_guids(grandparentTitle=payloads.MISSING))
    assert (answer["verdict"], answer["conflict_type"]) == ("conflict", "no_match")


def test_a_remake_of_the_same_name_is_asked_about(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, year=1985)
    assert receive(conn, user, scrobble())["tvshow_id"] == show
    remake = scrobble(grandparentGuid="plex://show/of-the-remake", grandparentRatingKey="77")
    answer = decide(conn, user, remake)
    assert (answer["verdict"], answer["conflict_type"]) == ("conflict", "low_confidence")
    (candidate,) = answer["candidates"]
    assert (candidate["tvshow_id"], candidate["reason"]) == (
        show,
        "same title, but another Plex show is mapped to it",
    )
    named = scrobble(f"{payloads.SHOW} (1985)", grandparentGuid="plex://show/of-the-remake", grandparentRatingKey="77")
    assert decide(conn, user, named)["tvshow_id"] == show


def test_the_same_show_of_another_agent_or_server_is_no_remake(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    receive(conn, user, scrobble())
    for message in (
        payloads.legacy_thetvdb(grandparentRatingKey="77"),
        payloads.unmatched(Server={"uuid": "S2"}),
        payloads.episode_without_guids(Server={"uuid": "S2"}),
    ):
        assert decide(conn, user, message)["tvshow_id"] == show
