"""Reading what another server answered: a bounded body, JSON that can be stored, a Retry-After that can be kept to."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

from app.plex.events import storable

LONGEST_WAIT = 3600


def read_json(body: bytes) -> dict[str, Any]:
    """The JSON object in a body, with nothing in it that PostgreSQL's jsonb cannot hold.

    Raises:
        ValueError: it is something else, such as a page of HTML.
    """
    document = read_any_json(body)
    if not isinstance(document, dict):
        raise ValueError("no object")
    return document


def read_any_json(body: bytes) -> Any:
    """The same where the answer may be a list as well.

    Raises:
        ValueError: it is no JSON.
    """
    try:
        document = json.loads(body, parse_constant=_refuse, parse_float=_finite)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    lower = body.lower()
    return _storable(document) if b"\\u0000" in lower or b"\\ud" in lower else document


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number that is too large")
    return number


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list):
        return [_storable(entry) for entry in value]
    if isinstance(value, dict):
        return {storable(name): _storable(entry) for name, entry in value.items()}
    return value


def retry_after(header: str | None) -> int | None:
    """The seconds that a Retry-After asks for, from 1 to an hour; None when it says nothing that can be read.

    Args:
        header: seconds, or a date as in HTTP.
    """
    text = (header or "").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        seconds = float(text)
    else:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - datetime.now(UTC)).total_seconds()
    return max(1, min(LONGEST_WAIT, math.ceil(seconds)))
