"""Guessing at the sign-in: it gets slow for whoever guesses, and for nobody else."""

from __future__ import annotations

import re
import threading
from collections import Counter

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.security import accounts
from app.security.sign_in_tries import place_of
from app.services import Services
from tests.conftest import Connection
from tests.integration.browser import PASSWORD, Browser
from tests.sign_in_tries import hold, wait

pytestmark = pytest.mark.usefixtures("cheap_passwords")


@pytest.fixture
def user_id(services: Services) -> int:
    return accounts.create_user(services, "mira", PASSWORD)


@pytest.fixture
def browser(client: FlaskClient, user_id: int) -> Browser:
    return Browser(client.application)


def _guess(browser: Browser, times: int, username: str = "mira") -> list[TestResponse]:
    form = browser.fields("/sign-in", "/sign-in") | {"username": username}
    return [browser.http.post("/sign-in", data=form | {"password": f"guess {n}"}) for n in range(times)]


def _fail(browser: Browser, conn: Connection) -> None:
    """Until the delay is longer than a test."""
    for _ in range(30):
        answer = _guess(browser, 1)[0]
        if answer.status_code == 429 and int(answer.headers["Retry-After"]) > 60:
            return
        wait(conn, int(answer.headers.get("Retry-After", 0)))
    raise AssertionError("it does not grow")


def _at(browser: Browser, address: str) -> Browser:
    browser.http.environ_base["REMOTE_ADDR"] = address
    return browser


def test_200_wrong_sign_ins_are_held_up_and_the_right_one_still_gets_in(browser: Browser, conn: Connection) -> None:
    statuses = Counter(answer.status_code for answer in _guess(browser, 200))

    # Five were free; a slow machine takes long enough for the shortest delays to end.
    assert statuses[401] + statuses[429] == 200
    assert 5 <= statuses[401] <= 12
    _fail(browser, conn)
    # The owner, elsewhere, at once; and from the very address after the delay that it was told.
    assert Browser(browser.app).sign_in("mira").status_code == 302
    refused = browser.sign_in("mira")
    assert refused.status_code == 429
    wait(conn, int(refused.headers["Retry-After"]))
    assert browser.sign_in("mira").status_code == 302


def test_who_has_to_wait_is_told_how_long_on_the_same_page(browser: Browser, conn: Connection) -> None:
    _fail(browser, conn)

    answer = browser.sign_in("mira", "not the password")

    assert answer.status_code == 429
    assert 30 < int(answer.headers["Retry-After"]) <= 128
    assert re.search(r"Too many tries: wait \d+ (seconds|minutes), then try again\.", answer.text)
    assert 'value="mira"' in answer.text
    assert "not the password" not in answer.text


def test_a_name_that_nobody_has_is_held_up_alike(browser: Browser, conn: Connection) -> None:
    for guesser, username in ((browser, "mira"), (Browser(browser.app), "nobody")):
        assert [answer.status_code for answer in _guess(guesser, 5, username)] == [401] * 5
        hold(conn)
        refused = _guess(guesser, 1, username)[0]
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")


def test_another_spelling_of_the_name_is_the_same_account(browser: Browser, conn: Connection) -> None:
    for username in ("mira", "MIRA", " mira", "Mira ", "mIRA"):
        assert _guess(browser, 1, username)[0].status_code == 401
    hold(conn)

    assert _guess(browser, 1, "miRA")[0].status_code == 429


def test_an_owner_whose_browser_is_known_gets_in_whatever_comes_from_the_same_router(
    browser: Browser, conn: Connection
) -> None:
    browser.sign_in("mira")
    browser.send("/sign-out", "/")
    guesser = _at(Browser(browser.app), browser.address)
    _guess(guesser, 60)
    for _ in range(15):
        wait(conn, 300)
        _guess(guesser, 3)
    hold(conn)
    assert _guess(guesser, 1)[0].status_code == 429

    assert browser.sign_in("mira").status_code == 302


def test_a_known_browser_is_known_for_its_own_account_only(
    browser: Browser, services: Services, conn: Connection
) -> None:
    """Else who has an account could guess at others as if from a place of their own."""
    accounts.create_user(services, "eve", PASSWORD)
    browser.sign_in("eve")
    browser.send("/sign-out", "/")
    _guess(_at(Browser(browser.app), browser.address), 6)
    hold(conn)

    assert _guess(browser, 1)[0].status_code == 429


def test_the_known_browsers_cookie_opens_nothing_and_cannot_be_made_up(browser: Browser, conn: Connection) -> None:
    answer = browser.sign_in("mira")
    cookies = [cookie for cookie in answer.headers.getlist("Set-Cookie") if cookie.startswith("tellykeep_browser=")]
    assert len(cookies) == 1
    for part in ("HttpOnly", "SameSite=Lax", "Path=/sign-in"):
        assert part in cookies[0]
    value = browser.http.get_cookie("tellykeep_browser", path="/sign-in").value  # type: ignore[union-attr]

    thief = Browser(browser.app)
    thief.http.set_cookie("tellykeep_browser", value)
    assert thief.get("/").status_code == 302
    forger = Browser(browser.app)
    _guess(forger, 5)
    hold(conn)
    payload, signature = value.rsplit(".", 1)
    # Not its last letter: of that one the last bits are of no signature.
    forged = f"{payload}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
    forger.http.set_cookie("tellykeep_browser", forged, path="/sign-in")
    assert _guess(forger, 1)[0].status_code == 429


def test_many_addresses_make_every_newcomer_wait_but_nobody_for_good(browser: Browser, conn: Connection) -> None:
    for n in range(30):
        _guess(_at(browser, f"203.0.113.{n}"), 1)
    owner = Browser(browser.app)
    first = owner.sign_in("mira")
    assert first.status_code == 429
    assert int(first.headers["Retry-After"]) <= 30
    for n in range(30, 60):
        _guess(_at(browser, f"203.0.113.{n}"), 1)
    wait(conn, int(first.headers["Retry-After"]))
    assert owner.sign_in("mira").status_code == 302


def test_one_address_that_tries_many_names_is_held_up_for_all_of_them(browser: Browser, conn: Connection) -> None:
    answers = [_guess(browser, 1, f"name {n}")[0] for n in range(20)]
    hold(conn)
    answers += [_guess(browser, 1, f"name {n}")[0] for n in range(20, 30)]

    assert Counter(answer.status_code for answer in answers) == {401: 20, 429: 10}


def test_another_address_of_the_same_ipv6_network_gives_no_more_tries(browser: Browser, conn: Connection) -> None:
    """A home, or a rented machine, has billions of them."""
    _fail(_at(browser, "2001:db8:1:2::1"), conn)

    assert _guess(_at(browser, "2001:db8:1:2:ffff::2"), 1)[0].status_code == 429
    assert _guess(_at(browser, "2001:db8:1:3::1"), 1)[0].status_code == 401


def test_an_ipv6_network_is_one_address() -> None:
    assert place_of("2001:db8:1:2:3:4:5:6") == place_of("2001:db8:1:2::ffff")
    assert place_of("2001:db8:1:2::1") != place_of("2001:db8:1:3::1")
    assert place_of("::ffff:192.0.2.1") == place_of("192.0.2.1")
    assert place_of("fe80::1%eth0") == place_of("fe80::2")
    assert place_of("unix") == place_of(None) == ""


def test_tries_at_the_same_moment_do_not_share_a_count(browser: Browser) -> None:
    form = browser.fields("/sign-in", "/sign-in") | {"username": "mira", "password": "wrong"}
    cookie = browser.http.get_cookie("tellykeep").value  # type: ignore[union-attr]
    start = threading.Barrier(12)
    statuses: list[int] = []

    def guess() -> None:
        http = _at(Browser(browser.app), browser.address).http
        http.set_cookie("tellykeep", cookie)
        start.wait()
        statuses.append(http.post("/sign-in", data=form).status_code)

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    # A slow machine takes long enough for the first delay to end.
    assert Counter(statuses)[401] <= 7
    assert Counter(statuses)[429] >= 5


def test_what_was_typed_as_a_name_is_not_kept(browser: Browser, conn: Connection) -> None:
    _guess(browser, 1, "my secret passphrase")

    rows = conn.execute("select key from sign_in_tries").fetchall()
    assert len(rows) == 3
    assert all(len(row["key"]) == 32 for row in rows)


def test_a_crowd_that_waits_for_its_hash_does_not_take_every_thread(
    services: Services, user_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "_in_line", threading.BoundedSemaphore(1))
    with accounts._turn():
        from app.errors import TooManyRequests

        with pytest.raises(TooManyRequests):
            accounts.authenticate(services, "mira", PASSWORD)
    assert accounts.authenticate(services, "mira", PASSWORD) == user_id
