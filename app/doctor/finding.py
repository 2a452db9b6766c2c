"""What a check says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Finding:
    """What came of one check.

    Attributes:
        name: what was looked at.
        state: `warn` is something to look at, with `fail` something does not work.
        found: one sentence, for people; holds no secret.
        advice: what to do about it; "" when there is nothing to do.
    """

    name: str
    state: State
    found: str
    advice: str = ""
