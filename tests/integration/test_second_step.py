"""The second step of a sign-in, and who tries to get round it."""

from __future__ import annotations

import re
import threading
import time

import pyotp
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.security import accounts, totp
from app.security.crypto import CannotDecrypt
from app.services import Services
from app.web import second_step
from tests.conftest import Connection
from tests.integration.browser import PASSWORD, Browser
from tests.integration.test_web_pages import _text
from tests.sign_in_tries import hold, wait
from tests.watch_state import one, value

pytestmark = pytest.mark.usefixtures("cheap_passwords")

SECURITY = "/settings/security"
STEP = f"{SECURITY}/second-step"
CODE = "/sign-in/code"


class App:
    """An authenticator app. Each code opens once, so it is asked for that of the next half minute where one was used."""

    def __init__(self, secret: str) -> None:
        self._app = pyotp.TOTP(secret)

    def code(self, steps: int = 0) -> str:
        return self._app.at(time.time() + 30 * steps)

    def wrong(self) -> str:
        """Six digits that are none of the codes around now."""
        right = {self.code(steps) for steps in range(-3, 4)}
        return next(digits for digits in (f"{n:06}" for n in range(10)) if digits not in right)


@pytest.fixture
def user_id(services: Services) -> int:
    return accounts.create_user(services, "mira", PASSWORD)


@pytest.fixture
def browser(client: FlaskClient, user_id: int) -> Browser:
    browser = Browser(client.application)
    browser.sign_in("mira")
    return browser


def _begin(browser: Browser) -> App:
    browser.send(f"{STEP}/begin", SECURITY)
    found = re.search(r'<code class="tk-secret">([A-Z2-7 ]+)</code>', browser.get(STEP).text)
    assert found is not None
    return App(found[1].replace(" ", ""))


def _switch_on(browser: Browser, conn: Connection) -> tuple[App, list[str]]:
    """Switched on, and the code that did it may be used again by the test."""
    app = _begin(browser)
    answer = browser.send(STEP, code=app.code())
    assert answer.status_code == 200, _text(answer.text)
    conn.execute("update user_totp set last_step = 0")
    return app, re.findall(r"<li><code>([A-Z0-9-]{19})</code></li>", answer.text)


def _password_given(browser: Browser, **values: str) -> Browser:
    new = Browser(browser.app)
    assert new.sign_in("mira", **values).location == CODE
    return new


def _enter(browser: Browser, code: str) -> TestResponse:
    return browser.send(CODE, code=code)


def test_it_is_on_only_once_the_app_has_shown_a_right_code(browser: Browser, conn: Connection) -> None:
    app = _begin(browser)
    assert browser.send(STEP, code=app.wrong()).status_code == 403
    assert Browser(browser.app).sign_in("mira").location == "/"

    answer = browser.send(STEP, code=f" {app.code()[:3]} {app.code()[3:]} ")

    assert answer.status_code == 200
    assert "They are not shown again." in _text(answer.text)
    assert Browser(browser.app).sign_in("mira").location == CODE


def test_secret_and_picture_are_shown_until_it_is_on_and_never_after(browser: Browser, conn: Connection) -> None:
    _begin(browser)
    assert "<svg" in browser.get(STEP).text
    assert " style=" not in browser.get(STEP).text
    _switch_on(browser, conn)

    assert browser.get(STEP).location == SECURITY
    again = browser.http.post(f"{STEP}/begin", data=browser.fields(SECURITY, "/sign-out"))
    assert again.location == SECURITY
    assert "The second step is on already." in _text(browser.get(SECURITY).text)


def test_the_secret_is_encrypted_for_its_row(browser: Browser, conn: Connection, services: Services) -> None:
    _begin(browser)
    row = one(conn, "select user_id, secret from user_totp")

    assert re.fullmatch(r"[0-9a-f]{24}:[0-9a-f]{32}:[0-9a-f]+", row["secret"])
    assert services.cipher.decrypt(row["secret"], column="user_totp.secret", row=row["user_id"])
    with pytest.raises(CannotDecrypt):
        services.cipher.decrypt(row["secret"], column="user_totp.secret", row=row["user_id"] + 1)


def test_the_password_alone_opens_nothing(browser: Browser, conn: Connection) -> None:
    _switch_on(browser, conn)
    new = _password_given(browser)

    assert new.get("/").location == "/sign-in"
    assert new.get("/api/shows").status_code == 401


def test_password_and_code_open_and_lead_to_where_one_wanted_to_be(browser: Browser, conn: Connection) -> None:
    app, _ = _switch_on(browser, conn)
    new = _password_given(browser, next="/activity?status=conflict")

    assert _enter(new, app.code()).location == "/activity?status=conflict"
    assert new.get("/").status_code == 200


def test_the_password_given_again_ends_the_session_before(browser: Browser, conn: Connection) -> None:
    """A copy of the old cookie opens nothing any more, before and after the code."""
    _switch_on(browser, conn)
    thief = Browser(browser.app)
    thief.http.set_cookie("tellykeep", browser.http.get_cookie("tellykeep").value)  # type: ignore[union-attr]
    form = browser.fields("/", "/sign-out")
    assert browser.http.post("/sign-in", data=form | {"username": "mira", "password": PASSWORD}).location == CODE

    assert thief.get("/").status_code == 302


def test_a_link_with_a_long_way_on_does_not_keep_anybody_out(browser: Browser, conn: Connection) -> None:
    """It waits in the cookie meanwhile, and browsers drop one of more than 4 KB."""
    app, _ = _switch_on(browser, conn)
    signing_in = _password_given(browser, next="/activity?" + "x" * 7000)
    cookie = signing_in.http.get_cookie("tellykeep")
    assert cookie is not None
    assert len(cookie.value) < 3000
    assert _enter(signing_in, app.code()).location == "/"


def test_a_wrong_password_does_not_tell_that_there_is_a_second_step(browser: Browser, conn: Connection) -> None:
    _switch_on(browser, conn)

    answer = Browser(browser.app).sign_in("mira", "not the password")

    assert answer.status_code == 401
    assert "Username or password is wrong." in answer.text


def test_a_code_without_the_password_leads_to_the_sign_in(browser: Browser, conn: Connection) -> None:
    app, _ = _switch_on(browser, conn)
    new = Browser(browser.app)
    form = new.fields("/sign-in", "/sign-in")

    assert new.get(CODE).location == "/sign-in"
    assert new.http.post(CODE, data=form | {"code": app.code()}).location == "/sign-in"
    assert new.get("/").status_code == 302


def test_a_code_opens_once(browser: Browser, conn: Connection) -> None:
    app, _ = _switch_on(browser, conn)
    code = app.code()
    watcher = _password_given(browser)
    assert _enter(_password_given(browser), code).status_code == 303

    assert _enter(watcher, code).status_code == 401
    # Nor one that is older, though within the window.
    assert _enter(watcher, app.code(-1)).status_code == 401
    assert _enter(watcher, app.code(1)).status_code == 303


def test_of_two_with_the_same_code_at_once_one_gets_in(services: Services, browser: Browser, conn: Connection) -> None:
    app, _ = _switch_on(browser, conn)
    start, right = threading.Barrier(4), []

    def check() -> None:
        start.wait()
        right.append(totp._use_app_code(services, one_user, code))

    one_user, code = value(conn, "select id from users"), app.code()
    threads = [threading.Thread(target=check) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(right) == [False, False, False, True]


def test_clocks_may_differ_by_half_a_minute_and_not_by_more(browser: Browser, conn: Connection) -> None:
    app, _ = _switch_on(browser, conn)
    new = _password_given(browser)

    for steps, is_right in ((2, False), (-2, False), (1, True)):
        conn.execute("update user_totp set last_step = 0")
        # Not at the very turn of a half minute.
        if time.time() % 30 > 27:
            time.sleep(3.5)
        assert (_enter(new, app.code(steps)).status_code == 303) is is_right, steps


def test_a_recovery_code_opens_once_in_place_of_the_app(browser: Browser, conn: Connection) -> None:
    _, codes = _switch_on(browser, conn)
    assert len(set(codes)) == 10

    assert _enter(_password_given(browser), codes[3].lower().replace("-", " ")).status_code == 303
    assert _enter(_password_given(browser), codes[3]).status_code == 401
    assert "9 of 10 recovery codes are left." in _text(browser.get(SECURITY).text)


def test_recovery_codes_are_kept_as_hashes_and_are_their_owners_own(
    browser: Browser, conn: Connection, services: Services
) -> None:
    _, codes = _switch_on(browser, conn)
    eve = accounts.create_user(services, "eve", PASSWORD)

    rows = conn.execute("select code_hash from recovery_codes").fetchall()
    assert all(len(row["code_hash"]) == 32 for row in rows)
    assert not totp._use_recovery_code(services, eve, codes[0])


def test_new_recovery_codes_end_the_old_ones(browser: Browser, conn: Connection) -> None:
    _, old = _switch_on(browser, conn)

    answer = browser.send(f"{STEP}/recovery-codes", SECURITY)
    new = re.findall(r"<li><code>([A-Z0-9-]{19})</code></li>", answer.text)

    assert not set(new) & set(old)
    assert _enter(_password_given(browser), old[0]).status_code == 401
    assert _enter(_password_given(browser), new[0]).status_code == 303


def test_codes_are_not_found_out_by_trying_from_however_many_addresses(browser: Browser, conn: Connection) -> None:
    app, codes = _switch_on(browser, conn)
    statuses = []
    for _ in range(7):
        new = _password_given(browser)
        statuses += [_enter(new, app.wrong()).status_code for _ in range(3)]
    assert statuses[:20] == [401] * 20
    hold(conn)

    # Somebody who knows the password is at it: all have to wait, with a right code and a recovery code too.
    refused = _enter(_password_given(browser), app.code())
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "60"
    assert _enter(_password_given(browser), codes[0]).status_code == 429
    # But the owner's own browser does not.
    browser.send("/sign-out", "/")
    browser.sign_in("mira")
    assert _enter(browser, app.code()).status_code == 303
    wait(conn, 61)
    assert _enter(_password_given(browser), app.code(1)).status_code == 303


def test_between_the_steps_there_are_five_minutes(
    browser: Browser, conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, _ = _switch_on(browser, conn)
    monkeypatch.setattr(second_step, "LASTS_SECONDS", -1)
    new = _password_given(browser)

    assert new.get(CODE).location == "/sign-in"
    form = new.fields("/sign-in", "/sign-in")
    assert new.http.post(CODE, data=form | {"code": app.code()}).location == "/sign-in"


def test_a_password_that_was_changed_between_the_steps_ends_what_the_old_one_began(
    browser: Browser, conn: Connection
) -> None:
    app, _ = _switch_on(browser, conn)
    thief = _password_given(browser)
    fields = thief.fields(CODE, CODE)
    new = "another good password"
    browser.send(
        "/settings/account/password",
        "/settings/account",
        current_password=PASSWORD,
        password=new,
        password_again=new,
    )

    assert thief.http.post(CODE, data=fields | {"code": app.code()}).location == "/sign-in"
    assert thief.get("/").status_code == 302


def test_what_is_kept_between_the_steps_is_nobodys_session(browser: Browser, conn: Connection) -> None:
    _switch_on(browser, conn)
    sessions = value(conn, "select count(*) from sessions")
    new = Browser(browser.app)
    with new.http.session_transaction() as before:
        before["planted"] = "by somebody else"
    new.sign_in("mira")

    with new.http.session_transaction() as between:
        assert "planted" not in between
        assert "_user_id" not in between
    assert value(conn, "select count(*) from sessions") == sessions


def test_it_is_switched_off_with_a_code_only(browser: Browser, conn: Connection) -> None:
    app, _ = _switch_on(browser, conn)
    browser.send(f"{STEP}/off", SECURITY, code=app.wrong())
    assert "The second step stays on." in _text(browser.get(SECURITY).text)

    browser.send(f"{STEP}/off", SECURITY, code=app.code())

    assert "The second step is off" in _text(browser.get(SECURITY).text)
    assert Browser(browser.app).sign_in("mira").location == "/"
    assert value(conn, "select count(*) from recovery_codes") == 0


def test_without_the_password_a_while_after_the_sign_in_a_code_is_not_enough(
    browser: Browser, conn: Connection
) -> None:
    app, _ = _switch_on(browser, conn)
    conn.execute("update sessions set confirmed_at = now() - interval '601 seconds'")

    for action in ("off", "recovery-codes"):
        answer = browser.send(f"{STEP}/{action}", SECURITY, code=app.code())
        assert answer.location == f"/settings/confirm?next={SECURITY}"
    assert Browser(browser.app).sign_in("mira").location == CODE


def test_whoever_runs_it_takes_it_off_an_account(browser: Browser, conn: Connection, services: Services) -> None:
    _switch_on(browser, conn)

    assert totp.reset(services, "MIRA")
    assert not totp.reset(services, "mira")
    assert Browser(browser.app).sign_in("mira").location == "/"


def test_without_the_key_the_recovery_codes_still_open(browser: Browser, conn: Connection, services: Services) -> None:
    """As after a backup that was restored without it."""
    app, codes = _switch_on(browser, conn)
    secret = services.cipher.encrypt("another", column="user_totp.secret", row=0)
    conn.execute("update user_totp set secret = %s", (secret,))

    assert _enter(_password_given(browser), app.code()).status_code == 401
    assert _enter(_password_given(browser), codes[0]).status_code == 303


def test_codes_as_rfc_6238_has_them() -> None:
    """Its test vector for SHA-1, of which apps show six digits."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert pyotp.TOTP(secret).at(59) == "287082"
    assert pyotp.TOTP(secret).at(1111111109) == "081804"
