"""judge_name: how well one name of a show fits one that is asked for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.conftest import Connection
from tests.watch_state import one


def judge(
    conn: Connection,
    asked: str,
    name: str,
    *,
    start: int | None = None,
    countries: str | None = None,
    year: int | None = None,
    episode_year: int | None = None,
) -> dict[str, Any]:
    return one(
        conn,
        """select j.* from asked_names(%(asked)s, null) a
           cross join lateral jsonb_array_elements(a.names) with ordinality n(name, at)
           cross join lateral judge_name(
               n.name, %(name)s, tracker.title_key(%(name)s), tracker.spelling_key(%(name)s), tracker.core_key(%(name)s),
               tracker.part_keys(%(name)s), a.long_keys, %(start)s, %(countries)s, %(year)s, %(episode_year)s) j
           order by j.score desc nulls last limit 1""",
        {
            "asked": asked,
            "name": name,
            "start": start,
            "countries": countries,
            "year": year,
            "episode_year": episode_year,
        },
    )


@pytest.mark.parametrize(
    ("asked", "name", "year", "score"),
    [
        ("Lantern Isle", "Lantern Isle", 2015, "0.90"),
        ("Lantern Isle", "Lantern Isle", 2016, "0.85"),
        ("Lantern Isle", "Lantern Isle", None, "0.80"),
        ("Lanternisle", "Lantern Isle", 2015, "0.85"),
        ("Lanternisle", "Lantern Isle", 2014, "0.75"),
        ("Lanternisle", "Lantern Isle", None, "0.70"),
        ("Lantern Isle", "The Lantern Isle", 2015, "0.80"),
        ("Lantern Isle", "The Lantern Isle", 2016, "0.65"),
        ("Lantern Isle", "Marvel's Lantern Isle", 2015, "0.80"),
        ("Lantern Isle", "Lantern Isle: Homecoming", 2015, "0.70"),
    ],
)
def test_the_less_equal_a_name_is_the_more_its_year_must_agree(
    conn: Connection, asked: str, name: str, year: int | None, score: str
) -> None:
    row = judge(conn, asked, name, start=2015, year=year)
    assert (row["score"], row["fit"] < 4, row["method"] is not None) == (Decimal(score), True, True)


@pytest.mark.parametrize(
    ("asked", "name", "year"),
    [
        ("Lantern Isle", "Lantern Isle", 2018),
        ("Lantern Isle", "The Lantern Isle", None),
        ("Lantern Isle", "Marvel's Lantern Isle", None),
        ("Lantern Isle", "Marvel's Lantern Isle", 2016),
        ("Lantern Isle", "Lantern Isle (2015)", None),
        ("Lantern Isle", "Lantern Isle (US)", None),
        ("Lantern Isle (US)", "Lantern Isle", None),
    ],
)
def test_what_is_not_sure_is_a_reason_to_ask(conn: Connection, asked: str, name: str, year: int | None) -> None:
    row = judge(conn, asked, name, start=2015, year=year)
    assert row["fit"] >= 4
    assert row["score"] < Decimal("0.60")
    assert row["method"] is None


@pytest.mark.parametrize(("countries", "score"), [("GB", "0.80"), ("US,GB", "0.80"), ("US", "0.55"), (None, "0.55")])
def test_the_country_that_a_title_names_is_compared(conn: Connection, countries: str | None, score: str) -> None:
    row = judge(conn, "Lantern Isle (UK)", "Lantern Isle", start=2015, countries=countries)
    assert row["score"] == Decimal(score)


def test_a_word_that_may_be_a_country_counts_only_where_the_show_agrees(conn: Connection) -> None:
    for title in ("between us", "Isle Us"):
        name = title[:-3]
        assert judge(conn, title, name, start=2015, countries="CA")["level"] is None
        assert judge(conn, title, name, start=2015, countries="US")["level"] is None
        assert judge(conn, title, name, start=2015, countries="US", year=2015)["fit"] == 1
    assert judge(conn, "Lantern Isle UK", "Lantern Isle", start=2015, countries="GB")["method"] == "title_country"


def test_a_country_in_small_letters_is_less_sure_than_one_in_brackets(conn: Connection) -> None:
    row = judge(conn, "lantern isle us", "Lantern Isle", start=2015, countries="US")
    assert (row["score"], row["method"], row["reason"]) == (Decimal("0.70"), "title_country", "same title and country")
    assert judge(conn, "lantern isle us", "Lantern Isle", start=2015, countries="US", year=2018)["level"] is None
    assert judge(conn, "lantern isle us", "Lantern Isle", start=2015, countries="GB")["level"] is None
    assert judge(conn, "lantern isle us", "Lantern Isle", start=2015)["level"] is None


def test_a_year_without_brackets_counts_only_where_the_show_agrees(conn: Connection) -> None:
    assert judge(conn, "Lantern Isle 2049", "Lantern Isle", start=2015)["level"] is None
    assert judge(conn, "Lantern Isle 2049", "Lantern Isle", start=2015, year=2015)["level"] is None
    assert judge(conn, "Lantern Isle 2015", "Lantern Isle", start=2015)["method"] == "title_year"
    assert judge(conn, "Lantern Isle 2015 US", "Lantern Isle", start=2015, countries="GB")["level"] is None


def test_a_part_of_a_name_fits_with_the_very_year_only(conn: Connection) -> None:
    assert judge(conn, "Lantern Isle", "Lantern Isle: Homecoming", start=2015, year=2016)["level"] is None
    assert judge(conn, "Lantern Isle", "Lantern Isle: Homecoming", start=2015)["level"] is None
    assert judge(conn, "Lantern Isle: The Long Way Home", "Lantern Isle", start=2015, year=2015)["level"] == 3
    assert judge(conn, "NCIS: Los Angeles", "NCIS", start=2003, year=2003)["level"] is None


def test_an_episode_before_the_start_is_a_reason_to_ask(conn: Connection) -> None:
    assert judge(conn, "Dark", "Dark", start=2017, episode_year=2016)["fit"] == 6
    assert judge(conn, "Dark", "Dark", start=2017, episode_year=2017)["fit"] == 3


def test_another_name_does_not_fit(conn: Connection) -> None:
    assert judge(conn, "Dark", "Dark Matter", start=2015, year=2015)["level"] is None
