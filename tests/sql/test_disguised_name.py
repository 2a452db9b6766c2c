"""disguised_name: a title and a name that are one to a reader, although no key says so."""

from __future__ import annotations

import pytest

from tests.conftest import Connection
from tests.watch_state import value


def disguised(conn: Connection, title: str, name: str) -> str | None:
    reason: str | None = value(
        conn,
        "select disguised_name(%(t)s, tracker.title_key(%(t)s), %(n)s, tracker.title_key(%(n)s)) as reason",
        {"t": title, "n": name},
    )
    return reason


@pytest.mark.parametrize(
    ("title", "name", "reason"),
    [
        ("Northern Sound, Harbour Lights", "Harbour Lights: Northern Sound", "same words in another order"),
        ("The Darned Lighthouse", "The D***ed Lighthouse (2017)", "same title but for hidden letters"),
        ("The D****d Lighthouse", "the darned lighthouse", "same title but for hidden letters"),
        ("Our Way In Norway", "Our Way In…", "same title, of which the tracker has the beginning"),
        ("Our Way In Norway", "Our Way In...", "same title, of which the tracker has the beginning"),
    ],
)
def test_it_says_what_hides_the_name(conn: Connection, title: str, name: str, reason: str) -> None:
    assert disguised(conn, title, name) == reason


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Night and Day", "Day and Night"),
        ("Sound and Sound and Light", "Light and Sound and Sound"),
        ("Harbour Lights Northern Sound", "Harbour Lights Northern Sounds"),
        ("Lights of the Northern Sound", "Lights of Northern Sound of"),
        ("The Dark Lighthouse", "The D***ed Lighthouse"),
        ("The D12ed Lighthouse", "The D**ed Lighthouse"),
        ("Mashed", "M*A*S*H*D"),
        ("Our Way", "Our Way In…"),
        ("Norway", "Norway"),
        ("Our Way Norway", "Our Way…"),
        ("Our Way In Norway", "Our Way In"),
    ],
)
def test_two_names_stay_two(conn: Connection, title: str, name: str) -> None:
    assert disguised(conn, title, name) is None


@pytest.mark.parametrize("sign", ["(", "[", "\\", "$", ".", "+", "?", "{2", "|"])
def test_signs_beside_asterisks_are_no_pattern(conn: Connection, sign: str) -> None:
    assert disguised(conn, f"The Darned {sign} Isle", f"The D***ed {sign} Isle") == "same title but for hidden letters"
    assert disguised(conn, "The Darned Isle", f"The D***ed{sign} Isle") is None
