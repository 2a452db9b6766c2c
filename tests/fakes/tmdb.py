"""A TMDB that can be told to fail. What it knows: `app.demo.simulated_tmdb`; the rest: `tests.fakes.scripted`."""

from __future__ import annotations

from app.demo.simulated_tmdb import BASE, SimulatedTmdb
from tests.fakes.scripted import Scripted

# Shaped as a v3 key.
KEY = "0123456789abcdef0123456789abcdef"


class FakeTmdb(Scripted, SimulatedTmdb):
    """Takes `KEY`, unless `key` is set to another, or None for any."""

    base = BASE

    def __init__(self, key: str | None = KEY) -> None:
        super().__init__()
        self.key = key
