"""One sentence of a trace, as the pages draw it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Step = Mapping[str, Any]


@dataclass(frozen=True)
class Sentence:
    """One step.

    Attributes:
        icon: name in the sprite.
        text: what happened.
        detail: more about it, or empty.
        candidates: shows that were weighed: title, year, score (0 to 1), reason.
        tone: CSS class suffix for the last step, which is the outcome; empty for the others.
        log_id: another log row that it speaks of.
    """

    icon: str
    text: str
    detail: str = ""
    candidates: list[dict[str, Any]] = field(default_factory=list)
    tone: str = ""
    log_id: int | None = None
