"""The first account, made by whoever can read the setup code."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.errors import Forbidden, Invalid, StateConflict, TellykeepError
from app.security import accounts
from app.services import Services
from tests.conftest import Connection
from tests.integration.browser import PASSWORD, Browser

pytestmark = pytest.mark.usefixtures("cheap_passwords")


@pytest.fixture
def browser(client: FlaskClient) -> Browser:
    return Browser(client.application)


@pytest.fixture
def code(services: Services) -> str:
    made = accounts.ensure_setup_code(services)
    assert made is not None
    return made


def _users(conn: Connection) -> list[dict[str, Any]]:
    return conn.execute("select username, is_admin, timezone from users order by id").fetchall()


def test_without_an_account_every_page_leads_to_the_setup(browser: Browser) -> None:
    answer = browser.get("/", follow_redirects=True)

    assert answer.request.path == "/setup"
    assert answer.status_code == 200
    assert "docker compose logs" in answer.text


def test_the_right_code_makes_an_admin_and_signs_in(browser: Browser, code: str, conn: Connection) -> None:
    answer = browser.send(
        "/setup", code=code, username="mira", password=PASSWORD, password_again=PASSWORD, timezone="Europe/Berlin"
    )

    assert (answer.status_code, answer.location) == (302, "/welcome")
    assert _users(conn) == [{"username": "mira", "is_admin": True, "timezone": "Europe/Berlin"}]
    assert browser.get("/").status_code == 200


def test_the_account_has_settings_and_a_webhook_that_opens(
    browser: Browser, code: str, conn: Connection, services: Services
) -> None:
    browser.send("/setup", code=code, username="mira", password=PASSWORD, password_again=PASSWORD)

    row = conn.execute(
        "select c.*, s.user_id as settings_of from plex_config c join settings s using (user_id)"
    ).fetchone()
    assert row is not None
    secret = services.cipher.decrypt(row["webhook_secret"], column="plex_config.webhook_secret", row=row["user_id"])
    assert services.webhook_secrets.owner(secret) == row["user_id"]


def test_case_spaces_and_dashes_of_the_code_do_not_matter(services: Services, code: str) -> None:
    assert accounts.create_first_account(services, f"  {code.lower().replace('-', ' ')} ", "mira", PASSWORD) > 0


def test_a_wrong_code_makes_no_account_and_keeps_what_was_typed(browser: Browser, code: str, conn: Connection) -> None:
    answer = browser.send("/setup", code="AAAA-AAAA", username="mira", password=PASSWORD, password_again=PASSWORD)

    assert answer.status_code == 403
    assert "not the setup code" in answer.text
    assert 'value="mira"' in answer.text
    assert PASSWORD not in answer.text
    assert _users(conn) == []


def test_two_different_passwords_cost_no_try(browser: Browser, code: str, conn: Connection) -> None:
    answer = browser.send("/setup", code=code, username="mira", password=PASSWORD, password_again="another one")

    assert answer.status_code == 400
    assert conn.execute("select setup_attempts from installation").fetchone() == {"setup_attempts": 0}


def test_the_eleventh_try_is_refused_even_with_the_right_code_until_the_next_start(
    services: Services, code: str, conn: Connection
) -> None:
    for _ in range(accounts.SETUP_ATTEMPTS):
        with pytest.raises(Forbidden, match="not the setup code"):
            accounts.create_first_account(services, "WRONG", "mira", PASSWORD)

    with pytest.raises(Forbidden, match="restart"):
        accounts.create_first_account(services, code, "mira", PASSWORD)
    assert _users(conn) == []

    new = accounts.ensure_setup_code(services)
    assert new is not None
    assert accounts.create_first_account(services, new, "mira", PASSWORD)


def test_an_address_has_ten_tries_a_minute_whatever_they_cost(browser: Browser, code: str, conn: Connection) -> None:
    form = browser.fields("/setup", "/setup") | {"code": code, "username": "", "password": "x", "password_again": "x"}

    statuses = [browser.http.post("/setup", data=form).status_code for _ in range(12)]

    assert statuses == [400] * 10 + [429] * 2
    assert conn.execute("select setup_attempts from installation").fetchone() == {"setup_attempts": 0}


def test_a_new_start_makes_the_old_code_useless(services: Services, code: str) -> None:
    accounts.ensure_setup_code(services)

    with pytest.raises(Forbidden):
        accounts.create_first_account(services, code, "mira", PASSWORD)


def test_the_code_ends_with_its_use_and_none_is_made_any_more(services: Services, code: str) -> None:
    accounts.create_first_account(services, code, "mira", PASSWORD)

    with pytest.raises(StateConflict):
        accounts.create_first_account(services, code, "eve", PASSWORD)
    assert accounts.ensure_setup_code(services) is None


def test_an_account_from_the_command_line_ends_the_code(services: Services, code: str) -> None:
    accounts.create_user(services, "mira", PASSWORD, is_admin=True)

    with pytest.raises(StateConflict):
        accounts.create_first_account(services, code, "eve", PASSWORD)


def test_the_code_is_stored_hashed(services: Services, code: str, conn: Connection) -> None:
    row = conn.execute("select setup_code_hash from installation").fetchone()
    assert row is not None
    assert len(row["setup_code_hash"]) == 32
    assert code.replace("-", "").encode() not in bytes(row["setup_code_hash"])


def test_of_four_with_the_right_code_at_once_one_gets_the_account(
    services: Services, code: str, conn: Connection
) -> None:
    outcomes: list[object] = []
    start = threading.Barrier(4)

    def make(number: int) -> None:
        start.wait()
        try:
            outcomes.append(accounts.create_first_account(services, code, f"user{number}", PASSWORD))
        except TellykeepError as error:
            outcomes.append(type(error))

    threads = [threading.Thread(target=make, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(_users(conn)) == 1
    assert outcomes.count(StateConflict) == 3


def test_with_an_account_the_setup_is_gone(browser: Browser, services: Services) -> None:
    accounts.create_user(services, "mira", PASSWORD)

    assert browser.get("/setup").location == "/sign-in"


@pytest.mark.parametrize(
    ("username", "password", "field"),
    [
        ("", PASSWORD, "username"),
        ("x" * 65, PASSWORD, "username"),
        (" mira", PASSWORD, "username"),
        ("mi\x00ra", PASSWORD, "username"),
        ("mi\u202era", PASSWORD, "username"),
        ("\ud800", PASSWORD, "username"),
        ("mira", "1234567", "password"),
        ("mira", "x" * 257, "password"),
        ("mira", "1234567\x00", "password"),
        ("mira", "1234567\ud800", "password"),
    ],
)
def test_what_no_account_can_have_is_refused_by_name(
    services: Services, username: str, password: str, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        accounts.create_user(services, username, password)

    assert list(refused.value.fields) == [field]


@pytest.mark.parametrize("timezone", ["Mars/Olympus", "../../etc/passwd", "", "x" * 70])
def test_a_time_zone_that_does_not_exist_is_refused(services: Services, timezone: str) -> None:
    with pytest.raises(Invalid) as refused:
        accounts.create_user(services, "mira", PASSWORD, timezone=timezone)

    assert list(refused.value.fields) == ["timezone"]


def test_passwords_of_8_and_256_characters_are_taken(services: Services) -> None:
    for username, password in (("short", "ü2345678"), ("long", "p" * 256)):
        user_id = accounts.create_user(services, username, password)
        assert accounts.authenticate(services, username, password) == user_id


def test_a_name_that_differs_in_case_only_is_taken_already(services: Services) -> None:
    accounts.create_user(services, "Mira", PASSWORD)

    with pytest.raises(StateConflict) as refused:
        accounts.create_user(services, "mIRA", PASSWORD)
    assert list(refused.value.fields) == ["username"]


def test_a_failed_account_leaves_nothing_behind(
    services: Services, conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_cipher(*_: object, **__: object) -> str:
        raise RuntimeError("the key is gone")

    monkeypatch.setattr(services.cipher, "encrypt", no_cipher)
    with pytest.raises(RuntimeError):
        accounts.create_user(services, "mira", PASSWORD)

    assert _users(conn) == []
