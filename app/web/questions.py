"""Conflicts in short, for the front page: what is open, and what was answered a moment ago, with what came of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from app.services import Services
from app.tracker.conflicts import answered_events, list_conflicts
from app.tracker.paging import Row
from app.tracker.search import name_shows
from app.web import conflict_words

OPEN = 2
# As long as somebody may still want to take it back from here; its own page has Undo for days.
ANSWERED_FOR = timedelta(minutes=5)
BY_ITSELF = "auto"


def open_questions(services: Services, user_id: int) -> list[dict[str, Any]]:
    """The newest open ones, each with the show that it most likely is, if one is likelier than the others."""
    rows = list_conflicts(services, user_id, limit=OPEN).rows
    likeliest = {row["id"]: _likeliest(row["potential_matches"]) for row in rows}
    ids = {show["tvshow_id"] for show in likeliest.values() if show is not None} - {None}
    ours = name_shows(services, user_id, ids)
    return [
        row
        | {
            "question": conflict_words.question_of(row),
            "waiting": conflict_words.waiting_of(row),
            "likeliest": show and {"poster_path": None} | show | _poster_of(ours.get(show["tvshow_id"])),
        }
        for row in rows
        for show in (likeliest[row["id"]],)
    ]


def just_answered(services: Services, user_id: int) -> list[dict[str, Any]]:
    """What the user answered within the last minutes, with what became of the events that waited."""
    since = datetime.now(UTC) - ANSWERED_FOR
    rows = [
        row
        for row in list_conflicts(services, user_id, resolved=True, limit=OPEN).rows
        if row["resolved_at"] > since and row["resolution_action"] != BY_ITSELF
    ]
    outcomes = answered_events(services, user_id, [row["id"] for row in rows])
    shows = name_shows(services, user_id, {row["resolved_tvshow_id"] for row in rows} - {None})
    return [
        row
        | {
            "answer": conflict_words.answer_of(row, shows.get(row["resolved_tvshow_id"])),
            "outcomes": conflict_words.outcomes_of(outcomes.get(row["id"], [])),
        }
        for row in rows
    ]


def _likeliest(candidates: list[Row]) -> Row | None:
    return candidates[0] if candidates and conflict_words.has_favourite(candidates) else None


def _poster_of(show: Row | None) -> dict[str, Any]:
    """The poster of a show of the tracker, under the name that templates look for."""
    return {"id": show["id"], "poster_path": show["poster_path"]} if show else {}
