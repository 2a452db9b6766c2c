"""Mappings and numbering rules in words, and what a change of them moved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.web.trace import METHODS
from app.web.wording import episode_code

# Of more seasons than these the lengths are not told.
_NAMED_LENGTHS = 12

NOT_TRACKED = {
    "ignored": "Not tracked: you chose to ignore it.",
    "show_deleted": "Not tracked: you deleted the show. Add it again, and the mapping comes back.",
    "switched_off": "Switched off: what comes is left out.",
}

SOURCES = {
    "user": "made by you",
    "answer": "from your answer to a question",
    "plex_file": "from the name of a file in Plex",
    "tmdb_group": "from an order at TMDB",
    "hama": "from what HAMA says of its numbers",
}


def not_tracked(mapping: Mapping[str, Any]) -> str:
    """Why its events are left out."""
    reason = mapping["not_tracked_because"]
    return NOT_TRACKED.get(reason, "Not tracked.") if reason else ""


def source_of(rule: Mapping[str, Any]) -> str:
    """Who says that a rule is so."""
    source = str(rule["source"])
    return SOURCES.get(source, source)


def why_of(mapping: Mapping[str, Any]) -> str:
    """How the mapping was found, for people."""
    return f"By {method_of(mapping['match_method'])}; confidence {float(mapping['match_confidence']):.2f}."


def method_of(method: str) -> str:
    """How a mapping was found: "the title"."""
    return METHODS.get(method, method.replace("_", " "))


def rule_of(rule: Mapping[str, Any]) -> str:
    """What a rule does: "S01E13 to S01E24 are S02E01 to S02E12"."""
    season, first, last = rule["plex_season"], rule["from_episode"], rule["to_episode"]
    kind = rule["kind"]
    if kind == "offset":
        offset, target = rule["episode_offset"], rule["season"]
        return f"{_range(season, first, last)} {_is(first, last)} {_range(target, first, last, offset)}"
    if kind == "double":
        return (
            f"The file of {episode_code(season, first)} holds"
            f" {episode_code(season, rule['first_episode'])} to {episode_code(season, rule['last_episode'])}"
        )
    if kind == "to_absolute":
        lengths = rule["season_lengths"]
        long = ", ".join(str(length) for length in lengths[:_NAMED_LENGTHS]) + (
            " …" if len(lengths) > _NAMED_LENGTHS else ""
        )
        return f"Plex's seasons ({long} episodes) count on in season {rule['season']} of your tracker"
    where = "Every season" if season is None else f"Season {season}"
    if first > 1 or last is not None:
        where = _range(season, first, last) if season is not None else f"{where}, {_numbers(first, last)}"
    if kind == "absolute":
        offset = rule["episode_offset"]
        number = f"the number {'plus' if offset > 0 else 'minus'} {abs(offset)}" if offset else "the number"
        return f"{where}: {number} counts through the seasons of your tracker"
    return f"{where}: the air date decides"


def moved_of(moves: Mapping[str, Any] | None, *, would: bool = False) -> str:
    """What a change moved of the past, or would move; empty when there is no past."""
    if moves is None or not moves["events"]:
        return "" if moves is None else "Nothing came through this mapping yet."
    events = moves["events"]
    parts = [
        f"{moves[name]} {words}"
        for name, words in (
            ("moved", "would move" if would else "moved"),
            ("marked", "would be marked" if would else "marked anew"),
            ("unchanged", "would stay" if would else "stayed"),
            ("unplaced", "would find no episode" if would else "found no episode"),
        )
        if moves[name]
    ]
    noun = "past event" if events == 1 else "past events"
    return f"Of {events} {noun}: {', '.join(parts)}."


def change_of(change: Mapping[str, Any]) -> dict[str, Any]:
    """One episode of Plex in a preview: what it counts for, and what it would."""
    return {
        "plex": episode_code(change["plex_season"], change["plex_episode"]) or "No number",
        "was": _places(change["was"]) or "nothing",
        "becomes": _places(change["becomes"]) or "no episode",
        "events": change["events"],
        "fits": bool(change["becomes"]),
    }


def example_of(example: Mapping[str, Any]) -> dict[str, Any]:
    """One coming episode in a preview: what it would be, and whether the show has it."""
    becomes = example["becomes"]
    return {
        "plex": episode_code(example["plex_season"], example["plex_episode"]),
        "becomes": _places(becomes) or "no episode",
        "titles": [place["title"] for place in becomes if place["title"]],
        "fits": bool(becomes) and all(place["known"] for place in becomes),
    }


def _places(places: list[Mapping[str, Any]]) -> str:
    return " and ".join(episode_code(place["season"], place["episode"]) for place in places)


def _is(first: int, last: int | None) -> str:
    return "is" if first == last else "are"


def _range(season: int, first: int, last: int | None, offset: int = 0) -> str:
    beginning = episode_code(season, first + offset)
    if last is None:
        return f"season {season}" if first + offset <= 1 and not offset else f"{beginning} and later"
    return beginning if first == last else f"{beginning} to {episode_code(season, last + offset)}"


def _numbers(first: int, last: int | None) -> str:
    return f"from {first} on" if last is None else f"{first} to {last}"
