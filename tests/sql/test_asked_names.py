"""asked_names: the names under which a show is looked for."""

from __future__ import annotations

from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.watch_state import one


def asked(conn: Connection, title: str | None, others: list[str] | None = None) -> dict[str, Any]:
    return one(conn, "select * from asked_names(%s, %s)", (title, None if others is None else Jsonb(others)))


def test_year_and_country_are_taken_off(conn: Connection) -> None:
    (name,) = asked(conn, "Quiz Night (UK) (2016)")["names"]
    assert (name["base"], name["year"], name["country"], name["bare"]) == ("Quiz Night", 2016, "GB", "no")


@pytest.mark.parametrize(
    ("title", "year", "country", "bare"),
    [
        ("Quiz Night 2016", 2016, None, "sign"),
        ("Quiz Night US", None, "US", "sign"),
        ("Quiz Night Us", None, "US", "word"),
        ("quiz night us", None, "US", "slug"),
        ("Quiz Night 2016 US", 2016, "US", "sign"),
        ("Quiz Night US (2016)", 2016, "US", "sign"),
        ("Quiz Night 2016 (US)", 2016, "US", "sign"),
    ],
)
def test_without_brackets_they_are_a_second_name(
    conn: Connection, title: str, year: int | None, country: str | None, bare: str
) -> None:
    literal, stripped = asked(conn, title)["names"]
    assert literal["bare"] == "no"
    assert (stripped["key"], stripped.get("year"), stripped.get("country"), stripped["bare"]) == (
        "quiz night",
        year,
        country,
        bare,
    )


@pytest.mark.parametrize("title", ["the house of us", "between us", "songs for us"])
def test_us_behind_a_preposition_is_a_word(conn: Connection, title: str) -> None:
    assert [name["bare"] for name in asked(conn, title)["names"]] == ["no", "word"]


def test_a_second_year_or_country_is_a_part_of_the_name(conn: Connection) -> None:
    (name,) = asked(conn, "Class of 2007 (2023)")["names"]
    assert (name["base"], name["year"]) == ("Class of 2007", 2023)


def test_tv_in_brackets_may_be_left_out(conn: Connection) -> None:
    assert [name["base"] for name in asked(conn, "Quiz Night (TV)")["names"]] == ["Quiz Night (TV)", "Quiz Night"]
    assert [name["base"] for name in asked(conn, "Quiz Night TV")["names"]] == ["Quiz Night TV"]


def test_other_titles_and_what_is_behind_aka_are_asked_for_too(conn: Connection) -> None:
    names = asked(conn, "Quiz Night AKA Night of Questions", ["Quizabend"])["names"]
    assert {"quizabend", "quiz night", "night of questions"} < {name["key"] for name in names}


@pytest.mark.parametrize("title", [None, "", "   "])
def test_nothing_asks_for_nothing(conn: Connection, title: str | None) -> None:
    assert asked(conn, title)["names"] is None


def test_what_is_no_list_of_titles_is_no_error(conn: Connection) -> None:
    row = one(conn, "select * from asked_names('Dark', '{}')")
    assert [name["key"] for name in row["names"]] == ["dark"]


@pytest.mark.parametrize(
    "title", ["1 " * 500, "iv " * 330, "&amp;" * 200, "\ufdfa" * 1000], ids=lambda title: title[:3].strip()
)
def test_a_title_made_for_it_keeps_nobody_waiting(conn: Connection, title: str) -> None:
    """Every name is looked for under some forty keys: what is slow in one of them stops the database path for everybody."""
    conn.execute("set local statement_timeout = '1s'")
    assert asked(conn, title)["names"]
