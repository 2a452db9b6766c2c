"""tracker.split_title: what Plex appends to a show's name."""

from __future__ import annotations

import pytest

from tests.conftest import Connection
from tests.watch_state import one


@pytest.mark.parametrize(
    ("title", "base", "year", "country"),
    [
        ("Bob's Burgers", "Bob's Burgers", None, None),
        ("Euphoria (2019)", "Euphoria", 2019, None),
        ("Boss [2011]", "Boss", 2011, None),
        ("Shameless (US)", "Shameless", None, "US"),
        ("Ghosts (UK)", "Ghosts", None, "GB"),
        ("House of Cards (US) (2013)", "House of Cards", 2013, "US"),
        ("House of Cards (2013) (US)", "House of Cards", 2013, "US"),
        ("One Piece [tvdb-81797]", "One Piece", None, None),
        ("One Piece (1999) {tvdb-81797}", "One Piece", 1999, None),
        ("Bleach [tvdb4-74796]", "Bleach", None, None),
        ("Dark {tmdbid=70523}", "Dark", None, None),
        ("Lost [imdb-tt0411008]", "Lost", None, None),
        ("進撃の巨人 (2013)", "進撃の巨人", 2013, None),
        ("  Dark  ", "Dark", None, None),
    ],
)
def test_year_country_and_id_come_off_the_end(
    conn: Connection, title: str, base: str, year: int | None, country: str | None
) -> None:
    row = one(conn, "select * from tracker.split_title(%s)", (title,))
    assert row == {"base": base, "year": year, "country": country}


@pytest.mark.parametrize(
    "title",
    [
        "(2016)",
        "1923",
        "The 100",
        "Beverly Hills, 90210",
        "(500) Days",
        "Class of (1899)",
        "Catch-22",
        "The It Crowd (us)",
        "Numb3rs (season 2)",
        "",
    ],
)
def test_what_is_part_of_the_name_stays(conn: Connection, title: str) -> None:
    row = one(conn, "select * from tracker.split_title(%s)", (title,))
    assert row == {"base": title, "year": None, "country": None}


def test_only_the_last_year_is_taken(conn: Connection) -> None:
    row = one(conn, "select * from tracker.split_title('Show (1990) (2004)')")
    assert row == {"base": "Show (1990)", "year": 2004, "country": None}


def test_no_title_gives_nothing(conn: Connection) -> None:
    assert one(conn, "select * from tracker.split_title(null)") == {"base": None, "year": None, "country": None}


@pytest.mark.parametrize("title", [" " * 1000, "(" * 1000, "x" * 990 + "[tvdb-1", "[" + " " * 998 + "]"])
def test_a_hostile_title_takes_no_time_to_speak_of(conn: Connection, title: str) -> None:
    conn.execute("set local statement_timeout = '3s'")
    conn.execute("select * from tracker.split_title(%s)", (title,))
