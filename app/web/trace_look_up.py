"""The steps of a look-up in words: who was asked what, what came of it, and what was waited for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.web.sentence import Sentence, Step
from app.web.wording import foreign

LOOK_UP_METHODS = {
    "plex_lookup": "its ids, which your Plex server knows",
    "tmdb_lookup": "its ids, which TMDB knows",
    "tmdb_search": "name and year, by TMDB's search",
}

_WHO = {"plex": "your Plex server", "tmdb": "TMDB"}
_NEEDS = {
    "plex_show": "Your Plex server can tell which show it is.",
    "plex_document": "The show is not in the tracker. Your Plex server knows its episodes.",
    "tmdb_find": "TMDB can tell which show its ids belong to.",
    "tmdb_show": "TMDB can tell what else the show is known by.",
    "tmdb_search": "TMDB can be searched for the title.",
    "tmdb_document": "The show is not in the tracker. TMDB knows its episodes.",
    "refresh": "The episode may be new: the show has to be read anew.",
}
_NOT_ADDED = {
    "auto_add_off": "adding shows automatically is switched off",
    "personal_media": "home videos are not added",
    "deleted": "you deleted it",
    "not_tracked": "you chose not to track it",
    "similar_show": "a show in the tracker may be the same one",
}


def _look_up(step: Step) -> Sentence:
    kind = next(iter(step.get("needs") or {}), "")
    return Sentence("search", _NEEDS.get(kind, "It has to be looked up elsewhere."))


def _asked(step: Step) -> Sentence:
    who = _WHO.get(str(step.get("service")), "another server")
    what = foreign(str(step.get("what") or ""))
    if step.get("cached"):
        return Sentence("search", f"What {who} had said before: {what}.")
    problem = step.get("problem")
    took = f"{step.get('ms')} ms" + (", which is slow" if step.get("slow") else "")
    text = f"Asked {who}: {what}."
    return Sentence(
        "alert-triangle" if problem else "search", text, f"{problem} ({took})" if problem else f"In {took}."
    )


def _not_asked(step: Step) -> Sentence:
    return Sentence("plug-x", "Nobody was asked.", str(step.get("problem") or ""))


def _waits(step: Step) -> Sentence:
    who = _WHO.get(str(step.get("for")), "another server")
    if not step.get("asked"):
        return Sentence("hourglass", f"It waits for {who}, which is known not to answer.")
    return Sentence("hourglass", f"It waits for {who}.", f"Attempt {step.get('attempt')}.")


def _added(step: Step) -> Sentence:
    title = foreign(str(step.get("title") or ""))
    who = _WHO.get(str(step.get("from")), "another server")
    return Sentence("check", f"Added “{title}” to the tracker, from {who}.", f"{step.get('episodes')} episodes.")


def _added_meanwhile(_step: Step) -> Sentence:
    return Sentence("link", "The show was added meanwhile.")


def _not_added(step: Step) -> Sentence:
    title, year = foreign(str(step.get("title") or "")), step.get("year")
    why = _NOT_ADDED.get(str(step.get("why")), "it is not certain enough")
    return Sentence("zoom-question", f"It is “{title}”{f' ({year})' if year else ''}, and was not added: {why}.")


def _title_other_ids(_step: Step) -> Sentence:
    return Sentence("key", "A show in the tracker is called that, but its ids are another show's.")


def _refreshed(step: Step) -> Sentence:
    if step.get("gone"):
        return Sentence("refresh", "The show was to be read anew, and is not there any more.")
    parts: list[Any] = [f"{step.get('added') or 0} new"]
    parts += [f"{len(step[name])} {name}" for name in ("moved", "removed", "kept") if step.get(name)]
    return Sentence("refresh", "The show was read anew.", f"Episodes: {', '.join(parts)}.")


LOOK_UP_STEPS: dict[str, Callable[[Step], Sentence]] = {
    "look_up": _look_up,
    "asked": _asked,
    "not_asked": _not_asked,
    "waits": _waits,
    "added": _added,
    "added_meanwhile": _added_meanwhile,
    "not_added": _not_added,
    "title_other_ids": _title_other_ids,
    "refreshed": _refreshed,
}
