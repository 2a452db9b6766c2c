"""What Plex sent, to be looked at: as readable JSON, in which whatever could be a secret is left out.

What is kept of a message has no tokens (app.plex.events); what another version kept, or somebody put there by hand, might.
"""

from __future__ import annotations

import json
import re
from typing import Any

LEFT_OUT = "(left out)"

_SECRET_NAME = re.compile(r"token|secret|password|passwd|api[-_]?key|authorization|cookie", re.IGNORECASE)
_SECRET_ARGUMENT = re.compile(r"([?&][^=&#\s]*(?:token|secret|password|api_?key)[^=&#\s]*=)[^&#\s]*", re.IGNORECASE)


def readable(value: Any) -> str:
    """The value as indented JSON without secrets."""
    return json.dumps(_without_secrets(value), indent=2, ensure_ascii=False)


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: LEFT_OUT if _SECRET_NAME.search(str(name)) else _without_secrets(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [_without_secrets(inner) for inner in value]
    if isinstance(value, str):
        return _SECRET_ARGUMENT.sub(rf"\1{LEFT_OUT}", value)
    return value
