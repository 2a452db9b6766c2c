"""One event of a show at a time, in the order in which they came."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

Key = tuple[int, str]


class Turns:
    """Lets one thread a key pass, and the others in the order of their arrival.

    PostgreSQL lets one event of a show pass at a time too (receive_event's lock), so nobody is slower for it. But without
    turns, of two that find it gone the later one could be written down, or get through again, before the earlier one.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[Key, deque[threading.Lock]] = {}

    @contextmanager
    def turn(self, key: Key) -> Iterator[None]:
        """Waits for those that came before, and holds up those that come after."""
        mine = None
        with self._lock:
            queue = self._waiting.get(key)
            if queue is None:
                self._waiting[key] = deque()
            else:
                mine = threading.Lock()
                mine.acquire()
                queue.append(mine)
        if mine is not None:
            mine.acquire()  # given free by the one before
        try:
            yield
        finally:
            with self._lock:
                queue = self._waiting[key]
                if queue:
                    queue.popleft().release()
                else:
                    del self._waiting[key]
