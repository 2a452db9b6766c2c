"""Settings → Security: the browsers that are signed in, and the question for the password before a way in is changed."""

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

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile Safari/604.1"
SECURITY = "/settings/security"


@pytest.fixture
def user_id(services: Services) -> int:
    return accounts.create_user(services, "mira", PASSWORD)


@pytest.fixture
def browser(client: FlaskClient, user_id: int) -> Browser:
    browser = Browser(client.application)
    browser.http.environ_base["HTTP_USER_AGENT"] = FIREFOX
    browser.sign_in("mira")
    return browser


def _other(browser: Browser, username: str = "mira", agent: str = PHONE) -> Browser:
    other = Browser(browser.app)
    other.http.environ_base["HTTP_USER_AGENT"] = agent
    assert other.sign_in(username).status_code == 302
    return other


def _later(conn: Connection) -> None:
    """Ten minutes after the sign-in."""
    conn.execute("update sessions set confirmed_at = now() - interval '601 seconds'")


def _id_of(conn: Connection, address: str) -> int:
    session_id: int = value(conn, "select id from sessions where host(address) = %s", (address,))
    return session_id


def test_every_browser_is_listed_with_where_and_what_it_is(browser: Browser) -> None:
    phone = _other(browser)

    page = _text(browser.get(SECURITY).text)

    assert "Firefox on Linux This browser" in page
    assert "Safari on iPhone" in page
    assert browser.address in page
    assert phone.address in page


def test_a_browser_that_calls_itself_html_is_shown_as_text(browser: Browser) -> None:
    _other(browser, agent="<script>alert(1)</script>")

    page = browser.get(SECURITY).text

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_one_is_signed_out_and_the_others_stay(browser: Browser, conn: Connection) -> None:
    phone, tablet = _other(browser), _other(browser)

    answer = browser.send(f"{SECURITY}/sessions/{_id_of(conn, phone.address)}/end", SECURITY)

    assert answer.location == SECURITY
    assert "That browser is signed out." in _text(browser.get(SECURITY).text)
    assert phone.get("/").status_code == 302
    assert tablet.get("/").status_code == browser.get("/").status_code == 200


def test_all_others_are_signed_out_and_this_one_stays(browser: Browser, services: Services) -> None:
    accounts.create_user(services, "otto", PASSWORD)
    others = [_other(browser) for _ in range(3)]
    otto = _other(browser, "otto")

    browser.send(f"{SECURITY}/sessions/end-others", SECURITY)

    assert "3 other browsers are signed out." in _text(browser.get(SECURITY).text)
    assert [other.get("/").status_code for other in others] == [302] * 3
    assert otto.get("/").status_code == 200


def test_nobody_ends_or_sees_the_sessions_of_others(browser: Browser, services: Services, conn: Connection) -> None:
    accounts.create_user(services, "eve", PASSWORD)
    eve = _other(browser, "eve")
    form = eve.fields(SECURITY, "/sign-out")

    assert browser.address not in eve.get(SECURITY).text
    for session_id in (_id_of(conn, browser.address), 0, 10**30):
        answer = eve.http.post(f"{SECURITY}/sessions/{session_id}/end", data=form)
        assert answer.status_code == 404
    assert "There is no such session (any more)." in _text(answer.text)
    assert browser.get("/").status_code == 200


def test_the_sign_in_again_ends_the_session_before(browser: Browser, conn: Connection) -> None:
    """A copy of the old cookie opens nothing any more."""
    thief = Browser(browser.app)
    thief.http.set_cookie("tellykeep", browser.http.get_cookie("tellykeep").value)  # type: ignore[union-attr]
    form = browser.fields("/", "/sign-out")
    browser.http.post("/sign-in", data=form | {"username": "mira", "password": PASSWORD})

    assert browser.get("/").status_code == 200
    assert thief.get("/").status_code == 302


@pytest.mark.parametrize(
    ("action", "page"),
    [
        (f"{SECURITY}/second-step/begin", SECURITY),
        ("/settings/account/delete", "/settings/account"),
        ("/settings/tokens", "/settings/tokens"),
    ],
)
def test_a_while_after_the_sign_in_the_password_is_asked_for_first(
    browser: Browser, conn: Connection, action: str, page: str
) -> None:
    _later(conn)

    answer = browser.send(action, page)

    assert answer.location == f"/settings/confirm?next={page}"
    assert value(conn, "select count(*) from user_totp") == value(conn, "select count(*) from api_tokens") == 0


def test_after_the_password_it_goes_on_for_ten_minutes(browser: Browser, conn: Connection) -> None:
    _later(conn)
    asked = f"/settings/confirm?next={SECURITY}"

    form = browser.fields(asked, "/settings/confirm")
    answer = browser.http.post("/settings/confirm", data=form | {"current_password": PASSWORD})

    assert answer.location == SECURITY
    assert browser.send(f"{SECURITY}/second-step/begin", SECURITY).location == f"{SECURITY}/second-step"


def test_the_question_leads_to_no_other_host(browser: Browser) -> None:
    form = browser.fields("/settings/confirm", "/settings/confirm")
    answer = browser.http.post(
        "/settings/confirm", data=form | {"current_password": PASSWORD, "next": "//evil.example"}
    )

    assert answer.location == "/"


def test_a_stolen_session_does_not_find_the_password_out_by_trying(browser: Browser, conn: Connection) -> None:
    _later(conn)
    statuses = [browser.send("/settings/confirm", current_password=f"guess {n}").status_code for n in range(5)]
    hold(conn)
    refused = browser.send("/settings/confirm", current_password=PASSWORD)

    assert statuses == [403] * 5
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "60"
    # The owner's sign-in is not held up by it.
    assert Browser(browser.app).sign_in("mira").status_code == 302
