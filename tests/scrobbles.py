"""Events for the SQL functions: real-shaped messages, read by the application's own parser."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from psycopg.types.json import Json, Jsonb

from app.plex.events import parse_event
from tests import payloads
from tests.conftest import Connection

AT = datetime.fromtimestamp(payloads.VIEWED_AT, UTC)


def scrobble(
    show: str = payloads.SHOW, season: int = 1, episode: int = 1, *, at: datetime = AT, **overrides: Any
) -> dict[str, Any]:
    """A message of Plex's own agent that an episode was watched at `at`; `overrides` as in tests.payloads."""
    plain = {
        "grandparentTitle": show,
        "parentIndex": season,
        "index": episode,
        "lastViewedAt": int(at.timestamp()),
    }
    return payloads.episode(**(plain | overrides))


def decision(message: dict[str, Any]) -> dict[str, Any]:
    """What the SQL functions decide by."""
    return parse_event(message).decision()


def receive(
    connection: Connection,
    user_id: int,
    message: dict[str, Any],
    *,
    at: datetime | None = None,
    receipt: uuid.UUID | None = None,
    source: str = "webhook",
    has_tmdb: bool = False,
) -> dict[str, Any]:
    """Calls receive_event; `at` is the time of receipt, that of the viewing unless given."""
    event = parse_event(message)
    row = connection.execute(
        "select * from receive_event(%s, %s, %s, %s, %s, %s, %s)",
        (
            user_id,
            receipt or uuid.uuid4(),
            source,
            Jsonb(event.decision()),
            Json(event.kept()),
            at or event.last_viewed_at or AT,
            has_tmdb,
        ),
    ).fetchone()
    assert row is not None
    return row
