"""romaji: kana in Latin letters."""

from __future__ import annotations

import pytest

from tests.conftest import Connection
from tests.watch_state import value


@pytest.mark.parametrize(
    ("key", "latin"),
    [
        ("はたらく", "hataraku"),
        ("キャプテン", "kyaputen"),
        ("がっこう", "gakkou"),
        ("ライダー", "raida"),
        ("魔王さま", "sama"),
        ("dragon ボール z", "dragon boru z"),
        ("", ""),
        ("進撃", ""),
    ],
)
def test_kana_are_read_and_what_cannot_be_read_becomes_a_space(conn: Connection, key: str, latin: str) -> None:
    assert value(conn, "select romaji(%s) as latin", (key,)) == latin
