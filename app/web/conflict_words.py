"""Questions and answers in words: what waits, what was answered, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.tracker.paging import Row
from app.web.wording import CONFLICTS, REASONS, episode_code, foreign, status_of

NAMED = 6

# What became of an event, as the heading of those events.
_OUTCOMES = {
    "marked_watched": "Marked watched",
    "rewatched": "Counted as a rewatch",
    "already_watched": "Known already, so nothing changed",
    "added_show": "Marked watched",
    "ignored_by_user": "Left out",
    "needs_user_input": "Waiting in another question",
    "needs_lookup": "Being looked up",
}


@dataclass(frozen=True)
class Outcome:
    """What became of some of the events.

    Attributes:
        icon, tone: how its status looks.
        what: "Marked watched".
        events: how many.
        which: "S01E01, S01E02 and 3 more".
        next_conflict_id: the question in which they wait now.
    """

    icon: str
    tone: str
    what: str
    events: int
    which: str
    next_conflict_id: int | None


def question_of(conflict: Mapping[str, Any]) -> str:
    """What is asked, without that it is asked."""
    text = CONFLICTS.get(conflict["conflict_type"], "Needs your answer: which show is it?")
    text = text.removeprefix("Needs your answer: ")
    return text[:1].upper() + text[1:]


def waiting_of(conflict: Mapping[str, Any]) -> str:
    """What waits: "3 episodes: S01E01, S01E02 and S01E03"."""
    held = conflict["held"]
    if not held:
        return "Nothing waits for it any more"
    known = conflict["held_episodes"]
    names = [_name(episode) for episode in known]
    events = sum(episode["events"] for episode in known)
    # Those beyond the first 20 are counted as events, not as episodes.
    more = held - events
    count = len(names) if not more else held
    noun = "viewing" if more else "episode"
    verb = "waits" if count == 1 else "wait"
    return f"{count} {noun}{'' if count == 1 else 's'} {verb}: {listed(names, len(names) + more)}"


def listed(names: list[str], count: int, *, longest: int = NAMED) -> str:
    """ "A, B and C"; of more than `longest` the first ones "and 5 more"."""
    if count <= longest and len(names) == count:
        return names[0] if count == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""
    shown = names[: longest - 1]
    return f"{', '.join(shown)} and {count - len(shown)} more"


def has_favourite(candidates: list[Any]) -> bool:
    """Whether the first candidate is likelier than the second: of equals none is put forward."""
    return len(candidates) < 2 or round(candidates[0]["score"], 2) > round(candidates[1]["score"], 2)


def outcomes_of(rows: Iterable[Row]) -> list[Outcome]:
    """What became of the events that an answered question held."""
    outcomes = []
    for row in rows:
        status = status_of(row["status"])
        action = row["action_taken"] or ""
        names = list(dict.fromkeys(_name(event) for event in row["first_events"]))
        several = row["events"] - len(row["first_events"])
        outcomes.append(
            Outcome(
                status.icon,
                status.tone,
                _OUTCOMES.get(action) or REASONS.get(action, status.word).rstrip("."),
                row["events"],
                listed(names, len(names) + several),
                row["next_conflict_id"],
            )
        )
    return outcomes


def answer_of(conflict: Mapping[str, Any], show: Mapping[str, Any] | None, outcomes: Sequence[Row]) -> str:
    """What was answered, as a sentence. `outcomes`: what became of the events of an answer."""
    name = named(show) if show else "a show that is gone"
    if conflict["resolution_action"] == "ignore" and conflict["conflict_type"] == "episode_missing" and not outcomes:
        return "You deleted the show. When you bring it back, this is asked again."
    return {
        "select": f"You chose {name}.",
        "create_new": f"You added {name}.",
        "ignore": "You left these episodes out. The next one asks again.",
        "ignore_forever": "You chose not to track this show.",
        "search_again": f"The search found {name}." if show else "The search settled it.",
        "auto": f"It settled itself: it is {name}." if show else "It settled itself.",
    }.get(conflict["resolution_action"] or "", "It was answered.")


def known_of(card: Mapping[str, Any], *, undone: bool) -> str | None:
    """That somebody was quicker with an answer, or with taking it back (`undone`); None where that is not what is wrong."""
    if not undone and card["resolved"]:
        return f"It was answered already, and nothing was done twice. {card['answer']}"
    if undone and not card["resolved"] and card["undone_at"]:
        return "The answer was taken back already, and nothing was done twice."
    return None


def likelihood_of(score: float) -> str:
    """A score from 0 to 1 in words."""
    for least, words in ((0.85, "Very likely"), (0.6, "Likely"), (0.4, "Perhaps")):
        if float(score) >= least:
            return words
    return "Hardly"


def put_forward(card: Mapping[str, Any]) -> str:
    """The answer that one press confirms, as a form carries it: `show-12`, `tmdb-345`, `lacking`; empty where there is none."""
    if card["lacking"]:
        return "lacking"
    if not card["potential_matches"] or not card["has_favourite"]:
        return ""
    best = card["potential_matches"][0]
    return f"show-{best['tvshow_id']}" if best["tvshow_id"] is not None else f"tmdb-{best['tmdb_id']}"


def named(show: Mapping[str, Any]) -> str:
    """Title and year of a show for the middle of a sentence."""
    year = f" ({show['year']})" if show.get("year") else ""
    return f"{foreign(show['title'])}{year}"


def undone(result: Mapping[str, Any]) -> str:
    """What came of taking an answer back."""
    withdrawn, held = result["withdrawn"], result["held"]
    parts = ["Taken back."]
    if withdrawn:
        parts.append(f"{withdrawn} {'viewing does' if withdrawn == 1 else 'viewings do'} not count any more.")
    if result["removed_tvshow_id"] is not None:
        parts.append("The show that you had added is gone again.")
    elif result["kept_tvshow_id"] is not None:
        parts.append("The show that you had added stays, because something else was done with it since.")
    if held:
        parts.append(f"{held} {'event waits' if held == 1 else 'events wait'} for your answer again.")
    return " ".join(parts)


def searched(result: Mapping[str, Any]) -> str:
    """What came of a new search that found no answer at once."""
    if result["outcomes"].get("needs_lookup"):
        return "Searched again: Plex or TMDB are being asked now. Load this page again in a moment."
    if result["resolved"]:
        return "Searched again, and found."
    return "Searched again. It is still not certain which show it is."


def _name(episode: Mapping[str, Any]) -> str:
    code = episode_code(episode["season"], episode["episode"])
    return code or str(episode.get("air_date") or "an episode without a number")
