"""tracker.spelled_out: words without spaces, numbers in words."""

from __future__ import annotations

import pytest

from tests.conftest import Connection
from tests.watch_state import value


@pytest.mark.parametrize(
    ("key", "spelled"),
    [
        ("planet earth ii", "planetearthtwo"),
        ("planet earth 2", "planetearthtwo"),
        ("dna2", "dnatwo"),
        ("24", "twentyfour"),
        ("20", "twenty"),
        ("the one hundred", "thehundred"),
        ("the 100", "thehundred"),
        ("lupin the 3rd", "lupinthethird"),
        ("90210", "90210"),
        ("007", "007"),
        ("malcolm x", "malcolmten"),
        ("x company", "xcompany"),
        ("v", "v"),
        ("rock n roll", "rockandroll"),
        ("doctor who", "drwho"),
        ("進撃の巨人", "進撃の巨人"),
        ("", ""),
    ],
)
def test_two_ways_to_write_a_number_or_word_become_one(conn: Connection, key: str, spelled: str) -> None:
    assert value(conn, "select tracker.spelled_out(%s) as spelled", (key,)) == spelled
