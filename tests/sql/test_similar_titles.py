"""similar_titles: what is proposed when no name decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Connection
from tests.watch_state import value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def proposed(
    conn: Connection, user_id: int, title: str, *, year: int | None = None, episode_year: int | None = None
) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = value(
        conn,
        "select similar_titles(%s, to_jsonb(a), %s, %s) as found from asked_names(%s, null) a",
        (user_id, year, episode_year, title),
    )
    return answer


@pytest.mark.parametrize(
    ("tracker", "plex", "reason"),
    [
        ("Lantern Islands", "Lantern Isands", "similar title"),
        ("CSI: Crime Scene Investigation", "CSI", 'its name contains "CSI"'),
        ("ER: Emergency Room", "ER", 'its name contains "ER"'),
        ("Lantern", "The Lantern of the Northern Coast", 'the title contains its name "lantern"'),
        ("Chronicle of Zarathul", "Songs for the king Zarathul and his men", 'both names have "zarathul"'),
        ("Video Game High School", "VGHS", "the title may be short for its name"),
        ("Harbour Patrol: Rescue Unit", "Harbour Patrol RU", "the title may be short for its name"),
        ("Hataraku Maou-sama!", "はたらく魔王さま!", "similar title"),
    ],
)
def test_it_says_why_a_show_is_proposed(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, tracker: str, plex: str, reason: str
) -> None:
    user = make_user()
    show = make_show(user, tracker)
    make_show(user, "Something unrelated")
    found = proposed(conn, user, plex)
    assert (found[0]["tvshow_id"], found[0]["reason"]) == (show, reason)
    assert 0 < found[0]["score"] <= 0.55


@pytest.mark.parametrize("word", ["Isle", "Harbour"])
def test_contained_means_whole_words(conn: Connection, make_user: MakeUser, make_show: MakeShow, word: str) -> None:
    user = make_user()
    conn.execute("update settings set propose_similarity = 0.9 where user_id = %s", (user,))
    shows = [make_show(user, name) for name in (f"{word} of Long Grey Days", f"Grey {word} Days", f"Long Grey {word}")]
    make_show(user, f"{word}s of the Day")
    make_show(user, f"Grey Un{word} Day")
    assert {c["tvshow_id"] for c in proposed(conn, user, word)} == set(shows)


def test_a_show_of_the_very_year_comes_first_and_may_be_half_as_alike(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    later = make_show(user, "Lantern Islands", year=2020)
    earlier = make_show(user, "Lantern Islands", year=1990)
    assert [c["tvshow_id"] for c in proposed(conn, user, "Lantern Island", year=1990)] == [earlier, later]
    assert [c["tvshow_id"] for c in proposed(conn, user, "Lantern Island", episode_year=1991)] == [earlier, later]
    half = make_show(user, "Pokemon Origins", year=2013)
    assert proposed(conn, user, "Pocket Monsters: The Origin") == []
    assert [c["tvshow_id"] for c in proposed(conn, user, "Pocket Monsters: The Origin", year=2013)] == [half]


def test_year_and_country_propose_a_show_that_is_known_by_a_translation_only(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, "Lesson for Life", year=2024, country="KR")
    make_show(user, "Elsewhere", year=2024, country="US")
    found = proposed(conn, user, "참교육", year=2024)
    assert [c["tvshow_id"] for c in found] == [show]
    assert proposed(conn, user, "참교육") == []
    for number in range(6):
        make_show(user, f"Drama {number}", year=2024, country="KR")
    assert proposed(conn, user, "참교육", year=2024) == []


def test_at_most_five_are_proposed_and_none_of_another_user(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    for number in range(8):
        make_show(user, f"Lantern Islands {number}")
    assert len(proposed(conn, user, "Lantern Islands")) == 5
    assert proposed(conn, make_user(), "Lantern Islands") == []
