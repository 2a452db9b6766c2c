"""The bell that tells the look-ups of this process that something may be due."""

from __future__ import annotations

import threading


class Waker:
    """Rung by whoever leaves an event pending; waited for by the threads of app.sync.worker."""

    def __init__(self) -> None:
        self._rung = 0
        self._changed = threading.Condition()

    def wake(self) -> None:
        """Something may be due. Costs nothing when nobody waits."""
        with self._changed:
            self._rung += 1
            self._changed.notify_all()

    def rung(self) -> int:
        """How often so far: to be read before one looks for work, so that no ring between looking and waiting is missed."""
        with self._changed:
            return self._rung

    def wait(self, since: int, seconds: float) -> None:
        """Returns when it was rung more often than `since`, or after so many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._rung != since, seconds)
