"""Messages that real servers sent, where somebody has some: they are not part of the project.

``TELLYKEEP_RECORDED_PAYLOADS`` names a directory with ``*.json`` (messages) and ``multipart_*.txt`` (whole
bodies).
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from app.plex.events import PlexEvent, parse_event
from app.sync.payload import payload_from_body

_DIRECTORY = os.environ.get("TELLYKEEP_RECORDED_PAYLOADS", "")
pytestmark = pytest.mark.skipif(
    not _DIRECTORY, reason="TELLYKEEP_RECORDED_PAYLOADS does not name a directory of recorded messages"
)


def recorded(pattern: str) -> list[Path]:
    return sorted(Path(_DIRECTORY).glob(pattern)) if _DIRECTORY else []


def hold_invariants(event: PlexEvent) -> None:
    assert event.event
    kept = event.kept()
    assert len(json.dumps(kept, separators=(",", ":"), ensure_ascii=False).encode()) < 900
    assert parse_event(kept).kept() == kept
    json.dumps(event.decision(), allow_nan=False)
    assert "thumb" not in json.dumps(kept)
    if event.is_episode:
        assert event.season is not None
        assert event.episode is not None
        assert event.show_key
    else:
        assert (event.season, event.episode, event.show_key) == (None, None, "")
    if event.show_guid and event.show_guid.startswith(("plex://", "local://", "com.plexapp.agents.none://")):
        assert not event.show_ids or "[" in (event.show_title or "")
    if event.is_scrobble:
        assert parse_event(kept) == event


@pytest.mark.parametrize("path", recorded("*.json"), ids=lambda path: path.stem)
def test_a_recorded_message_is_read(path: Path) -> None:
    hold_invariants(parse_event(payload_from_body(path.read_bytes(), "application/json")))


@pytest.mark.parametrize("path", recorded("multipart_*.txt"), ids=lambda path: path.stem)
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"], ids=["lf", "crlf"])
def test_a_recorded_body_is_read(path: Path, newline: bytes) -> None:
    # The files were saved with LF; on the wire it is CRLF.
    body = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", newline)
    boundary = body.partition(newline)[0].removeprefix(b"--").decode()
    hold_invariants(parse_event(payload_from_body(body, f"multipart/form-data; boundary={boundary}")))
