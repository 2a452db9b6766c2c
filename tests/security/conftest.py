"""Two accounts, each with everything that an account can have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from flask import Flask

from app import create_app
from app.security import accounts
from app.services import Services
from tests.conftest import Connection
from tests.fakes.plex import FakePlex
from tests.fakes.plex_tv import FakePlexTv
from tests.fakes.tmdb import FakeTmdb
from tests.integration.browser import PASSWORD, Browser
from tests.integration.conftest import cheap_passwords
from tests.security.generating import Tenants
from tests.security.possessions import Possessions, give_everything

__all__ = ["cheap_passwords"]


@dataclass
class Person:
    """Somebody with an account.

    Attributes:
        name: she signs in with.
        user_id: id in `users`.
        browser: signed in.
        csrf: the token of that browser's pages.
        owns: ids of what is hers.
    """

    name: str
    user_id: int
    browser: Browser
    csrf: str
    owns: Possessions = field(default_factory=dict)


@pytest.fixture
def app(services: Services) -> Flask:
    """The application."""
    return create_app(services)


@pytest.fixture
def person(app: Flask, services: Services, conn: Connection, cheap_passwords: None) -> Callable[..., Person]:
    """Makes an account that has one of everything, and signs it in."""

    def make(name: str, *, is_admin: bool = False) -> Person:
        user_id = accounts.create_user(services, name, PASSWORD, is_admin=is_admin)
        owns = give_everything(services, conn, user_id)
        browser = Browser(app)
        browser.sign_in(name)
        return Person(name, user_id, browser, browser.fields("/", "/sign-out")["csrf_token"], owns)

    return make


@pytest.fixture
def tenants(
    app: Flask,
    services: Services,
    conn: Connection,
    person: Callable[..., Person],
    use_plex: Callable[..., None],
    fake_tmdb: FakeTmdb,
    fake_plex: FakePlex,
    fake_plex_tv: FakePlexTv,
) -> Tenants:
    """Makes accounts that are connected with a Plex server and TMDB."""
    return Tenants(app, services, conn, person, use_plex, fake_tmdb, fake_plex)
