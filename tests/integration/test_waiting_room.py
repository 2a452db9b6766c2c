"""Requests that wait for other servers have so many places; who finds none is told so, and nothing is taken for broken."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask

from app import create_app
from app.posters.fetching import tmdb_poster
from app.posters.keeping import TooManyWait
from app.security import accounts
from app.services import Services
from app.tmdb.client import TmdbClient
from app.upstream.waiting_room import BUSY_SECONDS, WaitingRoom
from tests.fakes.oidc import fake_provider
from tests.fakes.tmdb import KEY, FakeTmdb
from tests.integration.browser import PASSWORD, Browser

pytestmark = pytest.mark.usefixtures("cheap_passwords")


@pytest.fixture
def app(services: Services) -> Flask:
    return create_app(services)


@pytest.fixture
def browser(app: Flask, services: Services) -> Browser:
    accounts.create_user(services, "mira", PASSWORD)
    browser = Browser(app)
    browser.sign_in("mira")
    return browser


@contextmanager
def full(room: WaitingRoom) -> Iterator[None]:
    """All places of a room taken, as by requests in other threads."""
    taken = 0
    while room._places.acquire(blocking=False):
        taken += 1
    assert taken
    try:
        yield
    finally:
        for _ in range(taken):
            room._places.release()


def test_half_of_the_threads_may_wait(services: Services) -> None:
    assert services.room._places._initial_value == services.settings.threads // 2  # type: ignore[attr-defined]


def test_a_place_is_given_back_and_one_is_enough_for_a_request(app: Flask) -> None:
    room = WaitingRoom(1)
    for _ in range(3):
        with app.test_request_context(), room.place() as outer, room.place() as inner:
            assert outer
            assert inner
    with app.test_request_context(), full(room), room.place() as free:
        assert not free


def test_jobs_and_commands_need_no_place(services: Services, fake_tmdb: FakeTmdb) -> None:
    fake_tmdb.add_show(4711, "Harbour Lights")
    with full(services.room):
        assert TmdbClient(services, KEY, []).show(4711).title == "Harbour Lights"


def test_a_form_that_would_wait_says_so_and_changes_nothing(
    browser: Browser, services: Services, fake_tmdb: FakeTmdb
) -> None:
    with full(services.room):
        answer = browser.send("/connect/tmdb", "/settings/tmdb", tmdb_api_key=KEY)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, str(BUSY_SECONDS))
    assert "too many wait for answers already: try again in a moment" in answer.text
    assert fake_tmdb.count() == 0
    assert browser.send("/connect/tmdb", "/settings/tmdb", tmdb_api_key=KEY).status_code == 303


def test_the_test_of_the_webhook_and_the_api_say_so_too(
    browser: Browser, services: Services, fake_tmdb: FakeTmdb
) -> None:
    with full(services.room):
        trial = browser.send("/settings/webhook/test", "/settings/webhook")
        assert "too many wait for answers already" in trial.text.lower()
        found = browser.get("/api/search?q=harbour")
    assert (found.status_code, found.headers["Retry-After"]) == (503, str(BUSY_SECONDS))


def test_a_poster_is_drawn_meanwhile_and_its_host_not_taken_for_away(
    app: Flask, services: Services, fake_tmdb: FakeTmdb
) -> None:
    with app.test_request_context():
        with full(services.room), pytest.raises(TooManyWait):
            tmdb_poster(services, "/poster.jpg", "s")
        assert not services.posters._resting


def test_strangers_cannot_keep_all_threads_waiting_for_the_provider(app: Flask, services: Services) -> None:
    with fake_provider() as provider:
        services.settings = services.settings.model_copy(
            update={"oidc_issuer": provider.url, "oidc_client_id": "tellykeep"}
        )
        accounts.create_user(services, "mira", PASSWORD)
        http = create_app(services).test_client()
        with full(services.strangers_room):
            answer = http.get("/sign-in/oidc")
            assert answer.status_code == 503
            assert "too many are signing in at this moment" in answer.text.lower()
        assert http.get("/sign-in/oidc").status_code == 302
