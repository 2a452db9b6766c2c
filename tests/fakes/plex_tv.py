"""A plex.tv that can be told to fail. What it knows: `app.demo.simulated_plex_tv`; the rest: `tests.fakes.scripted`."""

from __future__ import annotations

from app.demo.simulated_plex_tv import SimulatedPlexTv
from tests.fakes.plex import TOKEN
from tests.fakes.scripted import Scripted


class FakePlexTv(Scripted, SimulatedPlexTv):
    """Knows one account, whose token opens the server of tests.fakes.plex as well."""

    def __init__(self) -> None:
        super().__init__()
        self.token = TOKEN
