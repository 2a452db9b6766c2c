"""Figures that cost a while, kept as long as nothing happens: a page that asks every few seconds does not count anew."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from flask import current_app

KEPT_SECONDS = 60.0
MOST = 200

T = TypeVar("T")


@dataclass
class KeptFigures:
    """What was counted last, by whose it is and how it was asked."""

    _kept: dict[Hashable, tuple[Hashable, float, Any]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: Hashable, state: Hashable, count: Callable[[], T]) -> T:
        """What was counted a moment ago, if `state` is still the same; else counts.

        Args:
            key: whose figures, and which.
            state: what changes with them at once, such as the last event.
            count: counts them.
        """
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and kept[0] == state and time.monotonic() - kept[1] < KEPT_SECONDS:
            return cast(T, kept[2])
        # Without the lock: two that count at once do no harm, one that waits for another's query would.
        return self.renew(key, state, count())

    def renew(self, key: Hashable, state: Hashable, figures: T) -> T:
        """Keeps what was just counted."""
        with self._lock:
            self._kept.pop(key, None)
            while len(self._kept) >= MOST:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = (state, time.monotonic(), figures)
        return figures


def kept_figures() -> KeptFigures:
    """Those of the current application."""
    return cast(KeptFigures, current_app.extensions.setdefault("tellykeep.figures", KeptFigures()))
