"""The history of a mapping in words: what was changed, by whom, and what it moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.tracker.paging import Row
from app.web.conflict_words import named
from app.web.mapping_words import method_of, moved_of, rule_of

# More rules than these are counted.
_NAMED_RULES = 3

_ICONS = {
    "found": "search",
    "answered": "help",
    "answer_undone": "arrow-back-up",
    "show_deleted": "trash",
    "show_returned": "plus",
    "undone": "arrow-back-up",
    "rules": "route",
}


@dataclass(frozen=True)
class Change:
    """One of them.

    Attributes:
        icon: name in the sprite.
        text: what was done, a sentence or two.
        moved: what it moved of the past; empty where that was left alone.
        at: when.
        undone_at: when it was taken back.
        can_be_undone: whether it is the one that can be.
        conflict_id: the question that it was the answer to.
    """

    icon: str
    text: str
    moved: str
    at: datetime
    undone_at: datetime | None
    can_be_undone: bool
    conflict_id: int | None


def shows_in(rows: list[Row]) -> set[int]:
    """Every show that these changes speak of."""
    ids = {row["became"]["tvshow_id"] for row in rows} | {(row["was"] or {}).get("tvshow_id") for row in rows}
    return {number for number in ids if number is not None}


def told(row: Mapping[str, Any], shows: Mapping[int, Row]) -> Change:
    """A stored change in words."""
    return Change(
        _ICONS.get(row["what"], "link"),
        _text(row, shows),
        moved_of(row["moved"]) if row["moved"] and row["moved"]["events"] else "",
        row["created_at"],
        row["undone_at"],
        row["can_be_undone"],
        row["conflict_id"],
    )


def _text(row: Mapping[str, Any], shows: Mapping[int, Row]) -> str:
    was, became = row["was"] or {}, row["became"]
    show = _show(became["tvshow_id"], shows)
    if row["what"] == "found":
        return (
            f"Found by {method_of(became['match_method'])}, with confidence {became['match_confidence']:.2f}: {show}."
        )
    if row["what"] == "answered":
        if became["tvshow_id"] is None:
            return "You answered that it is not to be tracked."
        return f"You answered that it is {show}."
    if row["what"] == "show_deleted":
        return f"You deleted {_show(was.get('tvshow_id'), shows)}, for which it stood."
    if row["what"] == "show_returned":
        return f"You added {show} again, and it came back."
    if row["what"] == "rules":
        return _rules(row)
    if row["what"] == "answer_undone":
        return f"You took an answer back. {_difference(was, became, show)}".strip()
    if row["what"] == "undone":
        return " ".join(filter(None, ("You took a change back.", _difference(was, became, show), _rules(row))))
    return _difference(was, became, show) or "You changed it."


def _difference(was: Mapping[str, Any], became: Mapping[str, Any], show: str) -> str:
    """What is different of show and state."""
    if was.get("tvshow_id") != became["tvshow_id"]:
        return f"It stands for {show}." if became["tvshow_id"] is not None else "It is not tracked."
    parts = []
    if was.get("sync_enabled") != became["sync_enabled"]:
        parts.append("Switched on." if became["sync_enabled"] else "Switched off.")
    if was.get("manually_confirmed") != became["manually_confirmed"]:
        parts.append("Confirmed." if became["manually_confirmed"] else "Not confirmed any more.")
    return " ".join(parts)


def _rules(row: Mapping[str, Any]) -> str:
    who = "" if row["by_user"] else " from the names of files"
    parts = []
    for name, verb in (("rules_added", "added"), ("rules_removed", "removed")):
        rules = row[name]
        if len(rules) > _NAMED_RULES:
            parts.append(f"{len(rules)} numbering rules {verb}{who}.")
        elif rules:
            parts.append(f"Rule {verb}{who}: {'; '.join(rule_of(rule) for rule in rules)}.")
    return " ".join(parts)


def _show(tvshow_id: int | None, shows: Mapping[int, Row]) -> str:
    show = shows.get(tvshow_id) if tvshow_id is not None else None
    return named(show) if show else "a show that is gone"
