"""`/api/plex/mappings/ID/rules`: how Plex's numbers become those of the tracker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Literal

import psycopg
from pydantic import Field, model_validator

from app.api import answers
from app.api.contract import api_blueprint, described
from app.api.fields import Body, Number, Query, Storable, Stripped, refuse
from app.errors import from_database
from app.security.access import current_identity
from app.services import services
from app.tracker import numbering as tracker
from app.tracker.episode_orders import list_orders, rules_of_order

blueprint = api_blueprint("numbering", __name__, "/api/plex")

MOST_RULES = 500
MOST_IN_A_FILE = 30

_Offset = Annotated[int, Field(ge=-100_000, le=100_000)]
_Length = Annotated[int, Field(ge=1, le=100_000)]

# What each kind is made of, besides where it applies. What is not named here says nothing for that kind.
_FIELDS_OF_KIND = {
    "offset": {"plex_season", "from_episode", "to_episode", "season", "episode_offset"},
    "absolute": {"plex_season", "from_episode", "to_episode", "episode_offset"},
    "to_absolute": {"season", "season_lengths", "episode_offset"},
    "air_date": {"plex_season", "from_episode", "to_episode"},
    "double": {"plex_season", "from_episode", "first_episode", "last_episode"},
}
_NEEDED_BY_KIND = {
    "offset": ("plex_season",),
    "to_absolute": ("season_lengths",),
    "double": ("plex_season", "first_episode", "last_episode"),
}


class NumberingRule(Body):
    """One rule. offset: Plex's `plex_season`, from `from_episode` to `to_episode`, is `season`, and `episode_offset` is
    added to the number. absolute: the number (with `episode_offset`) is counted through the tracker's seasons. to_absolute:
    Plex's seasons, of which the first are `season_lengths` long, count on through the tracker's `season`. air_date: the date
    decides. double: the file of `from_episode` holds `first_episode` to `last_episode`.
    """

    kind: Literal["offset", "absolute", "to_absolute", "air_date", "double"] = "offset"
    plex_season: Number | None = None
    from_episode: Number | None = None
    to_episode: Number | None = None
    season: Number | None = None
    episode_offset: _Offset = 0
    season_lengths: Annotated[list[_Length], Field(min_length=1, max_length=500)] | None = None
    first_episode: Number | None = None
    last_episode: Number | None = None

    def problem(self) -> tuple[str, str] | None:
        """The field that does not fit the others, and what was expected of it."""
        own = _FIELDS_OF_KIND[self.kind] | {"kind"}
        for name in NumberingRule.model_fields:
            if name not in own and name in self.model_fields_set and getattr(self, name) not in (None, 0):
                return name, f"not with the kind {self.kind}"
        for name in _NEEDED_BY_KIND.get(self.kind, ()):
            if getattr(self, name) is None:
                return name, f"a value is needed with the kind {self.kind}"
        first, last = self.from_episode or 0, self.to_episode
        if last is not None and last < first:
            return "to_episode", "no less than from_episode"
        if self.kind == "offset" and first + self.episode_offset < 0:
            return "episode_offset", "no less than takes from_episode to 0"
        if self.kind == "absolute" and last is not None and last + self.episode_offset < 1:
            return "episode_offset", "no less than takes to_episode to 1"
        if self.kind == "double" and self.first_episode is not None and self.last_episode is not None:
            if not self.first_episode < self.last_episode < self.first_episode + MOST_IN_A_FILE:
                return "last_episode", f"more than first_episode, and at most {MOST_IN_A_FILE} episodes"
            if self.from_episode is not None and not self.first_episode <= self.from_episode <= self.last_episode:
                return "from_episode", "one of the episodes of the file"
        return None

    def stored(self) -> dict[str, Any]:
        """With everything that a stored rule has."""
        rule = {name: getattr(self, name) for name in NumberingRule.model_fields}
        rule["from_episode"] = self.from_episode or 0
        if self.kind == "double":
            if self.from_episode is None:
                rule["from_episode"] = self.first_episode
            rule["to_episode"] = rule["from_episode"]
        elif self.kind == "offset" and self.season is None:
            rule["season"] = self.plex_season
        elif self.kind == "to_absolute" and self.season is None:
            rule["season"] = 1
        return rule


class Rules(NumberingRule):
    """A rule, several of them in `rules`, or an `episode_group`: the id of one of the show's orders at TMDB."""

    rules: Annotated[list[NumberingRule], Field(min_length=1, max_length=MOST_RULES)] | None = None
    episode_group: Annotated[str, Storable, Stripped, Field(pattern=r"^[0-9A-Za-z]{1,40}$")] | None = None

    @model_validator(mode="after")
    def _fit_together(self) -> Rules:
        alone = self.model_fields_set & set(NumberingRule.model_fields)
        if self.episode_group is not None:
            if alone or self.rules is not None:
                raise refuse("either this or rules", field="episode_group")
            return self
        if self.rules is not None and alone:
            raise refuse("in rules", field=min(alone))
        for number, rule in enumerate(self.rules or [self]):
            problem = rule.problem()
            if problem is not None:
                name, expected = problem
                raise refuse(expected, field=name if self.rules is None else f"rules.{number}.{name}")
        return self

    def stored(self) -> list[dict[str, Any]]:  # type: ignore[override] # one or several
        """All of them."""
        if self.rules is None:
            return [super().stored()]
        return [rule.stored() for rule in self.rules]


class RulesToSave(Rules):
    """Rules to keep. `apply_to_past`: what came before is moved too."""

    apply_to_past: bool = False


class RemoveQuery(Query):
    """apply_to_past: what came before goes by the rules that are left."""

    apply_to_past: bool = False


@blueprint.get("/mappings/<id:mapping_id>/rules")
@described("List the numbering rules of a mapping", answer=answers.NumberingRules)
def list_rules(mapping_id: int) -> dict[str, Any]:
    """All of them: there is no next page."""
    return {"rules": tracker.list_rules(services(), current_identity().user_id, mapping_id), "next": None}


@blueprint.post("/mappings/<id:mapping_id>/rules")
@described(
    "Add numbering rules to a mapping",
    description="A rule, or several in rules; they are added to those that are there."
    " No episode of Plex can have two. With apply_to_past everything that came through the mapping is moved to where"
    " it belongs now, also what waits for an answer, in one transaction.",
    body=RulesToSave,
    answer=answers.SavedRules,
    status=201,
    errors={422: "Two rules are about the same episode of Plex."},
    scope="write",
)
def add_rules(mapping_id: int, body: RulesToSave) -> dict[str, Any]:
    """The user's own word."""
    with _fields_as_given(body):
        saved = tracker.save_rules(
            services(),
            current_identity().user_id,
            mapping_id,
            **_asked(mapping_id, body),
            apply_to_past=body.apply_to_past,
        )
    return saved | {"next": None}


@blueprint.post("/mappings/<id:mapping_id>/rules/preview")
@described(
    "See what numbering rules would do",
    description="What adding these rules would move of the past, and what episodes would become. Nothing is written.",
    body=Rules,
    answer=answers.RulesPreview,
    errors={422: "Two rules are about the same episode of Plex."},
    scope="write",
)
def preview_rules(mapping_id: int, body: Rules) -> dict[str, Any]:
    """By the plan that a correction follows."""
    with _fields_as_given(body):
        return tracker.preview_rules(services(), current_identity().user_id, mapping_id, **_asked(mapping_id, body))


@blueprint.get("/mappings/<id:mapping_id>/rules/orders")
@described(
    "List the orders that TMDB has for the show of a mapping",
    description="DVD, absolute and other orders. The id of one is the episode_group of a request for rules.",
    answer=answers.EpisodeOrders,
    errors={422: "The show has no TMDB id, or no TMDB key is set.", 503: "TMDB does not answer."},
)
def list_episode_orders(mapping_id: int) -> dict[str, Any]:
    """Asked of TMDB."""
    return {"orders": list_orders(services(), current_identity().user_id, mapping_id), "next": None}


@blueprint.delete("/mappings/<id:mapping_id>/rules")
@described(
    "Remove all numbering rules of a mapping",
    query=RemoveQuery,
    answer=answers.SavedRules,
    scope="write",
)
def remove_rules(mapping_id: int, query: RemoveQuery) -> dict[str, Any]:
    """Then Plex's numbers are the tracker's."""
    return _remove(mapping_id, None, query)


@blueprint.delete("/mappings/<id:mapping_id>/rules/<id:rule_id>")
@described("Remove a numbering rule", query=RemoveQuery, answer=answers.SavedRules, scope="write")
def remove_rule(mapping_id: int, rule_id: int, query: RemoveQuery) -> dict[str, Any]:
    """One of them."""
    return _remove(mapping_id, rule_id, query)


def _asked(mapping_id: int, body: Rules) -> dict[str, Any]:
    """The rules that a request is about. An order of TMDB takes the place of the one that was there."""
    if body.episode_group is None:
        return {"rules": body.stored()}
    rules = rules_of_order(services(), current_identity().user_id, mapping_id, body.episode_group)
    return {"rules": rules, "source": "tmdb_group", "replace": True}


@contextmanager
def _fields_as_given(body: Rules) -> Iterator[None]:
    """The database speaks of `rules.0`, also where the request has one rule and no list.

    Raises:
        TellykeepError: what the database's error stands for.
    """
    try:
        yield
    except psycopg.Error as error:
        refused = from_database(error)
        if refused is None or body.rules is not None:
            raise
        refused.fields = {name.removeprefix("rules.0."): expected for name, expected in refused.fields.items()}
        raise refused from None


def _remove(mapping_id: int, rule_id: int | None, query: RemoveQuery) -> dict[str, Any]:
    identity = current_identity()
    left = tracker.remove_rules(services(), identity.user_id, mapping_id, rule_id, apply_to_past=query.apply_to_past)
    return left | {"next": None}
