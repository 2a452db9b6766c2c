"""How this process reaches the running server: who may come in where."""

from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg.pq import PGconn, Ping

from app.embedded import provision
from app.embedded.passwords import Passwords


@dataclass(frozen=True)
class Endpoint:
    """libpq URLs of database `tellykeep` over the unix socket; they hold passwords and stay out of `repr`."""

    owner_url: str = field(repr=False)
    app_url: str = field(repr=False)


@dataclass(frozen=True)
class Answer:
    """What a server said to our superuser: its state, and what is wrong ("" when nothing is)."""

    state: Ping
    problem: str

    @property
    def refused(self) -> bool:
        """It takes connections, but not ours."""
        return self.state == Ping.OK and self.problem != ""


def ask(passwords: Passwords, socket_directory: Path) -> Answer:
    """Connects as the superuser: that proves to both sides that they share the password."""
    address = provision.superuser_url(passwords, socket_directory)
    state = Ping(PGconn.ping(address.encode()))
    if state != Ping.OK:
        return Answer(state, f"it does not take connections at {socket_directory} ({state.name.lower()})")
    try:
        provision.connect(address).close()
    except psycopg.Error as error:
        return Answer(state, str(error).strip())
    return Answer(state, "")


def endpoint(passwords: Passwords, socket_directory: Path) -> Endpoint:
    """The URLs for everybody else."""
    return Endpoint(provision.owner_url(passwords, socket_directory), provision.app_url(passwords, socket_directory))
