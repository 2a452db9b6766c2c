"""What statuses and actions are called on every page: a word, an icon, a colour, the reason as a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.sync.trial import TRIAL


@dataclass(frozen=True)
class Status:
    """How a log status looks everywhere.

    Attributes:
        word: what people call it.
        icon: name in the sprite.
        tone: CSS class suffix (`tk-tone-…`), which sets the colour.
    """

    word: str
    icon: str
    tone: str


STATUSES: dict[str, Status] = {
    "success": Status("Watched", "check", "watched"),
    "conflict": Status("Conflict", "help", "conflict"),
    "failed": Status("Failed", "alert-triangle", "failed"),
    "pending": Status("Waiting", "hourglass", "waiting"),
    "ignored": Status("Ignored", "eye-off", "ignored"),
    "duplicate": Status("Duplicate", "copy", "duplicate"),
}

# action_taken -> why, for people.
REASONS: dict[str, str] = {
    "marked_watched": "Marked in the tracker.",
    "already_watched": "Belongs to a viewing that was known already; nothing changed.",
    "rewatched": "Seen before: counted as a rewatch.",
    "added_show": "A new show: added to the tracker, and the episode marked.",
    "needs_user_input": "Needs your answer: which show is it?",
    "needs_lookup": "Waits for what Plex or TMDB say about it.",
    "duplicate": "The same event came before; it counts once.",
    "out_of_attempts": "Given up after several tries; it is kept and can be replayed.",
    "event_not_scrobble": "Only a finished viewing counts.",
    "not_an_episode": "Not an episode of a show.",
    "account_not_tracked": "Seen by an account that does not count here.",
    "server_not_tracked": "Came from a server that does not count here.",
    "sync_disabled": "Syncing is off for this show.",
    "auto_mark_disabled": "Marking episodes automatically is switched off.",
    "integration_disabled": "The Plex connection is switched off.",
    "live_tv": "Live TV is not tracked.",
    "ignored_by_user": "You chose to ignore it.",
    "internal_error": "A fault in Tellykeep; the event is kept and can be replayed.",
}

CONFLICTS: dict[str, str] = {
    "multiple_matches": "Needs your answer: several shows fit.",
    "low_confidence": "Needs your answer: one show fits, but not well enough to be sure.",
    "no_match": "Needs your answer: no show in the tracker fits.",
    "episode_missing": "Needs your answer: the show is known, but has no such episode.",
}

EVENTS: dict[str, str] = {
    "media.scrobble": "watched to the end",
    "media.play": "started",
    "media.pause": "paused",
    "media.resume": "resumed",
    "media.stop": "stopped",
    "media.rate": "rated",
    "library.new": "new in the library",
    "library.on.deck": "new on deck",
    "playback.started": "started by a shared user",
    "admin.database.backup": "database backed up",
    "admin.database.corrupted": "database damaged",
    "device.new": "new device",
    TRIAL: "test",
}

SOURCES: dict[str, str] = {
    "webhook": "a webhook",
    "history": "Plex's history",
    "spool": "the spool, where it waited for the database",
    "manual": "your own hand",
}


def status_of(status: str) -> Status:
    """How a status looks; one that is not known is shown as it is."""
    return STATUSES.get(status) or Status(status, "help", "ignored")


def reason_of(row: Mapping[str, Any]) -> str:
    """Why a log row has its status, as a sentence."""
    action = row.get("action_taken") or ""
    if row["status"] == "conflict":
        return CONFLICTS.get(row.get("conflict_type") or "", REASONS["needs_user_input"])
    if action == "event_not_scrobble" and row.get("event_type") == TRIAL:
        return "A test of the webhook, sent from the settings: it marks nothing."
    if action == "event_not_scrobble":
        event = EVENTS.get(row.get("event_type") or "")
        return f"{event.capitalize()}: only a finished viewing counts." if event else REASONS[action]
    if action == "account_not_tracked" and row.get("plex_account"):
        return f"Seen by {foreign(row['plex_account'])}, an account that does not count here."
    return REASONS.get(action) or action.replace("_", " ") or "No reason was noted."


def event_of(event_type: str) -> str:
    """A Plex event in words."""
    return EVENTS.get(event_type, event_type)


def source_of(source: str) -> str:
    """Which way an event came, in words."""
    return SOURCES.get(source, source)


def episode_code(season: int | None, episode: int | None) -> str:
    """`S02E05`; `S00E01` for specials; only what is known; empty when neither is."""
    return (f"S{season:02d}" if season is not None else "") + (f"E{episode:02d}" if episode is not None else "")


def foreign(text: str, *, longest: int = 120) -> str:
    """Text of somebody else's for the middle of a sentence: cut, and its writing direction kept to itself (UAX 9)."""
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    return f"\u2068{cut}\u2069"
