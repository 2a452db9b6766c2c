"""Conflicts in short, for the front page: what is open, and what was answered a moment ago, with what came of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from app.services import Services
from app.tracker.conflicts import answered_events, list_conflicts
from app.tracker.paging import Row
from app.tracker.search import name_shows
from app.web import conflict_words

SHOWN = 2
LOOKED_AT = 20
# As long as somebody may still want to take it back from here; its own page has Undo for days.
ANSWERED_FOR = timedelta(minutes=5)
BY_ITSELF = "auto"
LACKING = "episode_missing"


def likely_questions(services: Services, user_id: int) -> list[dict[str, Any]]:
    """The newest open ones for which one show is likelier than every other: those that one touch can answer."""
    rows = list_conflicts(services, user_id, limit=LOOKED_AT).rows
    likely = [(row, show) for row in rows if (show := _likeliest(row)) is not None][:SHOWN]
    ours = name_shows(services, user_id, {show["tvshow_id"] for _, show in likely} - {None})
    return [
        row
        | {
            "waiting": conflict_words.waiting_of(row),
            "likeliest": {"poster_path": None} | show | _poster_of(ours.get(show["tvshow_id"])),
        }
        for row, show in likely
    ]


def just_answered(services: Services, user_id: int) -> list[dict[str, Any]]:
    """What the user answered within the last minutes, with what became of the events that waited."""
    since = datetime.now(UTC) - ANSWERED_FOR
    rows = [
        row
        for row in list_conflicts(services, user_id, resolved=True, limit=SHOWN).rows
        if row["resolved_at"] > since and row["resolution_action"] != BY_ITSELF
    ]
    outcomes = answered_events(services, user_id, [row["id"] for row in rows])
    shows = name_shows(services, user_id, {row["resolved_tvshow_id"] for row in rows} - {None})
    return [
        row
        | {
            "answer": conflict_words.answer_of(row, shows.get(row["resolved_tvshow_id"]), outcomes.get(row["id"], [])),
            "outcomes": conflict_words.outcomes_of(outcomes.get(row["id"], [])),
        }
        for row in rows
    ]


def _likeliest(conflict: Row) -> Row | None:
    """None as well where the show is known and lacks the episode: that is another question."""
    candidates: list[Row] = conflict["potential_matches"]
    if conflict["conflict_type"] == LACKING or not candidates or not conflict_words.has_favourite(candidates):
        return None
    return candidates[0]


def _poster_of(show: Row | None) -> dict[str, Any]:
    """The poster of a show of the tracker, under the name that templates look for."""
    return {"id": show["id"], "poster_path": show["poster_path"]} if show else {}
