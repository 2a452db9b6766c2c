"""A polite rate: a token bucket that threads share."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Pace:
    """Lets `burst` through at once, then `per_second`; who comes too early waits its turn."""

    def __init__(
        self,
        per_second: float,
        burst: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._interval = 1 / per_second
        self._credit = (burst - 1) * self._interval
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        # When the bucket would be full again but for one; a turn moves it on by one interval.
        self._next = clock() - self._credit

    def wait(self, at_most: float) -> bool:
        """Waits for a turn.

        Args:
            at_most: seconds; with a longer queue nobody waits.

        Returns:
            Whether it is one's turn; if not, none was taken.
        """
        with self._lock:
            now = self._clock()
            turn = max(self._next, now - self._credit)
            if turn - now > at_most:
                return False
            self._next = turn + self._interval
        # Outside the lock: others find their own turn meanwhile.
        if turn > now:
            self._sleep(turn - now)
        return True
