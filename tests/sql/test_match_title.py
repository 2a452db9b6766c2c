"""match_title: equal names decide, similar ones are asked about, and a year is weighed."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.watch_state import one


def storable(text: str) -> str:
    """PostgreSQL stores neither NUL nor halves of a surrogate pair, and the API refuses them."""
    return "".join(sign for sign in text if sign != "\0" and not "\ud800" <= sign <= "\udfff")


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
    assert match(conn, user, "Battlestar Galactica", episode_year=2006)["conflict_type"] == "multiple_matches"
    # Shows are dated off by one at times: an episode of the year before proves nothing.
    assert match(conn, user, "Battlestar Galactica", episode_year=2003)["conflict_type"] == "multiple_matches"


def test_an_episode_from_before_the_other_show_of_the_name_leaves_one(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    make_show(user, "Battlestar Galactica", year=2004)
    earlier = make_show(user, "Battlestar Galactica", year=1978)
    row = match(conn, user, "Battlestar Galactica", episode_year=1979)
    assert (row["tvshow_id"], row["confidence"], row["method"]) == (earlier, Decimal("0.70"), "title_episode_year")


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


@pytest.mark.parametrize("show_year", [None, 2003, 2009])
def test_a_show_whose_name_begins_the_title_is_asked_about(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, show_year: int | None
) -> None:
    user = make_user()
    show = make_show(user, "NCIS", year=2003)
    row = match(conn, user, "NCIS: Los Angeles", show_year=show_year)
    assert (row["tvshow_id"], row["conflict_type"]) == (None, "low_confidence")
    assert [(c["tvshow_id"], c["reason"]) for c in row["candidates"]] == [(show, 'the title contains its name "ncis"')]


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


@pytest.mark.parametrize(
    ("tracker", "plex", "confidence"),
    [
        ("One-Punch Man", "Onepunchman", "0.85"),
        ("Planet Earth II", "Planet Earth 2", "0.85"),
        ("Marvel's The Punisher", "The Punisher", "0.80"),
        ("The Peripheral", "Peripheral", "0.80"),
        ("Agatha Christie's Poirot", "Poirot", "0.70"),
        ("Lantern Isle: Homecoming", "Lantern Isle", "0.70"),
        ("Lantern Isle", "Lantern Isle (UK) (2017)", "0.90"),
    ],
)
def test_a_name_that_is_written_otherwise_is_taken_when_the_year_agrees(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, tracker: str, plex: str, confidence: str
) -> None:
    user = make_user()
    show = make_show(user, tracker, year=2017)
    row = match(conn, user, plex, show_year=2017)
    assert (row["tvshow_id"], row["confidence"], row["method"]) == (show, Decimal(confidence), "title_year")


@pytest.mark.parametrize(
    ("tracker", "plex"),
    [("Marvel's The Punisher", "The Punisher"), ("The 100", "100"), ("The Peripheral", "Peripheral")],
)
@pytest.mark.parametrize("show_year", [None, 2010])
def test_without_the_year_an_article_or_a_studio_is_asked_about(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, tracker: str, plex: str, show_year: int | None
) -> None:
    user = make_user()
    show = make_show(user, tracker, year=2017)
    row = match(conn, user, plex, show_year=show_year)
    assert (row["tvshow_id"], row["conflict_type"]) == (None, "low_confidence")
    assert row["candidates"][0]["tvshow_id"] == show


def test_the_country_that_a_title_names_chooses_among_shows_of_one_name(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    british = make_show(user, "Shameless", year=2004, country="GB")
    american = make_show(user, "Shameless", year=2011, country="US")
    for title, show in (("Shameless (US)", american), ("Shameless (UK)", british), ("Shameless UK", british)):
        row = match(conn, user, title)
        assert (row["tvshow_id"], row["method"]) == (show, "title_country")
    assert match(conn, user, "Shameless")["conflict_type"] == "multiple_matches"
    assert match(conn, user, "Shameless (AU)")["conflict_type"] == "multiple_matches"


def test_a_country_in_small_letters_chooses_unless_a_show_is_called_so(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    make_show(user, "Shameless", year=2004, country="GB")
    american = make_show(user, "Shameless", year=2011, country="US")
    row = match(conn, user, "shameless us")
    assert (row["tvshow_id"], row["confidence"], row["method"]) == (american, Decimal("0.70"), "title_country")
    make_show(user, "Shameless", year=1999, country="US")
    assert match(conn, user, "shameless us")["conflict_type"] == "multiple_matches"
    literal = make_show(user, "Shameless Us", year=2020)
    assert match(conn, user, "shameless us")["tvshow_id"] == literal


@pytest.mark.parametrize(
    ("tracker", "plex"),
    [
        ("Harbour Lights x Northern Sound", "Northern Sound Harbour Lights x"),
        ("The End of the D***ted Isle", "The End of the Dratted Isle"),
        ("Jane Doe: Our Way In…", "Jane Doe: Our Way In Norway"),
    ],
)
def test_a_name_in_disguise_is_taken_in_the_very_same_year(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, tracker: str, plex: str
) -> None:
    user = make_user()
    show = make_show(user, tracker, year=2017)
    row = match(conn, user, plex, show_year=2017)
    assert (row["tvshow_id"], row["confidence"], row["method"]) == (show, Decimal("0.70"), "title_year")
    assert row["candidates"][0]["score"] == 0.70
    for year in (None, 2016, 2018):
        asked = match(conn, user, plex, show_year=year)
        assert (asked["tvshow_id"], asked["candidates"][0]["tvshow_id"]) == (None, show)
        assert asked["candidates"][0]["score"] <= 0.55
    conn.execute("update settings set map_confidence = 0.75 where user_id = %s", (user,))
    assert match(conn, user, plex, show_year=2017)["tvshow_id"] is None
    conn.execute("update settings set map_confidence = 0.60 where user_id = %s", (user,))
    make_show(user, tracker, year=2017)
    assert match(conn, user, plex, show_year=2017)["conflict_type"] == "multiple_matches"


def test_another_title_of_the_event_finds_the_show_and_may_contradict(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, "Attack on Titan")
    query = "select * from match_title(%s, '進撃の巨人', null, null, %s)"
    assert one(conn, query, (user, Jsonb(["Attack on Titan"])))["tvshow_id"] == show
    make_show(user, "進撃の巨人")
    assert one(conn, query, (user, Jsonb(["Attack on Titan"])))["conflict_type"] == "multiple_matches"


def test_of_two_shows_of_one_name_and_year_the_one_written_alike_is_taken(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    make_show(user, "Heist - Vault", year=2021)
    show = make_show(user, "Heist: Vault", year=2021)
    assert match(conn, user, "heist: vault", show_year=2021)["tvshow_id"] == show
    assert match(conn, user, "Heist Vault", show_year=2021)["conflict_type"] == "multiple_matches"


@pytest.mark.parametrize(("least", "is_taken"), [("0.60", True), ("0.80", True), ("0.85", False), ("1", False)])
def test_what_is_less_sure_than_the_user_wants_is_asked(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, least: str, is_taken: bool
) -> None:
    user = make_user()
    show = make_show(user, "Dark", year=2017)
    conn.execute("update settings set map_confidence = %s where user_id = %s", (least, user))
    row = match(conn, user, "Dark")
    assert (row["tvshow_id"] == show) is is_taken
    assert row["candidates"][0]["tvshow_id"] == show
    assert (row["conflict_type"] is None, row["confidence"] is None) == (is_taken, not is_taken)


@given(st.text(max_size=60))
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_a_show_is_found_by_whatever_it_is_called(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, title: str
) -> None:
    title = storable(title)
    assume(title.strip())
    user = make_user(secret=secrets.token_hex(8), username=secrets.token_hex(8))
    show = make_show(user, title, year=2015, seasons=[])
    row = match(conn, user, title, show_year=2015)
    assert row["tvshow_id"] == show
