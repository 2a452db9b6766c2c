"""tracker.title_key: the form of a title by which names are equal."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

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
        ("Kiralık Aşk", "Kiralik Ask"),
        ("Straße", "Strasse"),
        ("@home", "At Home"),
        ("3%", "3 Percent"),
        ("Da\u00adrk\u200b", "Dark"),
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


LONGEST = ["\ufdfa" * 1000, "𝟘" * 1000, "ꙮ🎬" * 500, "ß" * 1000, "One " * 250, "x: " * 333]


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=80))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example("\u0345\u0301")
@example("S.W.A.T.s.")
@example("1%")
def test_a_key_is_its_own_key_and_every_other_one_can_be_made(conn: Connection, title: str) -> None:
    row = conn.execute(
        """select k.key, tracker.title_key(k.key) as again, tracker.spelling_key(%(title)s) as spelling,
                  tracker.core_key(%(title)s) as core, tracker.part_keys(%(title)s) as parts
           from (select tracker.title_key(%(title)s) as key) k""",
        {"title": title},
    ).fetchone()
    assert row is not None
    assert row["again"] == row["key"]
    assert None not in row.values()


@pytest.mark.parametrize("title", LONGEST)
def test_the_keys_of_the_longest_title_fit_into_their_indexes(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int], title: str
) -> None:
    conn.execute("set local statement_timeout = '10s'")
    make_show(make_user(), title[:1000])
