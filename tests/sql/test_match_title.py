"""match_title: equal names decide, similar ones are asked about, and a year is weighed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.conftest import Connection
from tests.watch_state import one

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def match(
    conn: Connection,
    user_id: int,
    title: str | None,
    *,
    show_year: int | None = None,
    episode_year: int | None = None,
) -> dict[str, Any]:
    return one(conn, "select * from match_title(%s, %s, %s, %s)", (user_id, title, show_year, episode_year))


def candidates(row: dict[str, Any]) -> list[str]:
    return [candidate["title"] for candidate in row["candidates"]]


@pytest.mark.parametrize(
    ("tracker", "plex"),
    [
        ("進撃の巨人", "進撃の巨人"),
        ("Émile", "Emile"),
        ("MASH", "M*A*S*H"),
        ("M*A*S*H", "MASH"),
        ("S.W.A.T.", "SWAT"),
        ("S.W.A.T.", "S.W.A.T. (2017)"),
        ("Law & Order", "Law and Order"),
        ("Euphoria", "Euphoria (2019)"),
        ("One Piece", "One Piece [tvdb-81797]"),
        ("The Office (US)", "The Office (US)"),
        ("1923", "1923"),
        ("24", "24"),
        ("The 100", "the 100"),
        ("***", "***"),
    ],
)
def test_an_equal_name_without_a_known_year_is_the_show(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, tracker: str, plex: str
) -> None:
    user = make_user()
    show = make_show(user, tracker)
    make_show(user, "Something else")
    row = match(conn, user, plex)
    assert row["tvshow_id"] == show
    assert row["conflict_type"] is None
    assert Decimal("0.60") <= row["confidence"] <= Decimal("0.90")


def test_every_name_of_a_show_counts(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(
        user,
        "Attack on Titan",
        titles=[{"title": "進撃の巨人", "kind": "original"}, {"title": "Shingeki no Kyojin"}],
    )
    for name in ("Attack on Titan", "進撃の巨人", "shingeki no kyojin"):
        assert match(conn, user, name)["tvshow_id"] == show


@pytest.mark.parametrize(
    ("show_year", "confidence", "method"),
    [(2017, "0.90", "title_year"), (2018, "0.85", "title_near_year"), (None, "0.80", "title")],
)
def test_an_agreeing_year_makes_it_surer(
    conn: Connection,
    make_user: MakeUser,
    make_show: MakeShow,
    show_year: int | None,
    confidence: str,
    method: str,
) -> None:
    user = make_user()
    show = make_show(user, "Dark", year=2017)
    row = match(conn, user, "Dark", show_year=show_year)
    assert (row["tvshow_id"], row["confidence"], row["method"]) == (show, Decimal(confidence), method)


def test_another_year_is_a_reason_to_ask_not_to_exclude(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, "Ghosts", year=2019)
    for row in (match(conn, user, "Ghosts", show_year=2021), match(conn, user, "Ghosts (2021)")):
        assert row["tvshow_id"] is None
        assert row["conflict_type"] == "low_confidence"
        assert [c["tvshow_id"] for c in row["candidates"]] == [show]
        assert row["candidates"][0]["reason"] == "same title, but another year"


@pytest.mark.parametrize("episode_year", [2017, 2018, 2026])
def test_the_year_of_a_later_episode_excludes_nothing(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, episode_year: int
) -> None:
    user = make_user()
    show = make_show(user, "Emmerdale", year=1972)
    assert match(conn, user, "Emmerdale", episode_year=episode_year)["tvshow_id"] == show


def test_a_show_that_starts_after_the_episode_is_asked_about(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, "Battlestar Galactica", year=2004)
    row = match(conn, user, "Battlestar Galactica", episode_year=1979)
    assert (row["tvshow_id"], row["conflict_type"]) == (None, "low_confidence")
    assert row["candidates"][0]["tvshow_id"] == show
    assert "starts after" in row["candidates"][0]["reason"]


def test_two_shows_of_one_name_are_asked_about_with_the_likelier_first(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    later = make_show(user, "Battlestar Galactica", year=2004)
    earlier = make_show(user, "Battlestar Galactica", year=1978)
    row = match(conn, user, "Battlestar Galactica")
    assert (row["tvshow_id"], row["conflict_type"]) == (None, "multiple_matches")
    assert {c["tvshow_id"] for c in row["candidates"]} == {earlier, later}
    row = match(conn, user, "Battlestar Galactica", episode_year=1979)
    assert row["tvshow_id"] is None
    assert row["candidates"][0]["tvshow_id"] == earlier


@pytest.mark.parametrize(("show_year", "chosen"), [(2004, 2004), (2003, 2004), (1978, 1978), (1979, 1978)])
def test_of_two_shows_of_one_name_the_year_decides(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, show_year: int, chosen: int
) -> None:
    user = make_user()
    shows = {year: make_show(user, "Battlestar Galactica", year=year) for year in (2004, 1978)}
    assert match(conn, user, "Battlestar Galactica", show_year=show_year)["tvshow_id"] == shows[chosen]
    assert match(conn, user, f"Battlestar Galactica ({show_year})")["tvshow_id"] == shows[chosen]


def test_an_exact_year_wins_over_one_that_is_off_by_one_and_two_near_ones_are_asked_about(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    make_show(user, "Heist", year=2020)
    exact = make_show(user, "Heist", year=2021)
    assert match(conn, user, "Heist", show_year=2021)["tvshow_id"] == exact
    make_show(user, "Heist", year=2023)
    assert match(conn, user, "Heist", show_year=2022)["conflict_type"] == "multiple_matches"


def test_the_literal_name_wins_over_the_one_without_its_suffix(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    british = make_show(user, "Shameless", year=2004)
    american = make_show(user, "Shameless (US)", year=2011)
    assert match(conn, user, "Shameless (US)")["tvshow_id"] == american
    assert match(conn, user, "Shameless")["tvshow_id"] == british


def test_a_country_that_the_tracker_does_not_name_is_asked_about(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, "Shameless", year=2004)
    row = match(conn, user, "Shameless (US)")
    assert (row["tvshow_id"], row["conflict_type"]) == (None, "low_confidence")
    assert row["candidates"][0]["tvshow_id"] == show
    assert row["candidates"][0]["reason"] == 'same title without "(US)"'
    assert match(conn, user, "Shameless (US)", show_year=2004)["tvshow_id"] == show


@pytest.mark.parametrize(
    ("tracker", "plex"),
    [
        ("NCIS: Los Angeles", "NCIS"),
        ("Dark", "Dark Matter"),
        ("Dark Matter", "Dark"),
        ("The 100", "The 1000"),
        ("CSI: Crime Scene Investigation", "CSI"),
        ("Girlfriend, Girlfriend", "Girlfriend"),
        ("Day and Night", "Night and Day"),
        ("Marvel's The Punisher", "The Punisher"),
        ("Bobs Burger", "Bob's Burgers"),
    ],
)
def test_a_near_miss_is_asked_about_and_never_marked(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, tracker: str, plex: str
) -> None:
    user = make_user()
    show = make_show(user, tracker)
    make_show(user, "Unrelated")
    row = match(conn, user, plex, show_year=2016, episode_year=2017)
    assert (row["tvshow_id"], row["conflict_type"]) == (None, "low_confidence")
    assert [c["tvshow_id"] for c in row["candidates"]] == [show]
    assert 0 < row["candidates"][0]["score"] <= 0.55


def test_a_short_name_within_a_much_longer_one_is_no_match(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    make_show(user, "NCIS")
    assert match(conn, user, "NCIS: Los Angeles")["conflict_type"] == "no_match"


def test_the_right_show_is_mapped_beside_its_near_misses(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    for name in ("NCIS: Los Angeles", "NCIS: New Orleans", "Dark Matter", "The 1000"):
        make_show(user, name)
    for name in ("NCIS", "Dark", "The 100"):
        show = make_show(user, name)
        assert match(conn, user, name)["tvshow_id"] == show


def test_several_similar_names_are_multiple_matches_and_at_most_five(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    for place in ("Los Angeles", "New Orleans", "Sydney", "Hawaii", "Origins", "Tony & Ziva"):
        make_show(user, f"NCIS: {place}")
    row = match(conn, user, "NCIS")
    assert row["conflict_type"] == "multiple_matches"
    assert len(row["candidates"]) == 5
    scores = [c["score"] for c in row["candidates"]]
    assert scores == sorted(scores, reverse=True)


def test_nothing_like_it_is_no_match(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    make_show(user, "Dark")
    row = match(conn, user, "Bob's Burgers")
    assert (row["tvshow_id"], row["conflict_type"], row["candidates"]) == (None, "no_match", [])


@pytest.mark.parametrize("title", [None, "", "   ", "(US)", "%", "%%%", "___", "\\\\\\", "'; drop table users; --"])
def test_a_strange_title_is_no_error(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, title: str | None
) -> None:
    user = make_user()
    make_show(user, "Dark Matter")
    row = match(conn, user, title)
    assert (row["tvshow_id"], row["conflict_type"], row["candidates"]) == (None, "no_match", [])


def test_the_users_own_threshold_proposes_more_or_less(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    make_show(user, "Bobs Burger")
    conn.execute("update settings set propose_similarity = 0.9 where user_id = %s", (user,))
    assert match(conn, user, "Bob Burgers")["conflict_type"] == "no_match"
    conn.execute("update settings set propose_similarity = 0.2 where user_id = %s", (user,))
    assert match(conn, user, "Bob Burgers")["conflict_type"] == "low_confidence"


def test_a_deleted_show_and_another_users_show_are_not_found_or_proposed(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user, other = make_user(), make_user()
    show = make_show(user, "Dark")
    assert match(conn, other, "Dark")["conflict_type"] == "no_match"
    assert match(conn, other, "Darks")["candidates"] == []
    conn.execute("select delete_show(%s, %s)", (user, show))
    assert match(conn, user, "Dark")["conflict_type"] == "no_match"
    assert match(conn, user, "Darks")["candidates"] == []


def test_candidates_say_what_the_user_needs_to_choose(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, "Dark Matter", year=2015, tmdb_id=62816)
    (candidate,) = match(conn, user, "Dark")["candidates"]
    assert set(candidate) == {"tvshow_id", "tmdb_id", "title", "year", "score", "reason"}
    assert (candidate["tvshow_id"], candidate["tmdb_id"], candidate["year"]) == (show, 62816, 2015)
    assert candidate["reason"] == 'its name contains "Dark"'
