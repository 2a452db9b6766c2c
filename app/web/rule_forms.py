"""Numbering rules as forms ask for them: a form a kind, and the rule that its fields make."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from app.errors import Invalid
from app.services import Services
from app.tracker.episode_orders import rules_of_order
from app.tracker.numbering import Rule
from app.web import asked

MOST_IN_A_FILE = 30
MOST_SEASONS = 500

_ORDER = re.compile(r"[0-9A-Za-z]{1,40}", re.ASCII)


class Kind(NamedTuple):
    """One kind of rule.

    Attributes:
        name: what it is called.
        about: when it is the right one.
    """

    name: str
    about: str


KINDS: dict[str, Kind] = {
    "offset": Kind("Shifted", "A part of a season in Plex is another season, or has other numbers, in your tracker."),
    "absolute": Kind("Counted through", "Plex counts its episodes on and on; your tracker has seasons."),
    "to_absolute": Kind("By season", "Plex has seasons; your tracker counts on and on in one."),
    "double": Kind("Double episode", "One file in Plex holds several episodes: watching it marks each of them."),
    "air_date": Kind("By date", "The numbers say nothing: the day on which it aired decides."),
    "order": Kind("DVD and other orders", "Plex has the order of the DVDs, or another one that TMDB knows."),
}

# All that the forms ask for.
FIELDS = (
    "kind",
    "plex_season",
    "from_episode",
    "to_episode",
    "season",
    "first",
    "season_lengths",
    "first_episode",
    "last_episode",
    "episode_group",
)
_NOTHING: Rule = {
    "plex_season": None,
    "from_episode": 0,
    "to_episode": None,
    "season": None,
    "episode_offset": 0,
    "season_lengths": None,
    "first_episode": None,
    "last_episode": None,
}


def chosen_kind(values: Mapping[str, str]) -> str:
    """Which kind is asked for; a form that names none is about the first."""
    return asked.choice(values, "kind", tuple(KINDS))


def is_filled_in(values: Mapping[str, str]) -> bool:
    """Whether a form was sent, and not only its kind chosen."""
    return any(name in values for name in ("plex_season", "season_lengths", "episode_group"))


def asked_rules(services: Services, user_id: int, mapping_id: int, values: Mapping[str, str]) -> dict[str, Any]:
    """What the form describes, as `save_rules` and `preview_rules` take it. TMDB is asked for an order, which it remembers.

    Raises:
        Invalid: the numbers do not fit.
        TellykeepError: there is no such order, or TMDB does not tell it.
    """
    kind = chosen_kind(values)
    if kind == "order":
        group = values.get("episode_group", "")
        if not _ORDER.fullmatch(group):
            raise Invalid("choose one of the orders")
        rules = rules_of_order(services, user_id, mapping_id, group)
        return {"rules": rules, "source": "tmdb_group", "replace": True}
    return {"rules": [_NOTHING | {"kind": kind} | _BY_KIND[kind](values)]}


def _offset(values: Mapping[str, str]) -> Rule:
    """From where to where in Plex, and where that begins in the tracker."""
    rule, first = _range(values), asked.whole_number(values, "first")
    season, start = asked.whole_number(values, "season"), asked.whole_number(values, "from_episode")
    if rule["plex_season"] is None or season is None or start is None or first is None:
        raise Invalid("the seasons and the first episode of both are needed")
    return rule | {"season": season, "episode_offset": first - start}


def _absolute(values: Mapping[str, str]) -> Rule:
    rule, first = _range(values), asked.whole_number(values, "first", at_least=1)
    offset = 0 if first is None else first - max(1, rule["from_episode"])
    if rule["to_episode"] is not None and rule["to_episode"] + offset < 1:
        raise Invalid("no episode is left to be counted")
    return rule | {"episode_offset": offset}


def _to_absolute(values: Mapping[str, str]) -> Rule:
    texts = re.findall(r"[^\s,;]+", values.get("season_lengths", ""))
    if not texts or len(texts) > MOST_SEASONS:
        raise Invalid("how many episodes have the seasons in Plex? Such as: 12, 13, 24")
    lengths = [asked.whole_number({"length of a season": text}, "length of a season", at_least=1) for text in texts]
    season = asked.whole_number(values, "season")
    return {"season": 1 if season is None else season, "season_lengths": lengths}


def _double(values: Mapping[str, str]) -> Rule:
    season = asked.whole_number(values, "plex_season")
    first, last = asked.whole_number(values, "first_episode"), asked.whole_number(values, "last_episode")
    if season is None or first is None or last is None:
        raise Invalid("the season, and the first and last episode of the file are needed")
    if not first < last < first + MOST_IN_A_FILE:
        raise Invalid(f"a file holds 2 to {MOST_IN_A_FILE} episodes, the first before the last")
    number = asked.whole_number(values, "from_episode")
    number = first if number is None else number
    if not first <= number <= last:
        raise Invalid("Plex calls the file by one of its episodes")
    return {
        "plex_season": season,
        "from_episode": number,
        "to_episode": number,
        "first_episode": first,
        "last_episode": last,
    }


def _range(values: Mapping[str, str]) -> Rule:
    """Which episodes of Plex; no season: all from 1."""
    first, last = asked.whole_number(values, "from_episode"), asked.whole_number(values, "to_episode")
    if last is not None and last < (first or 0):
        raise Invalid("the last episode comes before the first")
    return {
        "plex_season": asked.whole_number(values, "plex_season"),
        "from_episode": first or 0,
        "to_episode": last,
    }


_BY_KIND: dict[str, Callable[[Mapping[str, str]], Rule]] = {
    "offset": _offset,
    "absolute": _absolute,
    "to_absolute": _to_absolute,
    "double": _double,
    "air_date": _range,
}
