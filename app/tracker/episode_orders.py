"""Other orders of a show's episodes (DVD, absolute …) at TMDB, made into numbering rules, so that marking needs no network."""

from __future__ import annotations

import re
from typing import Any

from app.errors import Unprocessable
from app.services import Services
from app.tmdb.client import need_tmdb
from app.tmdb.models import EpisodeGroup, EpisodeGroupPart
from app.tracker.mappings import get_mapping
from app.tracker.numbering import Rule
from app.tracker.paging import Row
from app.tracker.shows import get_show
from app.upstream.http import Step

_KINDS = {
    1: "original_air_date",
    2: "absolute",
    3: "dvd",
    4: "digital",
    5: "story_arc",
    6: "production",
    7: "tv",
}
_NUMBERED = re.compile(r"(\d{1,4})\s*$", re.ASCII)
_SPECIALS = re.compile(r"special|extra|bonus|\bova", re.IGNORECASE)


def list_orders(services: Services, user_id: int, mapping_id: int) -> list[Row]:
    """The orders that TMDB has for the show of a mapping.

    Raises:
        NotFound: there is no such mapping in this tracker.
        Unprocessable: it stands for no show, or for one without a TMDB id.
        UpstreamError: TMDB does not answer, or there is no key.
    """
    tmdb_id = _tmdb_id(services, user_id, mapping_id)
    steps: list[Step] = []
    return [
        {
            "id": group.id,
            "name": group.name,
            "kind": _KINDS.get(group.type or 0, "other"),
            "episodes": group.episode_count,
            "seasons": group.group_count,
        }
        for group in need_tmdb(services, user_id, steps).episode_groups(tmdb_id)
    ]


def rules_of_order(services: Services, user_id: int, mapping_id: int, group_id: str) -> list[Rule]:
    """The rules that turn the numbers of one of these orders into those of the tracker.

    Raises:
        as `list_orders`; Unprocessable also for an order of another show, and for one that nothing has to be changed for.
    """
    tmdb_id = _tmdb_id(services, user_id, mapping_id)
    steps: list[Step] = []
    client = need_tmdb(services, user_id, steps)
    if all(group.id != group_id for group in client.episode_groups(tmdb_id)):
        raise Unprocessable(
            "TMDB has no such order of this show", fields={"episode_group": "the id of an order of this show"}
        )
    rules = order_rules(client.episode_group(group_id))
    if not rules:
        raise Unprocessable(
            "this order numbers every episode as the tracker does",
            fields={"episode_group": "an order that differs from the usual one"},
        )
    return rules


def order_rules(group: EpisodeGroup) -> list[Rule]:
    """An order as ranges: as long as the numbers run alongside those of the tracker, one rule.

    Raises:
        Unprocessable: two of its parts have the same number.
    """
    rules: list[Rule] = []
    seen: set[int] = set()
    shift = _shift(group.groups)
    for part in group.groups:
        season = _season(part, shift)
        if season in seen:
            raise Unprocessable(
                "this order has two parts of one number, so it does not tell seasons",
                fields={"episode_group": "an order by seasons"},
            )
        seen.add(season)
        before: Rule | None = None
        for number, episode in enumerate(sorted(part.episodes, key=lambda e: e.order), start=1):
            offset = episode.episode_number - number
            if before is None or (before["season"], before["episode_offset"]) != (episode.season_number, offset):
                before = _offset(season, number, episode.season_number, offset)
                rules.append(before)
            before["to_episode"] = number
    return [rule for rule in rules if (rule["plex_season"], 0) != (rule["season"], rule["episode_offset"])]


def _offset(plex_season: int, first: int, season: int, offset: int) -> dict[str, Any]:
    return {
        "kind": "offset",
        "plex_season": plex_season,
        "from_episode": first,
        "to_episode": first,
        "season": season,
        "episode_offset": offset,
        "season_lengths": None,
        "first_episode": None,
        "last_episode": None,
    }


def _season(part: EpisodeGroupPart, shift: int) -> int:
    """ "Season 2", "Volume 2": what the name says; else "Specials" is 0, and the order of the parts decides."""
    numbered = _NUMBERED.search(part.name)
    if numbered is not None:
        return int(numbered[1])
    return 0 if _SPECIALS.search(part.name) else (part.order or 0) + shift


def _shift(parts: tuple[EpisodeGroupPart, ...]) -> int:
    """1 where parts without a number count from 0 and the first of them is not the specials."""
    return int(any(p.order == 0 and not _NUMBERED.search(p.name) and not _SPECIALS.search(p.name) for p in parts))


def _tmdb_id(services: Services, user_id: int, mapping_id: int) -> int:
    mapping = get_mapping(services, user_id, mapping_id)
    show = get_show(services, user_id, mapping["tvshow_id"]) if mapping["tvshow_id"] is not None else None
    if show is None or show["tmdb_id"] is None:
        raise Unprocessable("orders come from TMDB: the mapping needs a show, and the show a TMDB id")
    tmdb_id: int = show["tmdb_id"]
    return tmdb_id
