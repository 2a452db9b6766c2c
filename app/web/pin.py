"""The sign-in to Plex that this browser has under way: in its session, sealed, and only for the account that began it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from flask import session

from app.plex.tv import NewPin
from app.security.crypto import CannotDecrypt
from app.services import services

_KEY = "plex_pin"
_COLUMN = "session.plex_pin"


def remember_pin(user_id: int, pin: NewPin) -> None:
    """A later one takes its place."""
    kept = json.dumps([pin.id, int(pin.expires_at.timestamp())])
    session[_KEY] = services().cipher.encrypt(kept, column=_COLUMN, row=user_id)


def has_pin() -> bool:
    """Whether a sign-in was begun, perhaps one that has expired by now."""
    return _KEY in session


def pending_pin(user_id: int) -> int | None:
    """The id of the PIN; None when there is none, it has expired, or it is somebody else's."""
    sealed = session.get(_KEY)
    if sealed is None:
        return None
    try:
        number, until = json.loads(services().cipher.decrypt(sealed, column=_COLUMN, row=user_id))
    except (CannotDecrypt, ValueError):
        return None
    return int(number) if datetime.now(UTC).timestamp() < until else None


def forget_pin() -> None:
    """It is done with."""
    session.pop(_KEY, None)
