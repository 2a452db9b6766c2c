"""Sign-in, sessions and sign-out."""

from __future__ import annotations

from typing import Literal

import pytest
from argon2 import Parameters, PasswordHasher, extract_parameters
from flask.testing import FlaskClient

from app import create_app
from app.security import accounts, sessions
from app.services import Services
from tests.conftest import Connection
from tests.integration.browser import PASSWORD, Browser

pytestmark = pytest.mark.usefixtures("cheap_passwords")


@pytest.fixture
def user_id(services: Services) -> int:
    return accounts.create_user(services, "mira", PASSWORD, timezone="Europe/Berlin")


@pytest.fixture
def browser(client: FlaskClient, user_id: int) -> Browser:
    return Browser(client.application)


def _signed_in(browser: Browser) -> bool:
    return browser.get("/").status_code == 200


def test_the_right_password_opens_the_front_page(browser: Browser) -> None:
    answer = browser.sign_in("mira")

    assert (answer.status_code, answer.location) == (302, "/")
    assert _signed_in(browser)


def test_wrong_name_and_wrong_password_get_the_same_answer(browser: Browser) -> None:
    wrong_name = browser.sign_in("nobody")
    wrong_password = browser.sign_in("mira", "not the password")

    assert wrong_name.status_code == wrong_password.status_code == 401
    for answer in (wrong_name, wrong_password):
        assert "Username or password is wrong." in answer.text
    assert not _signed_in(browser)


@pytest.mark.parametrize("username", ["mi\x00ra", "\ud800", "x" * 5000])
def test_a_name_that_cannot_exist_is_nobody(services: Services, username: str) -> None:
    assert accounts.authenticate(services, username, PASSWORD) is None


@pytest.mark.parametrize("password", ["wrong", "x" * 300, "a\0b"], ids=["wrong", "too long", "none that can be"])
@pytest.mark.parametrize("username", ["mira", "nobody", "a\0b"], ids=["an account", "nobody", "none that can be"])
def test_how_long_a_wrong_try_takes_tells_nothing(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, username: str, password: str
) -> None:
    """Each costs one computation of one size: what is left of it is too little to be measured from outside."""
    costs: list[Parameters] = []

    class Counted(PasswordHasher):
        def verify(self, stored: str | bytes, tried: str | bytes) -> Literal[True]:
            costs.append(extract_parameters(str(stored)))
            return super().verify(stored, tried)

    cheap = accounts._hasher
    monkeypatch.setattr(accounts, "_hasher", Counted(cheap.time_cost, cheap.memory_cost, cheap.parallelism))

    assert browser.sign_in(username, password).status_code == 401
    assert [(cost.time_cost, cost.memory_cost) for cost in costs] == [(cheap.time_cost, cheap.memory_cost)]


def test_what_is_compared_with_for_nobody_is_made_as_a_password_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert not accounts._hasher.check_needs_rehash(accounts._hash_of_nobody())


def test_what_the_browser_had_before_does_not_survive_the_sign_in(browser: Browser) -> None:
    browser.get("/sign-in")
    with browser.http.session_transaction() as before:
        before["planted"] = "by somebody else"
        old_token = before["csrf_token"]
    browser.sign_in("mira")

    browser.get("/")
    with browser.http.session_transaction() as after:
        assert "planted" not in after
        assert after["csrf_token"] != old_token


def test_two_sign_ins_are_two_sessions(browser: Browser, client: FlaskClient, conn: Connection) -> None:
    browser.sign_in("mira")
    Browser(client.application).sign_in("mira")

    row = conn.execute("select count(distinct token_hash) as n from sessions").fetchone()
    assert row == {"n": 2}


def test_the_token_in_the_cookie_is_stored_as_a_hash_only(browser: Browser, conn: Connection) -> None:
    browser.sign_in("mira")
    with browser.http.session_transaction() as session:
        token = session["_user_id"]

    row = conn.execute("select token_hash, host(address) as address, user_agent from sessions").fetchone()
    assert row is not None
    assert bytes(row["token_hash"]) == accounts.token_hash(token)
    assert row["address"] == browser.address
    assert row["user_agent"].startswith("Werkzeug/")


def test_the_cookie_is_http_only_and_lax_and_plain_over_http(browser: Browser) -> None:
    cookie = browser.sign_in("mira").headers["Set-Cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_over_https_the_cookie_is_secure(browser: Browser) -> None:
    assert "Secure" in browser.get("/sign-in", base_url="https://localhost").headers["Set-Cookie"]


def test_behind_a_proxy_that_is_not_told_of_the_cookie_follows_public_url(services: Services) -> None:
    services.settings = services.settings.model_copy(update={"public_url": "https://tv.example.org"})
    accounts.create_user(services, "mira", PASSWORD)
    browser = Browser(create_app(services))

    assert "Secure" in browser.get("/sign-in", base_url="http://tv.example.org").headers["Set-Cookie"]
    # At home, past the proxy, a Secure cookie would never come back.
    assert "Secure" not in browser.get("/sign-in", base_url="http://nas.lan:8787").headers["Set-Cookie"]


def test_sign_out_ends_the_session_for_a_copy_of_its_cookie_too(browser: Browser, conn: Connection) -> None:
    browser.sign_in("mira")
    thief = Browser(browser.app)
    thief.http.set_cookie("tellykeep", browser.http.get_cookie("tellykeep").value)  # type: ignore[union-attr]
    assert _signed_in(thief)

    answer = browser.send("/sign-out", "/")

    assert answer.location == "/sign-in"
    assert not _signed_in(browser)
    assert not _signed_in(thief)
    assert conn.execute("select count(*) as n from sessions").fetchone() == {"n": 0}


@pytest.mark.parametrize(
    "change",
    [
        "last_seen_at = now() - interval '14 days 1 minute'",
        "expires_at = now() - interval '1 second'",
    ],
)
def test_an_idle_or_an_old_session_opens_nothing(browser: Browser, conn: Connection, change: str) -> None:
    browser.sign_in("mira")
    conn.execute(f"update sessions set {change}".encode())

    assert browser.get("/").location == "/sign-in"


def test_a_session_lasts_90_days_at_most(browser: Browser, conn: Connection) -> None:
    browser.sign_in("mira")

    row = conn.execute("select extract(day from expires_at - created_at)::int as days from sessions").fetchone()
    assert row == {"days": 90}


def test_the_next_sign_in_clears_old_sessions_away(browser: Browser, conn: Connection) -> None:
    browser.sign_in("mira")
    conn.execute("update sessions set expires_at = now() - interval '1 day'")
    Browser(browser.app).sign_in("mira")

    assert conn.execute("select count(*) as n from sessions").fetchone() == {"n": 1}


def test_when_it_was_seen_is_written_every_five_minutes_at_most(browser: Browser, conn: Connection) -> None:
    browser.sign_in("mira")

    def seen_after(age: str) -> bool:
        conn.execute("update sessions set last_seen_at = now() - %s::interval", (age,))
        browser.get("/")
        row = conn.execute("select last_seen_at > now() - interval '1 minute' as is_new from sessions").fetchone()
        assert row is not None
        return bool(row["is_new"])

    assert not seen_after("4 minutes")
    assert seen_after("6 minutes")


def test_a_cookie_signed_with_another_key_opens_nothing(browser: Browser, services: Services) -> None:
    browser.sign_in("mira")
    name, _, signature = browser.http.get_cookie("tellykeep").value.rpartition(".")  # type: ignore[union-attr]
    forged = Browser(browser.app)
    forged.http.set_cookie("tellykeep", f"{name}.{signature[::-1]}")

    assert not _signed_in(forged)


def test_a_sign_in_without_the_csrf_token_is_refused(browser: Browser) -> None:
    answer = browser.http.post("/sign-in", data={"username": "mira", "password": PASSWORD})

    assert answer.status_code == 403
    assert not _signed_in(browser)


def test_after_the_sign_in_it_goes_on_to_where_one_wanted_to_be(browser: Browser) -> None:
    wanted = browser.get("/activity?status=conflict")
    assert wanted.location == "/sign-in?next=/activity?status%3Dconflict"

    form = browser.fields(wanted.location, "/sign-in")
    answer = browser.http.post("/sign-in", data=form | {"username": "mira", "password": PASSWORD})

    assert answer.location == "/activity?status=conflict"


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example"])
def test_it_never_goes_on_to_another_host(browser: Browser, target: str) -> None:
    assert browser.sign_in("mira", next=target).location == "/"
    assert browser.get("/sign-in", query_string={"next": target}).location == "/"


def test_a_session_is_found_with_one_query(services: Services, user_id: int) -> None:
    token = sessions.start(services, user_id, user_agent=None, address=None)

    identity = sessions.find(services, token)

    assert identity is not None
    assert (identity.user_id, identity.username, identity.timezone) == (user_id, "mira", "Europe/Berlin")
    assert (identity.scope, identity.via) == ("write", "session")
    assert sessions.find(services, token + "x") is None
