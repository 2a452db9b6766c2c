"""Whose history is to be read soon, without waiting for the clock."""

from __future__ import annotations

import threading


class Wanted:
    """A set of users that threads share: a webhook that was refused adds one, the clock takes them."""

    def __init__(self) -> None:
        self._users: set[int] = set()
        self._guard = threading.Lock()

    def add(self, user_id: int) -> None:
        """Costs nothing where it is wanted already."""
        with self._guard:
            self._users.add(user_id)

    def __contains__(self, user_id: int) -> bool:
        with self._guard:
            return user_id in self._users

    def done(self, user_id: int) -> None:
        """What was wanted has begun."""
        with self._guard:
            self._users.discard(user_id)
