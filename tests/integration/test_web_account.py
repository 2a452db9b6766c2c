"""Settings → Account: name, password, and the end of an account."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from app.security import accounts
from app.services import Services
from tests.conftest import Connection
from tests.integration.browser import PASSWORD, Browser
from tests.integration.test_web_pages import _text
from tests.sign_in_tries import hold
from tests.watch_state import value

pytestmark = pytest.mark.usefixtures("cheap_passwords")

ACCOUNT = "/settings/account"
NEW = "another good password"


@pytest.fixture
def user_id(services: Services) -> int:
    return accounts.create_user(services, "mira", PASSWORD)


@pytest.fixture
def browser(client: FlaskClient, user_id: int) -> Browser:
    browser = Browser(client.application)
    browser.sign_in("mira")
    return browser


def _change(browser: Browser, now: str = PASSWORD, new: str = NEW, again: str | None = None) -> int:
    return browser.send(
        f"{ACCOUNT}/password",
        ACCOUNT,
        current_password=now,
        password=new,
        password_again=new if again is None else again,
    ).status_code


def _sign_in(browser: Browser, username: str, password: str = PASSWORD) -> int:
    return Browser(browser.app).sign_in(username, password).status_code


def test_a_changed_password_signs_every_other_browser_out_and_a_copy_of_this_cookie_too(browser: Browser) -> None:
    other = Browser(browser.app)
    other.sign_in("mira")
    thief = Browser(browser.app)
    thief.http.set_cookie("tellykeep", browser.http.get_cookie("tellykeep").value)  # type: ignore[union-attr]

    assert _change(browser) == 303

    assert "1 other browser was signed out." in _text(browser.get(ACCOUNT).text)
    assert other.get("/").status_code == thief.get("/").status_code == 302
    assert (_sign_in(browser, "mira"), _sign_in(browser, "mira", NEW)) == (401, 302)


@pytest.mark.parametrize(
    ("values", "status", "said"),
    [
        ({"now": "not the password"}, 403, "Expected: the password that you have now."),
        ({"new": "short"}, 400, "Expected: 8 to 256 characters."),
        ({"again": "something else"}, 400, "Expected: the same password again."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_changed(
    browser: Browser, values: dict[str, str], status: int, said: str
) -> None:
    new, again = values.get("new", NEW), values.get("again", values.get("new", NEW))
    answer = browser.send(
        f"{ACCOUNT}/password",
        ACCOUNT,
        current_password=values.get("now", PASSWORD),
        password=new,
        password_again=again,
    )

    assert answer.status_code == status
    assert said in _text(answer.text)
    assert NEW not in answer.text
    assert _sign_in(browser, "mira") == 302


def test_the_password_now_is_not_found_out_by_trying(browser: Browser, conn: Connection) -> None:
    assert [_change(browser, now=f"guess {n}") for n in range(5)] == [403] * 5
    hold(conn)

    assert _change(browser) == 429


def test_api_tokens_outlive_the_password(browser: Browser, services: Services) -> None:
    token = accounts.create_token(services, "mira")
    _change(browser)

    assert accounts.identify_token(services, token) is not None


def test_another_name_signs_in_and_the_old_one_does_not(browser: Browser) -> None:
    assert browser.send(f"{ACCOUNT}/name", ACCOUNT, username=" Miranda ").status_code == 303

    assert "Signed in as Miranda" in _text(browser.get("/").text)
    assert (_sign_in(browser, "mira"), _sign_in(browser, "miranda")) == (401, 302)


@pytest.mark.parametrize(("name", "status"), [("OTTO", 409), ("", 400), ("x" * 65, 400), ("mi\u202era", 400)])
def test_a_name_that_cannot_be_taken_is_refused(browser: Browser, services: Services, name: str, status: int) -> None:
    accounts.create_user(services, "otto", PASSWORD)

    answer = browser.send(f"{ACCOUNT}/name", ACCOUNT, username=name)

    assert answer.status_code == status
    assert "Expected:" in _text(answer.text)
    assert _sign_in(browser, "mira") == 302


def test_an_account_is_deleted_with_everything_once_its_name_is_typed(
    browser: Browser, services: Services, conn: Connection, user_id: int
) -> None:
    accounts.create_user(services, "olga", PASSWORD, is_admin=True)
    browser.send(f"{ACCOUNT}/delete", ACCOUNT, typed_name="olga")
    assert "To delete your account, type its name." in _text(browser.get(ACCOUNT).text)

    answer = browser.send(f"{ACCOUNT}/delete", ACCOUNT, typed_name="Mira")

    assert answer.location == "/sign-in"
    assert browser.get("/").status_code == 302
    assert value(conn, "select count(*) from users where id = %s", (user_id,)) == 0
    assert value(conn, "select count(*) from plex_config where user_id = %s", (user_id,)) == 0
    assert _sign_in(browser, "mira") == 401


def test_the_last_administrator_stays(client: FlaskClient, services: Services, conn: Connection) -> None:
    accounts.create_user(services, "otto", PASSWORD)
    olga_id = accounts.create_user(services, "olga", PASSWORD, is_admin=True)
    olga = Browser(client.application)
    olga.sign_in("olga")

    olga.send(f"{ACCOUNT}/delete", ACCOUNT, typed_name="olga")

    assert "This is the last administrator's account" in _text(olga.get(ACCOUNT).text)
    assert value(conn, "select count(*) from users where id = %s", (olga_id,)) == 1


def test_an_account_without_a_password_gets_one_shortly_after_its_sign_in(
    browser: Browser, conn: Connection, user_id: int
) -> None:
    conn.execute("update users set has_password = false")
    conn.execute("update sessions set confirmed_at = now() - interval '601 seconds'")
    values = {"password": NEW, "password_again": NEW}
    assert browser.send(f"{ACCOUNT}/password", ACCOUNT, **values).status_code == 403
    conn.execute("update sessions set confirmed_at = now()")

    assert browser.send(f"{ACCOUNT}/password", ACCOUNT, **values).status_code == 303
    assert _sign_in(browser, "mira", NEW) == 302
