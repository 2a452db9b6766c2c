"""`WaitingRoom`: how many requests may wait for another server at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import has_request_context

# What who finds no place is told to wait before the next try: most servers answer in less, or not at all.
BUSY_SECONDS = 5


class WaitingRoom:
    """Places for requests that wait for another server. Who finds none free is told so at once, instead of holding a thread.

    Jobs and commands need none: nobody waits for their threads.
    """

    def __init__(self, places: int) -> None:
        self._places = threading.BoundedSemaphore(places)
        self._this_thread = threading.local()

    @contextmanager
    def place(self) -> Iterator[bool]:
        """Gives one, and says whether there was one. A request that has one already keeps it."""
        if not has_request_context() or getattr(self._this_thread, "has_one", False):
            yield True
            return
        if not self._places.acquire(blocking=False):
            yield False
            return
        self._this_thread.has_one = True
        try:
            yield True
        finally:
            self._this_thread.has_one = False
            self._places.release()
