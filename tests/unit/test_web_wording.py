"""Words for everything that the log can hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.web import wording
from app.web.trace import in_words
from app.web.vendor import ICONS
from tools.vendor import ICON_NAMES

ROOT = Path(__file__).parents[2]
FUNCTIONS = ROOT / "sql" / "functions"
APP = ROOT / "app"

# Statuses and actions of the contract.
STATUSES = {"pending", "success", "conflict", "ignored", "duplicate", "failed"}
ACTIONS = {
    "marked_watched",
    "already_watched",
    "rewatched",
    "added_show",
    "needs_user_input",
    "needs_lookup",
    "duplicate",
    "out_of_attempts",
    "event_not_scrobble",
    "not_an_episode",
    "account_not_tracked",
    "server_not_tracked",
    "sync_disabled",
    "auto_mark_disabled",
    "integration_disabled",
    "live_tv",
    "ignored_by_user",
    "internal_error",
}


def _sql() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in FUNCTIONS.glob("*.sql"))


def test_every_status_has_a_word_an_icon_and_a_tone_of_its_own() -> None:
    assert set(wording.STATUSES) == STATUSES
    for part in ("word", "icon", "tone"):
        assert len({getattr(status, part) for status in wording.STATUSES.values()}) == len(STATUSES)


def test_every_tone_has_a_colour() -> None:
    css = (APP / "static" / "app.css").read_text(encoding="utf-8")
    for status in wording.STATUSES.values():
        assert re.search(rf"\.tk-tone-{status.tone}\b", css)


def test_every_action_has_a_sentence() -> None:
    assert set(wording.REASONS) == ACTIONS
    for sentence in (*wording.REASONS.values(), *wording.CONFLICTS.values()):
        assert sentence[0].isupper()
        assert sentence.endswith((".", "?"))


def test_every_reason_to_ignore_that_the_database_can_give_has_a_sentence() -> None:
    given = set(re.findall(r"return '(\w+)'", (FUNCTIONS / "ignore_reason.sql").read_text(encoding="utf-8")))
    assert given
    assert given <= set(wording.REASONS)


def test_every_step_that_the_database_can_write_has_its_own_words() -> None:
    steps = set(re.findall(r"'step', '(\w+)'", _sql()))
    assert steps
    for step in steps:
        row = {"source": "webhook", "status": "success", "trace": [{"step": step}], "potential_matches": None}
        text = in_words(row)[1].text
        assert text != step.replace("_", " ").capitalize() + ".", step


def test_every_conflict_type_has_a_sentence() -> None:
    migration = (ROOT / "sql" / "migrations" / "0001_tracker.sql").read_text(encoding="utf-8")
    found = re.search(r"conflict_type in \(([^)]*)\)", migration)
    assert found is not None
    assert set(re.findall(r"'(\w+)'", found[1])) == set(wording.CONFLICTS)


@pytest.mark.parametrize(
    ("season", "episode", "code"),
    [
        (2, 5, "S02E05"),
        (0, 1, "S00E01"),
        (0, 0, "S00E00"),
        (1, None, "S01"),
        (None, None, ""),
        (2026, 41103, "S2026E41103"),
    ],
)
def test_an_episode_is_named_by_season_and_number(season: int | None, episode: int | None, code: str) -> None:
    assert wording.episode_code(season, episode) == code


def test_what_is_not_known_is_shown_as_it_is() -> None:
    assert wording.status_of("new_status").word == "new_status"
    assert wording.reason_of({"status": "ignored", "action_taken": "a_new_reason"}) == "a new reason"
    assert wording.event_of("media.teleport") == "media.teleport"
    row = {"source": "webhook", "status": "ignored", "trace": [{"step": "a_new_step"}], "potential_matches": None}
    assert in_words(row)[1].text == "A new step."


def test_an_event_that_is_no_scrobble_says_what_it_was() -> None:
    row = {"status": "ignored", "action_taken": "event_not_scrobble", "event_type": "media.pause"}
    assert wording.reason_of(row) == "Paused: only a finished viewing counts."


def _icons_that_are_used() -> set[str]:
    texts = [path.read_text(encoding="utf-8") for path in (APP / "templates").rglob("*.html")]
    texts += [path.read_text(encoding="utf-8") for path in (APP / "web").rglob("*.py")]
    quoted = set(re.findall(r'"([a-z][a-z0-9-]*)"', "\n".join(texts)))
    asked = set(re.findall(r'\bicon\("([^"]*)"', "\n".join(texts)))
    assert asked <= set(ICON_NAMES)
    return quoted & set(ICON_NAMES)


def test_the_sprite_holds_the_icons_that_are_used_and_no_other() -> None:
    sprite = (APP / "static" / ICONS).read_text(encoding="utf-8")

    assert set(re.findall(r'<symbol id="([^"]*)"', sprite)) == set(ICON_NAMES)
    assert _icons_that_are_used() == set(ICON_NAMES)
