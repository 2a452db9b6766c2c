"""What a numbering rule that a form asks for would do to the real past."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg

from app.errors import TellykeepError, from_database
from app.services import Services
from app.tracker.episode_orders import list_orders
from app.tracker.numbering import preview_rules
from app.tracker.paging import Row
from app.upstream.errors import UpstreamError
from app.web import mapping_words
from app.web.rule_forms import FIELDS, asked_rules, is_filled_in

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


@dataclass(frozen=True)
class Orders:
    """The orders that TMDB has for the show of a mapping.

    Attributes:
        rows: `id`, `name`, `episodes`, `seasons` of each.
        problem: why there are none to choose from; empty otherwise.
    """

    rows: list[Row] = field(default_factory=list)
    problem: str = ""


def asked_preview(services: Services, user_id: int, mapping_id: int, values: Mapping[str, str]) -> RulePreview | None:
    """What the rule in an address would do; None when there is none in it. Writes nothing."""
    if not is_filled_in(values):
        return None
    given = {name: values[name] for name in FIELDS if name in values}
    try:
        asked = asked_rules(services, user_id, mapping_id, values)
        preview = preview_rules(services, user_id, mapping_id, **asked)
    except (TellykeepError, psycopg.Error) as error:
        return RulePreview(given, problem=_refusal(error))
    return RulePreview(
        given,
        moves=mapping_words.moved_of(preview, would=True),
        changes=[mapping_words.change_of(change) for change in preview["changes"][:SHOWN]],
        examples=[mapping_words.example_of(example) for example in preview["examples"]],
        more=max(0, len(preview["changes"]) - SHOWN),
    )


def asked_orders(services: Services, user_id: int, mapping_id: int) -> Orders:
    """The orders, asked of TMDB."""
    try:
        return Orders(list_orders(services, user_id, mapping_id))
    except TellykeepError as error:
        return Orders(problem=_refusal(error))


def _refusal(error: TellykeepError | psycopg.Error) -> str:
    """Why not, for people; a fault of ours or of the database is not told but raised."""
    refused = from_database(error) if isinstance(error, psycopg.Error) else error
    if refused is None or (refused.http_status >= 500 and not isinstance(refused, UpstreamError)):
        raise error
    return refused.message
