"""TMDB's other orders as numbering rules."""

from __future__ import annotations

from typing import Any

import pytest

from app.errors import Unprocessable
from app.tmdb.models import EpisodeGroup
from app.tracker.episode_orders import order_rules

Part = tuple[str, int, list[tuple[int, int]]]


def order(*parts: Part) -> EpisodeGroup:
    """Parts with the usual numbers of their episodes, in their order."""
    return EpisodeGroup.model_validate(
        {
            "id": "5acf93e6",
            "groups": [
                {
                    "name": name,
                    "order": place,
                    "episodes": [
                        {"season_number": season, "episode_number": episode, "order": n}
                        for n, (season, episode) in enumerate(episodes)
                    ],
                }
                for name, place, episodes in parts
            ],
        }
    )


def ranges(*parts: Part) -> list[tuple[Any, ...]]:
    names = ("plex_season", "from_episode", "to_episode", "season", "episode_offset")
    return [tuple(rule[name] for name in names) for rule in order_rules(order(*parts))]


def test_episodes_that_run_alongside_are_one_range_and_equal_numbers_none() -> None:
    first = ("Season 1", 1, [(1, 1), (1, 2), (1, 4), (1, 5), (1, 3)])
    second = ("Season 2", 2, [(1, 6), (1, 7), (2, 1), (2, 2)])
    assert ranges(first, second) == [(1, 3, 4, 1, 1), (1, 5, 5, 1, -2), (2, 1, 2, 1, 5), (2, 3, 4, 2, -2)]
    assert ranges(("Season 1", 1, [(1, 1), (1, 2)])) == []


def test_specials_are_season_0_in_both_directions() -> None:
    assert ranges(("Specials", 0, [(0, 3)]), ("Season 1", 1, [(0, 1), (1, 1)])) == [
        (0, 1, 1, 0, 2),
        (1, 1, 1, 0, 0),
        (1, 2, 2, 1, -1),
    ]


@pytest.mark.parametrize(
    ("names", "seasons"),
    [
        (("Season 3", "Season 4"), [3, 4]),
        (("Volume 1", "Volume 2"), [1, 2]),
        (("Fog", "Ferry"), [1, 2]),
        (("Bonus", "Ferry"), [0, 1]),
        (("OVA", "Ferry"), [0, 1]),
    ],
)
def test_the_name_of_a_part_tells_its_season_else_its_place(names: tuple[str, str], seasons: list[int]) -> None:
    parts = [(name, place, [(9, 9)]) for place, name in enumerate(names)]
    assert [found[0] for found in ranges(*parts)] == seasons


def test_an_order_whose_parts_are_no_seasons_is_refused() -> None:
    with pytest.raises(Unprocessable) as refused:
        order_rules(order(("Arc 1", 0, [(1, 1)]), ("Movie 1", 1, [(1, 2)])))
    assert list(refused.value.fields) == ["episode_group"]
