"""The demo's past: nothing in it is watched before it aired, or after now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from app.demo import past
from app.demo.library import LIBRARY, NEW


class RecordingOwner:
    """Takes what is asked of the API."""

    def __init__(self) -> None:
        self.shows: list[dict[str, Any]] = []
        self.marks: list[tuple[str, datetime]] = []

    def call(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        if method == "POST":
            self.shows.append(body)
            return {"id": len(self.shows)}
        self.marks.append((path, datetime.fromisoformat(body["watched_at"])))
        return {}


def test_a_year_is_watched_after_it_aired_and_before_now() -> None:
    owner = RecordingOwner()
    assert past.fill(owner) == len(owner.marks) > 150  # type: ignore[arg-type]
    now = datetime.now(UTC)
    assert len({path for path, _ in owner.marks}) == len(owner.marks)
    for path, at in owner.marks:
        _, _, _, show_id, _, season, number = path.split("/")
        shown = next(s for s in owner.shows[int(show_id) - 1]["seasons"] if s["seasonNumber"] == int(season))
        aired = next(e for e in shown["episodes"] if e["episodeNumber"] == int(number))["airDate"]
        assert datetime.fromisoformat(aired).date() < at.date()
        assert now - timedelta(days=past.DAYS + 1) < at < now


def test_some_shows_go_on_after_today() -> None:
    today = datetime.now(UTC).date().isoformat()
    owner = RecordingOwner()
    past.fill(owner)  # type: ignore[arg-type]
    coming = [e for show in owner.shows for s in show["seasons"] for e in s["episodes"] if e["airDate"] > today]
    assert len(coming) > 10


def test_no_show_of_the_past_is_one_of_the_script() -> None:
    of_the_script = {show.title for show in (*LIBRARY, NEW)}
    assert not {show.title for show in (*(show for show, _ in past.WATCHED), *past.WAITING)} & of_the_script
