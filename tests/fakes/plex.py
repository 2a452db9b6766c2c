"""A Plex server that can be told to fail. What it knows: `app.demo.simulated_plex`; the rest: `tests.fakes.scripted`."""

from __future__ import annotations

from app.demo.simulated_plex import SimulatedPlex
from tests import payloads
from tests.fakes.scripted import Scripted

TOKEN = "plex-token-of-the-tests"


class FakePlex(Scripted, SimulatedPlex):
    """The server of the webhooks in tests.payloads. Takes `TOKEN`, unless `token` is set to another, or None for any."""

    def __init__(self, token: str | None = TOKEN) -> None:
        super().__init__()
        self.token = token
        self.uuid = payloads.SERVER_UUID
