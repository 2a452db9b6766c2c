"""tracker.title_key: the form of a title by which names are equal."""

from __future__ import annotations

import pytest

from tests.conftest import Connection
from tests.watch_state import value


def key(conn: Connection, title: str | None) -> str | None:
    answer: str | None = value(conn, "select tracker.title_key(%s) as key", (title,))
    return answer


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Émile", "emile"),
        ("Pokémon", "POKEMON"),
        ("Law & Order", "Law and Order"),
        ("S.W.A.T.", "SWAT"),
        ("M*A*S*H", "MASH"),
        ("Marvel's Agents of S.H.I.E.L.D.", "Marvels Agents of SHIELD"),
        ("Bob’s Burgers", "Bobs Burgers"),
        ("Grey`s Anatomy", "Grey's Anatomy"),
        ("The  Office ", "the office"),
        ("Star Trek: Picard", "Star Trek - Picard"),
        ("Spider-Man", "spider man"),
        ("SPY×FAMILY", "SPYxFAMILY"),
        ("ＦＵＬＬ ＷＩＤＴＨ", "full width"),
        ("Rocky Ⅱ", "Rocky II"),
        ("Thing™", "thingtm"),
        ("𝐁old", "bold"),
        ("İstanbul", "istanbul"),
        ("ガンダム", "カ\u3099ンタ\u3099ム"),
    ],
)
def test_two_ways_to_write_one_name_are_equal(conn: Connection, one: str, other: str) -> None:
    assert key(conn, one) == key(conn, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("進撃の巨人", "鋼の錬金術師"),
        ("ハ", "バ"),
        ("Dark", "Dark Matter"),
        ("The 100", "The 1000"),
        ("Girlfriend", "Girlfriend, Girlfriend"),
        ("Night and Day", "Day and Night"),
        ("24", "25"),
        ("***", "???"),
    ],
)
def test_different_names_stay_different(conn: Connection, one: str, other: str) -> None:
    assert key(conn, one) != key(conn, other)


@pytest.mark.parametrize("title", ["進撃の巨人", "Šílená", "Любовь", "אַבא", "سريع", "ปริศนา", "한국"])
def test_no_script_is_thrown_away(conn: Connection, title: str) -> None:
    assert key(conn, title) not in ("", None)


@pytest.mark.parametrize("title", ["***", "%%%", "…", "\\\\\\", "♥"])
def test_a_title_of_signs_only_is_kept_as_it_is(conn: Connection, title: str) -> None:
    assert key(conn, f" {title} ") == title


def test_nothing_has_no_key(conn: Connection) -> None:
    assert key(conn, None) is None


@pytest.mark.parametrize("title", ["a" * 1000, "a." * 500, " " * 999 + "x", "é" * 1000, "(" * 1000])
def test_a_long_title_takes_no_time_to_speak_of(conn: Connection, title: str) -> None:
    conn.execute("set local statement_timeout = '3s'")
    assert key(conn, title)
