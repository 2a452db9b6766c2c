"""How values look in JSON: moments in ISO 8601 and UTC, decimals as numbers."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from flask.json.provider import DefaultJSONProvider


def _default(value: Any) -> Any:
    if isinstance(value, datetime):
        return moment_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        # Only confidences (two digits) and figures are stored as numeric: no precision is lost.
        return float(value)
    return DefaultJSONProvider.default(value)


class JSONOutput(DefaultJSONProvider):
    """Flask's provider, except that it would write moments as HTTP dates and decimals as strings.

    ASCII only, as in Flask: a lone surrogate or a line separator in a title stays an escape.
    """

    default = staticmethod(_default)
    sort_keys = False


def moment_text(moment: datetime) -> str:
    """`2026-01-31T20:15:00Z`, with a fraction only where there is one.

    Args:
        moment: aware.
    """
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
