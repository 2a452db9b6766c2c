"""The trace of a log row in words: what was looked for, what was found, what was decided because of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from app.web.sentence import Sentence, Step
from app.web.trace_look_up import LOOK_UP_METHODS, LOOK_UP_STEPS
from app.web.wording import CONFLICTS, episode_code, foreign, reason_of, source_of, status_of

ID_NAMES = {"tmdb": "TMDB", "tvdb": "TVDB", "imdb": "IMDb", "anidb": "AniDB"}

METHODS = {
    "tmdb_id": "the same TMDB id",
    "tvdb_id": "the same TVDB id",
    "imdb_id": "the same IMDb id",
    "title": "the title",
    "title_year": "title and year",
    "title_near_year": "the title, and a year off by one",
    "title_country": "title and country",
    "title_episode_year": "the title, as the other show of that name started later",
    "manual": "your answer",
} | LOOK_UP_METHODS

RULES = {
    "offset": "Season and number are shifted.",
    "absolute": "The number counts through the seasons.",
    "to_absolute": "The tracker counts on from season to season.",
    "air_date": "The date decides.",
    "double": "The file holds several episodes.",
}

ANSWERS = {
    "select": "You named the show.",
    "create_new": "You had the show added.",
    "ignore": "You chose to ignore it this time.",
    "ignore_forever": "You chose to ignore this show for good.",
    "search_again": "It was searched for again.",
    "auto": "The question answered itself.",
}


def in_words(row: Mapping[str, Any]) -> list[Sentence]:
    """The steps of a log row, from its arrival to its outcome."""
    sentences = [Sentence("player-play", f"It came from {source_of(row['source'])}.", _what_came(row))]
    for step in row["trace"]:
        describe = _STEPS.get(str(step.get("step")), _unknown)
        sentences.append(describe(step))
    if row["status"] == "conflict" and row["potential_matches"] and not any(s.candidates for s in sentences):
        # A conflict over ids, or over a missing episode, keeps its candidates with the question only.
        sentences.append(_question(row))
    status = status_of(row["status"])
    sentences.append(Sentence(status.icon, f"{status.word}.", reason_of(row), tone=status.tone))
    return sentences


def _what_came(row: Mapping[str, Any]) -> str:
    code = episode_code(row.get("plex_season"), row.get("plex_episode"))
    title = row.get("plex_title")
    return " ".join(part for part in (foreign(title) if title else "", code) if part)


def _mapping(_step: Step) -> Sentence:
    return Sentence("link", "This Plex show is known: an earlier decision says which show it is.")


def _ids(step: Step) -> Sentence:
    ids = ", ".join(f"{ID_NAMES.get(name, name)} {value}" for name, value in (step.get("ids") or {}).items())
    found = step.get("found") or 0
    text = {0: "No show in the tracker has one of its ids.", 1: "One show in the tracker has its id."}.get(
        found, f"{found} shows in the tracker share its ids."
    )
    return Sentence("key", text, ids)


def _title(step: Step) -> Sentence:
    candidates = list(step.get("candidates") or [])
    text = f"Looked for the title “{foreign(str(step.get('title') or ''))}” among all names of your shows."
    verdict = str(step.get("verdict"))
    if verdict in METHODS:
        detail = f"One show fits by {METHODS[verdict]}."
    else:
        detail = {
            "multiple_matches": "Several shows fit, so none was taken.",
            "low_confidence": "What was found does not fit well enough to be taken.",
            "no_match": "Nothing like it was found.",
        }.get(verdict, "")
    return Sentence("search", text, detail, candidates)


def _title_taken(_step: Step) -> Sentence:
    return Sentence("link", "Another Plex show of this name is that show already, so the name alone does not decide.")


def _other_episode(step: Step) -> Sentence:
    title, year = foreign(str(step.get("title") or "")), str(step.get("air_date") or "")[:4]
    return Sentence(
        "link", f"The show of this name has “{title}” of {year} under this number, so it may be another show."
    )


def _mark(step: Step) -> Sentence:
    how = METHODS.get(str(step.get("method")))
    confidence = step.get("confidence")
    detail = ""
    if how is not None and confidence is not None:
        detail = f"Taken by {how}; confidence {float(confidence):.2f}."
    code = episode_code(step.get("season"), step.get("episode"))
    return Sentence("check", f"Found the episode {code}." if code else "Found the episode.", detail)


def _numbering(step: Step) -> Sentence:
    before = episode_code(step.get("season"), step.get("episode")) or "an episode"
    became = [part for part in step.get("became") or [] if part.get("season") is not None]
    after = " and ".join(filter(None, (episode_code(part.get("season"), part.get("episode")) for part in became)))
    kinds = dict.fromkeys(str((part.get("rule") or {}).get("kind")) for part in step.get("became") or [])
    detail = " ".join(RULES[kind] for kind in kinds if kind in RULES)
    if not after:
        return Sentence("route", f"A numbering rule is about {before}, but leads to no episode.", detail)
    return Sentence("route", f"By a numbering rule, {before} is {after}.", detail)


def _moved(step: Step) -> Sentence:
    places = [episode_code(part.get("season"), part.get("episode")) for part in step.get("became") or []]
    where = f", to {' and '.join(filter(None, places))}" if any(places) else ""
    return Sentence("link", f"Its mapping was corrected, and it was moved{where}.")


def _episode_missing(step: Step) -> Sentence:
    code = episode_code(step.get("season"), step.get("episode")) or f"aired {step.get('air_date') or 'then'}"
    return Sentence("zoom-question", f"The show has no episode {code}.")


def _duplicate(step: Step) -> Sentence:
    of = step.get("of")
    return Sentence("copy", "The same event was taken before.", log_id=of if isinstance(of, int) else None)


def _account(step: Step) -> Sentence:
    account = step.get("account")
    return Sentence(
        "user-circle",
        f"The account “{foreign(str(account))}” does not count here."
        if account
        else "The account does not count here.",
        "" if step.get("user") else "Plex marks it as somebody else's viewing.",
    )


def _server(_step: Step) -> Sentence:
    return Sentence("plug-x", "The server does not count here.")


def _resolved(step: Step) -> Sentence:
    return Sentence("help", ANSWERS.get(str(step.get("action")), "The question was answered."))


def _undone(_step: Step) -> Sentence:
    return Sentence("refresh", "You took the answer back.")


def _taken_back(_step: Step) -> Sentence:
    return Sentence("help", "You took an answer about this show back, so no rule decides it any more.")


def _show_deleted(_step: Step) -> Sentence:
    return Sentence("trash", "You deleted the show, so it was left out.")


def _show_returned(_step: Step) -> Sentence:
    return Sentence("arrow-back-up", "You brought the show back, so it waited for your answer again.")


def _replayed(step: Step) -> Sentence:
    return Sentence("refresh", f"It was decided again; before, it was: {status_of(str(step.get('was'))).word.lower()}.")


def _question(row: Mapping[str, Any]) -> Sentence:
    text = CONFLICTS.get(row.get("conflict_type") or "", "Needs your answer.")
    return Sentence(
        "help",
        text.removeprefix("Needs your answer: ").capitalize(),
        "",
        list(row["potential_matches"] or []),
    )


def _unknown(step: Step) -> Sentence:
    return Sentence("route", str(step.get("step", "a step")).replace("_", " ").capitalize() + ".")


_STEPS: dict[str, Callable[[Step], Sentence]] = {
    "mapping": _mapping,
    "ids": _ids,
    "title": _title,
    "title_taken": _title_taken,
    "other_episode": _other_episode,
    "mark": _mark,
    "numbering": _numbering,
    "moved": _moved,
    "episode_missing": _episode_missing,
    "duplicate": _duplicate,
    "account_not_tracked": _account,
    "server_not_tracked": _server,
    "resolved": _resolved,
    "replayed": _replayed,
    "undone": _undone,
    "taken_back": _taken_back,
    "show_deleted": _show_deleted,
    "show_returned": _show_returned,
} | LOOK_UP_STEPS
