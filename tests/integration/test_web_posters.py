"""Posters come from the appliance alone: fetched once from TMDB or the user's own server, drawn where there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.demo.simulated_server import Reply
from app.security import accounts
from app.services import Services
from tests.conftest import Connection
from tests.fakes import failures
from tests.fakes.plex import TOKEN, FakePlex
from tests.fakes.tmdb import FakeTmdb
from tests.integration.browser import PASSWORD, Browser

pytestmark = pytest.mark.usefixtures("cheap_passwords")

JPEG = b"\xff\xd8\xff\xe0" + bytes(2000)
THUMB = "/library/metadata/4711/thumb/1700000000"


@pytest.fixture
def user_id(services: Services) -> int:
    return accounts.create_user(services, "mira", PASSWORD)


@pytest.fixture
def browser(client: FlaskClient, user_id: int) -> Browser:
    browser = Browser(client.application)
    browser.sign_in("mira")
    return browser


@pytest.fixture
def add(conn: Connection, make_show: Callable[..., int]) -> Callable[..., int]:
    """Adds a show with a poster to somebody's tracker."""

    def add_one(owner: int, poster_path: str | None, title: str = "Harbour Lights") -> int:
        show = make_show(owner, title)
        conn.execute("update tvshows set poster_path = %s where id = %s", (poster_path, show))
        conn.commit()
        return show

    return add_one


def _is_drawn(response: TestResponse) -> bool:
    """Whether it is the tile, which is asked for again soon."""
    assert response.status_code == 200
    drawn = response.mimetype == "image/svg+xml"
    assert (response.headers["Cache-Control"] == "private, max-age=300") == drawn
    return drawn


def test_a_poster_of_tmdb_is_fetched_once_and_kept(
    browser: Browser, user_id: int, add: Callable[..., int], fake_tmdb: FakeTmdb
) -> None:
    fake_tmdb.images["/a1.jpg"] = JPEG
    show = add(user_id, "/a1.jpg")

    answers = [browser.get(f"/posters/shows/{show}?size=m") for _ in range(2)]

    assert [(answer.status_code, answer.mimetype, answer.data) for answer in answers] == [(200, "image/jpeg", JPEG)] * 2
    assert [request.path for request in fake_tmdb.requests] == ["/t/p/w342/a1.jpg"]
    assert "authorization" not in fake_tmdb.requests[0].headers
    again = browser.get(f"/posters/shows/{show}?size=m", headers={"If-None-Match": answers[0].headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_the_address_that_a_page_has_is_kept_for_ever_until_the_poster_is_another(
    client: FlaskClient, browser: Browser, user_id: int, add: Callable[..., int], fake_tmdb: FakeTmdb
) -> None:
    fake_tmdb.images["/a1.jpg"] = JPEG
    show = add(user_id, "/a1.jpg")
    address_of = client.application.jinja_env.globals["poster_address"]
    with client.application.test_request_context():
        of_page = address_of({"id": show, "title": "Harbour Lights", "poster_path": "/a1.jpg"}, "s")  # type: ignore[operator]

    for_ever = browser.get(of_page)

    assert for_ever.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert browser.get(f"/posters/shows/{show}?v=of-another").headers["Cache-Control"] == "private, max-age=86400"


def test_a_poster_of_somebody_elses_show_is_not_there(
    browser: Browser, services: Services, add: Callable[..., int], fake_tmdb: FakeTmdb
) -> None:
    fake_tmdb.images["/a1.jpg"] = JPEG
    show = add(accounts.create_user(services, "noor", PASSWORD), "/a1.jpg")

    assert browser.get(f"/posters/shows/{show}").status_code == 404
    assert browser.get("/posters/shows/999999999").status_code == 404
    assert fake_tmdb.requests == []


@pytest.mark.parametrize("path", ["/posters/shows/1", "/posters/tmdb/a1.jpg"])
def test_nobody_sees_posters_without_signing_in(client: FlaskClient, path: str) -> None:
    answer = client.get(path)

    assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (302, "/sign-in")


def test_a_candidate_of_tmdb_has_its_poster_too(browser: Browser, fake_tmdb: FakeTmdb) -> None:
    fake_tmdb.images["/a1.jpg"] = JPEG

    answer = browser.get("/posters/tmdb/a1.jpg?size=s")

    assert (answer.mimetype, answer.data) == ("image/jpeg", JPEG)
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert [request.path for request in fake_tmdb.requests] == ["/t/p/w154/a1.jpg"]


@pytest.mark.parametrize(
    "name", ["..%2F3%2Fconfiguration", "a.svg", "a.jpg%3Fx", "%2Fevil.example%2Fa.jpg", "a.jpg%0A", ".jpg", "a b.jpg"]
)
def test_what_is_no_poster_of_tmdb_is_never_asked_for(browser: Browser, fake_tmdb: FakeTmdb, name: str) -> None:
    assert browser.get(f"/posters/tmdb/{name}").status_code == 404
    assert fake_tmdb.requests == []


def test_a_size_that_there_is_not_is_refused(browser: Browser, fake_tmdb: FakeTmdb) -> None:
    assert browser.get("/posters/tmdb/a1.jpg?size=original").status_code == 400
    assert fake_tmdb.requests == []


def test_a_poster_of_plex_comes_from_the_users_own_server_with_the_token_in_a_header(
    browser: Browser, user_id: int, add: Callable[..., int], fake_plex: FakePlex, use_plex: Callable[..., None]
) -> None:
    use_plex(user_id)
    fake_plex.images[THUMB] = JPEG
    show = add(user_id, THUMB)

    answers = [browser.get(f"/posters/shows/{show}?size=s") for _ in range(2)]

    assert [(answer.mimetype, answer.data) for answer in answers] == [("image/jpeg", JPEG)] * 2
    [asked] = fake_plex.requests
    assert (asked.path, asked.query["url"]) == ("/photo/:/transcode", THUMB)
    assert asked.headers["x-plex-token"] == TOKEN
    assert TOKEN not in str(asked.query)


def test_what_one_users_server_gave_is_not_anothers(
    client: FlaskClient,
    browser: Browser,
    services: Services,
    user_id: int,
    add: Callable[..., int],
    fake_plex: FakePlex,
    use_plex: Callable[..., None],
) -> None:
    fake_plex.images[THUMB] = JPEG
    use_plex(user_id)
    browser.get(f"/posters/shows/{add(user_id, THUMB)}")
    noor_id = accounts.create_user(services, "noor", PASSWORD)
    use_plex(noor_id, token="not-the-token")
    noor = Browser(client.application)
    noor.sign_in("noor")

    assert _is_drawn(noor.get(f"/posters/shows/{add(noor_id, THUMB)}"))


@pytest.mark.parametrize(
    "failure",
    [
        failures.status(500),
        failures.status(404),
        failures.status(403),
        failures.status(429, retry_after=5),
        failures.html(),
        failures.drop(),
        failures.reply(Reply(b"<svg xmlns='http://www.w3.org/2000/svg'/>", headers={"Content-Type": "image/svg+xml"})),
        failures.reply(Reply(b"\xff\xd8\xff" + bytes(3 * 1024 * 1024), headers={"Content-Type": "image/jpeg"})),
        failures.reply(Reply("", 302, {"Location": "http://127.0.0.2:9/a1.jpg"})),
    ],
)
def test_whatever_its_host_does_a_tile_is_drawn(
    browser: Browser, user_id: int, add: Callable[..., int], fake_tmdb: FakeTmdb, failure: Any
) -> None:
    fake_tmdb.images["/a1.jpg"] = JPEG
    fake_tmdb.fail("*", failure)
    show = add(user_id, "/a1.jpg")

    assert _is_drawn(browser.get(f"/posters/shows/{show}"))


def test_a_tile_that_stands_in_because_too_many_wait_is_not_kept_by_the_browser(
    browser: Browser, user_id: int, add: Callable[..., int], fake_tmdb: FakeTmdb, services: Services
) -> None:
    fake_tmdb.images["/a1.jpg"] = JPEG
    show = add(user_id, "/a1.jpg")
    places = services.posters._places
    held = 0
    while places.acquire(blocking=False):
        held += 1

    for path in (f"/posters/shows/{show}", "/posters/tmdb/a1.jpg?title=Harbour"):
        answer = browser.get(path)
        assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
        assert answer.headers["Cache-Control"] == "no-store"
    assert fake_tmdb.requests == []

    for _ in range(held):
        places.release()
    assert browser.get(f"/posters/shows/{show}").data == JPEG


def test_a_show_without_a_poster_or_with_a_path_that_is_none_is_drawn_and_nobody_asked(
    browser: Browser, user_id: int, add: Callable[..., int], fake_tmdb: FakeTmdb
) -> None:
    for path in (None, "", "//evil.example/a.jpg", "/../../3/configuration"):
        assert _is_drawn(browser.get(f"/posters/shows/{add(user_id, path, title='<b>&')}"))
    assert fake_tmdb.requests == []
