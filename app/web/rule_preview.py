"""A numbering rule as a form asks for it, and what it would do to the real past."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg

from app.errors import Invalid, TellykeepError, from_database
from app.services import Services
from app.tracker.numbering import Rule, preview_rules
from app.web import asked, mapping_words

FIELDS = ("plex_season", "from_episode", "to_episode", "season", "first")
SHOWN = 50


@dataclass(frozen=True)
class RulePreview:
    """What is asked for, and what would come of it.

    Attributes:
        given: the fields as they were typed.
        problem: why there can be no such rule; empty otherwise.
        moves: what would be moved, in one sentence.
        changes, examples: as `mapping_words` tells them.
        more: how many changes are not shown.
    """

    given: dict[str, str]
    problem: str = ""
    moves: str = ""
    changes: list[dict[str, Any]] = field(default_factory=list)
    examples: list[dict[str, Any]] = field(default_factory=list)
    more: int = 0


def asked_rule(values: Mapping[str, str]) -> Rule:
    """The rule of kind `offset` that the form describes: from where to where in Plex, and where that begins in the tracker.

    Raises:
        Invalid: the numbers do not fit.
    """
    plex_season, season = asked.whole_number(values, "plex_season"), asked.whole_number(values, "season")
    from_episode, to_episode = asked.whole_number(values, "from_episode"), asked.whole_number(values, "to_episode")
    first = asked.whole_number(values, "first")
    if plex_season is None or season is None or from_episode is None or first is None:
        raise Invalid("the seasons and the first episode of both are needed")
    if to_episode is not None and to_episode < from_episode:
        raise Invalid("the last episode comes before the first")
    return {
        "kind": "offset",
        "plex_season": plex_season,
        "from_episode": from_episode,
        "to_episode": to_episode,
        "season": season,
        "episode_offset": first - from_episode,
        "season_lengths": None,
        "first_episode": None,
        "last_episode": None,
    }


def asked_preview(services: Services, user_id: int, mapping_id: int, values: Mapping[str, str]) -> RulePreview | None:
    """What the rule in an address would do; None when there is none in it. Writes nothing."""
    if "plex_season" not in values:
        return None
    given = {name: values.get(name, "") for name in FIELDS}
    try:
        preview = preview_rules(services, user_id, mapping_id, [asked_rule(values)])
    except (TellykeepError, psycopg.Error) as error:
        refused = from_database(error) if isinstance(error, psycopg.Error) else error
        if refused is None or refused.http_status >= 500:
            raise
        return RulePreview(given, problem=refused.message)
    return RulePreview(
        given,
        moves=mapping_words.moved_of(preview, would=True),
        changes=[mapping_words.change_of(change) for change in preview["changes"][:SHOWN]],
        examples=[mapping_words.example_of(example) for example in preview["examples"]],
        more=max(0, len(preview["changes"]) - SHOWN),
    )
