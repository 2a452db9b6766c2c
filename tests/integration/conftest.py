"""Clients of the JSON API: two users who must not see each other's things, and a token that may only read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from argon2 import PasswordHasher
from flask.testing import FlaskClient

from app.security import accounts
from app.security.accounts import create_token
from app.services import Services
from tests.conftest import Connection
from tests.fakes.plex import FakePlex
from tests.fakes.tmdb import FakeTmdb
from tests.integration.api_client import ApiClient
from tests.integration.household import Household

ClientFor = Callable[..., ApiClient]


@pytest.fixture
def client_for(client: FlaskClient, services: Services, make_user: Callable[..., int]) -> ClientFor:
    """Makes an account and a token for it: `client_for("ann", scope="read")`; keywords are columns of plex_config."""

    def make(username: str, *, scope: str = "write", **config: object) -> ApiClient:
        user_id = make_user(username, **config)
        token = create_token(services, username, scope=scope)  # type: ignore[arg-type]
        return ApiClient(client.application, token, user_id, client.application.test_client(), {})

    return make


@pytest.fixture
def ann(client_for: ClientFor) -> ApiClient:
    """A user whose token may write."""
    return client_for("ann")


@pytest.fixture
def bob(client_for: ClientFor) -> ApiClient:
    """Another user, whose things nobody else may see."""
    return client_for("bob")


@pytest.fixture
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that take no time, for tests that are about something else (test_web_passwords has the real ones)."""
    monkeypatch.setattr(accounts, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    nobody = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("nobody")
    monkeypatch.setattr(accounts, "_hash_of_nobody", lambda: nobody)


@pytest.fixture
def household(
    services: Services,
    conn: Connection,
    make_user: Callable[..., int],
    make_show: Callable[..., int],
    fake_tmdb: FakeTmdb,
    fake_plex: FakePlex,
    use_plex: Callable[..., None],
) -> Household:
    """A user with a TMDB key and a Plex server, both of which know nothing yet."""
    user_id = make_user("sam")
    use_plex(user_id)
    return Household(services, conn, user_id, make_show, fake_tmdb, fake_plex)
