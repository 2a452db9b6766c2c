"""Rate limit counters in the memory of this process, for the `limits` library under Flask-Limiter."""

from __future__ import annotations

import threading
import time

from limits.storage import Storage

_SWEEP_SECONDS = 60.0
# Of some 200 bytes each. Whoever has a network of IPv6 addresses can open a counter with each of them.
MOST_COUNTERS = 20_000


class ProcessCounters(Storage):
    """Fixed-window counters: key to how many, and until when they count.

    The library's own storage in memory starts a thread every 10 ms while requests come, to forget what has expired: that
    was a fifth of the processor time of a webhook. Here what has expired goes once a minute, with the next count.
    """

    STORAGE_SCHEME = ["process"]  # noqa: RUF012 - as the base class declares it

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **options: float | str | bool) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions, **options)
        self._lock = threading.Lock()
        self._counts: dict[str, tuple[int, float]] = {}
        self._sweep_at = 0.0

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        """What this storage raises when it is away: it never is."""
        return ()

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Counts, and returns the count of the window; the first count opens one of `expiry` seconds."""
        now = time.time()
        with self._lock:
            if now >= self._sweep_at:
                self._counts = {known: entry for known, entry in self._counts.items() if entry[1] > now}
                self._sweep_at = now + _SWEEP_SECONDS
            count, until = self._counts.get(key, (0, 0.0))
            if until <= now:
                count, until = 0, now + expiry
                if len(self._counts) >= MOST_COUNTERS and key not in self._counts:
                    # The one that was opened first: it ends before the others.
                    del self._counts[next(iter(self._counts))]
            count += amount
            self._counts[key] = (count, until)
        return count

    def get(self, key: str) -> int:
        """The count of the window that is open, else 0."""
        count, until = self._counts.get(key, (0, 0.0))
        return count if until > time.time() else 0

    def get_expiry(self, key: str) -> float:
        """Unix time at which the window ends; now when there is none."""
        return max(self._counts.get(key, (0, 0.0))[1], time.time())

    def check(self) -> bool:
        """Whether it can be used."""
        return True

    def reset(self) -> int | None:
        """Forgets everything and returns how many counters there were."""
        with self._lock:
            forgotten = len(self._counts)
            self._counts.clear()
        return forgotten

    def clear(self, key: str) -> None:
        """Forgets one counter."""
        with self._lock:
            self._counts.pop(key, None)
