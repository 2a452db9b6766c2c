"""long_parts: parts of a title that may be a name by themselves."""

from __future__ import annotations

import pytest

from tests.conftest import Connection
from tests.watch_state import value


def parts(conn: Connection, title: str) -> set[str]:
    return set(value(conn, "select long_parts(%s) as parts", (title,)) or [])


def test_what_three_words_or_more_follow_may_be_the_name(conn: Connection) -> None:
    assert "lanternislands" in parts(conn, "Lantern Islands: The Long Way Home")


@pytest.mark.parametrize("title", ["NCIS: Los Angeles", "Dark Matter", "Banshee: Origins", "Dark"])
def test_a_spin_off_is_not_taken_for_its_origin(conn: Connection, title: str) -> None:
    assert parts(conn, title) == set()


def test_a_name_in_another_script_is_a_part(conn: Connection) -> None:
    assert {"lantern", "灯台の島"} <= parts(conn, "Lantern 灯台の島")


@pytest.mark.parametrize("title", [None, "", "***", "a " * 500])
def test_a_strange_title_is_no_error(conn: Connection, title: str | None) -> None:
    value(conn, "select long_parts(%s) as parts", (title,))
