"""Single sign-on by an OpenID provider, and those who try to come in by it as somebody else."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from secrets import token_hex
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from pydantic import SecretStr
from werkzeug.test import TestResponse

from app import create_app
from app.security import accounts, oidc_client
from app.services import Services
from app.web.oidc import LINKING
from tests.conftest import Connection
from tests.fakes.oidc import CLIENT_ID, CLIENT_SECRET, FakeProvider, fake_provider
from tests.integration.browser import PASSWORD, Browser
from tests.integration.test_web_pages import _text
from tests.watch_state import one, value

pytestmark = pytest.mark.usefixtures("cheap_passwords")

GO = "/sign-in/oidc"
BACK = "/sign-in/oidc/callback"
SECURITY = "/settings/security"


def _configure(services: Services, **values: Any) -> None:
    services.settings = services.settings.model_copy(update=values)


@pytest.fixture
def provider(services: Services) -> Iterator[FakeProvider]:
    with fake_provider() as running:
        _configure(
            services,
            oidc_issuer=running.url,
            oidc_client_id=CLIENT_ID,
            oidc_client_secret=SecretStr(CLIENT_SECRET),
            oidc_name="Home ID",
        )
        yield running


@pytest.fixture
def browser(provider: FakeProvider, services: Services) -> Browser:
    accounts.create_user(services, "mira", PASSWORD, is_admin=True)
    return Browser(create_app(services))


def _there(browser: Browser, provider: FakeProvider, path: str = GO) -> dict[str, str]:
    """On to the provider; what it is asked with."""
    answer = browser.get(path)
    assert answer.status_code == 302, _text(answer.text)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(answer.location).query).items()}
    provider.nonce = asked.get("nonce", "")
    return asked


def _and_back(browser: Browser, provider: FakeProvider, path: str = GO) -> TestResponse:
    asked = _there(browser, provider, path)
    return browser.get(BACK, query_string={"code": "code-1", "state": asked["state"]})


def _link(browser: Browser, provider: FakeProvider) -> TestResponse:
    page = browser.send(f"{SECURITY}/single-sign-on/link", SECURITY)
    assert f'content="0; url={GO}"' in page.text
    return _and_back(browser, provider)


def _linked(browser: Browser, provider: FakeProvider) -> Browser:
    """Another browser, with mira's account linked."""
    browser.sign_in("mira")
    _link(browser, provider)
    return Browser(browser.app)


def _is_signed_in(browser: Browser) -> bool:
    return browser.get("/").status_code == 200


# What is asked, and how it goes on.


def test_the_button_is_there_only_where_there_is_a_provider(browser: Browser, services: Services) -> None:
    assert "Sign in with Home ID" in _text(browser.get("/sign-in").text)

    _configure(services, oidc_issuer=None)
    assert "Home ID" not in browser.get("/sign-in").text
    assert browser.get(GO).location == browser.get(BACK).location == "/sign-in"


def test_it_is_asked_with_state_nonce_and_pkce_and_nothing_secret(browser: Browser, provider: FakeProvider) -> None:
    first, second = _there(browser, provider), _there(browser, provider)

    assert first["response_type"] == "code"
    assert first["client_id"] == CLIENT_ID
    assert first["redirect_uri"] == f"http://localhost{BACK}"
    assert first["code_challenge_method"] == "S256"
    assert set(first["scope"].split()) == {"openid", "profile"}
    assert CLIENT_SECRET not in str(first)
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name]) >= 20
        assert first[name] != second[name]


def test_people_are_sent_back_to_the_public_address(
    browser: Browser, provider: FakeProvider, services: Services
) -> None:
    _configure(services, public_url="https://tv.example.org")

    assert _there(browser, provider)["redirect_uri"] == f"https://tv.example.org{BACK}"


def test_who_is_linked_is_signed_in_and_goes_on_to_where_they_wanted(
    browser: Browser, provider: FakeProvider, conn: Connection
) -> None:
    new = _linked(browser, provider)

    answer = _and_back(new, provider, f"{GO}?next=/activity%3Fstatus%3Dconflict")

    assert answer.location == "/activity?status=conflict"
    assert _is_signed_in(new)
    sent = provider.token_requests[-1]
    assert sent["code"] == "code-1"
    assert sent["client_secret"] == CLIENT_SECRET
    assert len(sent["code_verifier"]) >= 43
    assert value(conn, "select count(*) from sessions where came_by = 'oidc'") == 1


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_it_never_goes_on_to_another_host(browser: Browser, provider: FakeProvider, target: str) -> None:
    new = _linked(browser, provider)
    asked = _there(new, provider, f"{GO}?next={target}")

    assert new.get(BACK, query_string={"code": "c", "state": asked["state"]}).location == "/"


def test_who_is_led_there_again_and_again_can_still_sign_in(browser: Browser, provider: FakeProvider) -> None:
    """Each way there waits in the cookie, and browsers drop one of more than 4 KB."""
    new = _linked(browser, provider)
    for _ in range(5):
        first, last = _there(new, provider, f"{GO}?next=/{token_hex(495)}"), _there(new, provider)
        cookie = new.http.get_cookie("tellykeep")
        assert cookie is not None
        assert len(cookie.value) < 3800

    # Two tabs at once still work.
    assert first["state"] != last["state"]
    assert new.get(BACK, query_string={"code": "c", "state": last["state"]}).location == "/"


def test_what_the_browser_had_before_does_not_survive_it(browser: Browser, provider: FakeProvider) -> None:
    new = _linked(browser, provider)
    with new.http.session_transaction() as before:
        before["planted"] = "by somebody else"
    _and_back(new, provider)

    with new.http.session_transaction() as after:
        assert set(after) <= {"_user_id", "_fresh", "_id", "_permanent", "csrf_token", "_flashes"}


# Who it is.


def test_somebody_who_is_not_linked_gets_in_nowhere(browser: Browser, provider: FakeProvider, conn: Connection) -> None:
    provider.claims = {"preferred_username": "mira", "email": "mira@example.org", "email_verified": True}

    answer = _and_back(browser, provider)

    assert answer.status_code == 403
    assert "No account here is linked with yours there" in _text(answer.text)
    assert not _is_signed_in(browser)
    assert value(conn, "select count(*) from users") == 1


def test_an_account_is_not_taken_over_by_its_name_or_address(
    browser: Browser, provider: FakeProvider, services: Services, conn: Connection
) -> None:
    """Even where somebody new gets an account: who can choose a name at the provider would be anybody here."""
    _configure(services, oidc_new_accounts=True)
    for name in ("mira", "MIRA", " mira "):
        provider.claims = {"preferred_username": name, "email": "mira@example.org", "email_verified": True}
        answer = _and_back(browser, provider)
        assert answer.status_code == 403
        assert "An account of your name is here already" in _text(answer.text)
    assert not _is_signed_in(browser)
    assert value(conn, "select count(*) from oidc_links") == 0


def test_somebody_new_gets_an_account_only_where_that_is_wanted(
    browser: Browser, provider: FakeProvider, services: Services, conn: Connection
) -> None:
    _configure(services, oidc_new_accounts=True)
    provider.claims = {"preferred_username": "anna"}
    assert _and_back(browser, provider).location == "/"

    row = one(conn, "select id, is_admin, has_password from users where username = 'anna'")
    assert (row["is_admin"], row["has_password"]) == (False, False)
    assert value(conn, "select count(*) from plex_config where user_id = %s", (row["id"],)) == 1
    # The next time it is the same account, whatever she is called there by then.
    provider.claims = {"preferred_username": "anna the great"}
    assert _and_back(Browser(browser.app), provider).location == "/"
    assert value(conn, "select count(*) from users") == 2


def test_a_name_that_is_told_only_when_asked_is_asked_for(
    browser: Browser, provider: FakeProvider, services: Services, conn: Connection
) -> None:
    _configure(services, oidc_new_accounts=True)
    provider.userinfo = {"sub": "person-2", "preferred_username": "olga"}
    assert _and_back(browser, provider).status_code == 403  # said of another person

    provider.userinfo = {"sub": "person-1", "preferred_username": "anna"}
    assert _and_back(browser, provider).location == "/"
    assert value(conn, "select count(*) from users where username = 'anna'") == 1


@pytest.mark.parametrize("name", ["x" * 65, "\u202eanna", "an\x00na", "<script>" * 20])
def test_a_name_that_no_account_can_have_makes_none(
    browser: Browser, provider: FakeProvider, services: Services, conn: Connection, name: str
) -> None:
    _configure(services, oidc_new_accounts=True)
    provider.claims = {"preferred_username": name}

    assert _and_back(browser, provider).status_code == 403
    assert value(conn, "select count(*) from users") == 1


def test_the_first_account_is_never_made_by_a_provider(
    browser: Browser, provider: FakeProvider, services: Services, conn: Connection
) -> None:
    _configure(services, oidc_new_accounts=True)
    asked = _there(browser, provider)
    conn.execute("delete from users")

    assert browser.get(BACK, query_string={"code": "c", "state": asked["state"]}).location == "/setup"
    assert browser.get(GO).location == "/setup"
    assert value(conn, "select count(*) from users") == 0


# Ways back that are none.


def test_a_way_back_that_was_not_begun_in_this_browser_is_refused(browser: Browser, provider: FakeProvider) -> None:
    """Else somebody could have another one signed in to their own account (login CSRF)."""
    attacker = _linked(browser, provider)
    state = _there(attacker, provider)["state"]
    victim = Browser(browser.app)
    _there(victim, provider)

    for query in ({"code": "c", "state": state}, {"code": "c"}, {"code": "c", "state": ""}, {}):
        answer = victim.get(BACK, query_string=query)
        assert answer.status_code == 403
        assert "was not begun in this browser" in _text(answer.text)
    assert not _is_signed_in(victim)


def test_each_way_back_counts_once(browser: Browser, provider: FakeProvider) -> None:
    new = _linked(browser, provider)
    asked = _there(new, provider)
    query = {"code": "code-1", "state": asked["state"]}
    assert new.get(BACK, query_string=query).status_code == 302
    new.send("/sign-out", "/")

    assert new.get(BACK, query_string=query).status_code == 403


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "of another sign-in"},
        {"nonce": None},
        {"aud": "another client"},
        {"aud": ["another client", "and another"]},
        {"iss": "https://evil.example"},
        {"exp": 1_700_000_000},  # long over; a moment from now would name the test differently in each process
        {"exp": None},
        {"iat": None},
        {"sub": None},
        {"aud": ["tellykeep", "another client"], "azp": "another client"},
        {"aud": "another client", "azp": "tellykeep"},
        {"aud": ["another client"], "azp": "tellykeep"},
    ],
    ids=str,
)
def test_a_token_that_says_something_else_opens_nothing(
    browser: Browser, provider: FakeProvider, claims: dict[str, Any]
) -> None:
    new = _linked(browser, provider)
    provider.claims = claims

    assert _and_back(new, provider).status_code in (403, 503)
    assert not _is_signed_in(new)


@pytest.mark.parametrize("signing", ["other key", "none", "secret"])
def test_a_token_that_the_provider_did_not_sign_opens_nothing(
    browser: Browser, provider: FakeProvider, signing: str
) -> None:
    """Though it says that it signs with nothing, and with a secret, too."""
    new = _linked(browser, provider)
    provider.signing = signing

    assert _and_back(new, provider).status_code in (403, 503)
    assert not _is_signed_in(new)


def test_an_error_from_there_is_told_in_our_words(browser: Browser, provider: FakeProvider) -> None:
    state = _there(browser, provider)["state"]
    lure = "call 0900-EVIL now <script>alert(1)</script>"

    answer = browser.get(BACK, query_string={"error": "access_denied", "error_description": lure, "state": state})

    assert answer.status_code == 403
    assert "The sign-in was refused or broken off there." in _text(answer.text)
    assert "0900" not in _text(answer.text)
    assert "<script>alert" not in answer.text


# A provider that is away, or another one.


def test_while_it_is_away_that_is_said_and_passwords_work(browser: Browser, provider: FakeProvider) -> None:
    provider.down = True

    answer = browser.get(GO)

    assert answer.status_code == 503
    assert "Home ID does not answer as it should; a password still works." in _text(answer.text)
    assert browser.sign_in("mira").location == "/"
    provider.down = False
    assert Browser(browser.app).get(GO).status_code == 302


def test_one_that_goes_away_on_the_way_is_said_too(browser: Browser, provider: FakeProvider) -> None:
    new = _linked(browser, provider)
    asked = _there(new, provider)
    provider.down = True

    assert new.get(BACK, query_string={"code": "c", "state": asked["state"]}).status_code in (403, 503)
    assert not _is_signed_in(new)


def test_nobody_listening_is_said_within_seconds(browser: Browser, services: Services) -> None:
    _configure(services, oidc_issuer="http://127.0.0.1:9")
    started = time.monotonic()

    assert browser.get(GO).status_code == 503
    assert time.monotonic() - started < 5


def test_a_provider_that_calls_itself_otherwise_is_not_used(browser: Browser, provider: FakeProvider) -> None:
    provider.metadata = {"issuer": "https://another.example"}

    assert browser.get(GO).status_code == 503


def test_a_provider_that_leads_elsewhere_is_not_followed(
    browser: Browser, provider: FakeProvider, services: Services
) -> None:
    _linked(browser, provider)
    fresh = Browser(create_app(services))
    provider.metadata = {"token_endpoint": f"{provider.url}/nowhere"}

    assert _and_back(fresh, provider).status_code in (403, 503)
    assert not _is_signed_in(fresh)


ADDRESSES = ("/.well-known/openid-configuration", "/token", "/keys", "/userinfo")


def _tried(browser: Browser, provider: FakeProvider, services: Services) -> tuple[int, float]:
    """The status of a sign-in that asks the provider at each of its addresses, and how many seconds it took."""
    _configure(services, oidc_new_accounts=True)
    provider.userinfo = {"sub": "person-1", "preferred_username": "nadia"}
    started = time.monotonic()
    answer = browser.get(GO)
    if answer.status_code == 302:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(answer.location).query).items()}
        provider.nonce = asked["nonce"]
        answer = browser.get(BACK, query_string={"code": "code-1", "state": asked["state"]})
    return answer.status_code, time.monotonic() - started


def test_a_provider_that_behaves_is_asked_at_each_of_its_addresses(
    browser: Browser, provider: FakeProvider, services: Services
) -> None:
    assert _tried(browser, provider, services)[0] == 302
    assert _is_signed_in(browser)


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_provider_that_answers_without_end_is_hung_up_on(
    browser: Browser, provider: FakeProvider, services: Services, address: str
) -> None:
    provider.floods = address

    status, _ = _tried(browser, provider, services)

    assert status == 503
    assert not _is_signed_in(browser)
    # What is on its way when it is noticed fills the buffers of both sides.
    assert provider.sent * 65_536 < oidc_client.MOST_BYTES + 16_000_000


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_provider_that_answers_a_byte_now_and_then_is_not_waited_for(
    browser: Browser, provider: FakeProvider, services: Services, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(oidc_client, "TOTAL_SECONDS", 1)
    provider.dribbles = address

    status, seconds = _tried(browser, provider, services)

    assert status == 503
    assert seconds < 5


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_provider_that_redirects_is_neither_followed_nor_heard_out(
    browser: Browser, provider: FakeProvider, services: Services, address: str
) -> None:
    provider.leads_away = address

    status, _ = _tried(browser, provider, services)

    assert status in (403, 503)
    assert not _is_signed_in(browser)
    assert provider.elsewhere == 0
    assert provider.sent * 65_536 < oidc_client.MOST_BYTES + 16_000_000


@pytest.mark.parametrize("name", ["token_endpoint", "jwks_uri", "userinfo_endpoint"])
@pytest.mark.parametrize("place", ["http://169.254.169.254/", "file:///etc/passwd", "http://[::ffff:169.254.169.254]/"])
def test_a_provider_cannot_have_a_clouds_secrets_asked_for(
    browser: Browser, provider: FakeProvider, services: Services, name: str, place: str
) -> None:
    provider.metadata = {name: place}

    status, seconds = _tried(browser, provider, services)

    assert (status, _is_signed_in(browser)) == (503, False)
    assert seconds < 3


def test_no_connection_of_the_database_is_held_while_the_provider_is_asked(
    browser: Browser, provider: FakeProvider, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = _linked(browser, provider)
    asked = _there(new, provider)
    held: list[int] = []
    send = requests.Session.send

    def watched(*args: Any, **options: Any) -> Any:
        pool = services.db._pool
        assert pool is not None
        held.append(pool.get_stats()["pool_size"] - pool.get_stats()["pool_available"])
        return send(*args, **options)

    monkeypatch.setattr(requests.Session, "send", watched)
    new.get(BACK, query_string={"code": "c", "state": asked["state"]})

    assert held
    assert set(held) == {0}


# Linking.


def test_an_account_is_linked_only_by_who_is_signed_in_to_it(
    browser: Browser, provider: FakeProvider, conn: Connection
) -> None:
    browser.sign_in("mira")
    answer = _link(browser, provider)

    assert answer.location == SECURITY
    assert "You can sign in with Home ID from now on." in _text(browser.get(SECURITY).text)
    row = one(conn, "select issuer, subject, username from oidc_links join users on users.id = user_id")
    assert row == {"issuer": provider.url, "subject": "person-1", "username": "mira"}


def test_linking_needs_a_form_of_this_session_and_a_recent_password(
    browser: Browser, provider: FakeProvider, conn: Connection
) -> None:
    """Else a website could have somebody link the attacker's account at the provider with theirs here."""
    browser.sign_in("mira")
    assert browser.http.post(f"{SECURITY}/single-sign-on/link").status_code == 403
    # Without the form, the way to the provider is no way for who is signed in.
    assert browser.get(GO).location == "/"

    conn.execute("update sessions set confirmed_at = now() - interval '601 seconds'")
    answer = browser.send(f"{SECURITY}/single-sign-on/link", SECURITY)
    assert answer.location == f"/settings/confirm?next={SECURITY}"
    assert browser.get(GO).location == "/"


def test_a_link_that_was_begun_a_while_ago_is_not_gone_on_with(browser: Browser, provider: FakeProvider) -> None:
    """Else a page that another site leads to would link whoever is signed in there, long after the form."""
    browser.sign_in("mira")
    browser.send(f"{SECURITY}/single-sign-on/link", SECURITY)
    with browser.http.session_transaction() as session:
        assert session[LINKING]["until"] <= time.time() + 120
        session[LINKING] |= {"until": int(time.time()) - 1}

    assert browser.get(GO).location == "/"


def test_a_link_that_somebody_else_comes_back_from_is_refused(
    browser: Browser, provider: FakeProvider, services: Services, conn: Connection
) -> None:
    accounts.create_user(services, "otto", PASSWORD)
    browser.sign_in("mira")
    browser.send(f"{SECURITY}/single-sign-on/link", SECURITY)
    asked = _there(browser, provider)
    with browser.http.session_transaction() as kept:
        states = {name: kept[name] for name in kept if name.startswith("_state_")}
    form = browser.fields("/", "/sign-out")
    browser.http.post("/sign-in", data=form | {"username": "otto", "password": PASSWORD})
    with browser.http.session_transaction() as kept:
        kept.update(states)

    browser.get(BACK, query_string={"code": "c", "state": asked["state"]})

    assert value(conn, "select count(*) from oidc_links") == 0


def test_one_person_there_is_one_account_here(
    browser: Browser, provider: FakeProvider, services: Services, conn: Connection
) -> None:
    accounts.create_user(services, "otto", PASSWORD)
    _linked(browser, provider)
    otto = Browser(browser.app)
    otto.sign_in("otto")

    assert _link(otto, provider).location == SECURITY

    assert "Another account here is linked with that one already." in _text(otto.get(SECURITY).text)
    assert value(conn, "select count(*) from oidc_links") == 1


def test_a_link_is_ended_unless_it_is_the_only_way_in(
    browser: Browser, provider: FakeProvider, conn: Connection
) -> None:
    new = _linked(browser, provider)
    conn.execute("update users set has_password = false")
    browser.send(f"{SECURITY}/single-sign-on/unlink", SECURITY)
    assert "Give your account a password first" in _text(browser.get(SECURITY).text)
    conn.execute("update users set has_password = true")

    browser.send(f"{SECURITY}/single-sign-on/unlink", SECURITY)

    assert value(conn, "select count(*) from oidc_links") == 0
    assert _and_back(new, provider).status_code == 403


def test_nothing_secret_of_it_reaches_the_log(
    browser: Browser, provider: FakeProvider, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    new = _linked(browser, provider)
    asked = _there(new, provider)
    provider.down = True
    new.get(BACK, query_string={"code": "code-4711", "state": asked["state"]})
    provider.down = False
    provider.claims = {"nonce": "x"}
    _and_back(new, provider)

    out, err = capfd.readouterr()
    ours = out + err + "\n".join(r.getMessage() for r in caplog.records if r.name.startswith("tellykeep"))
    for secret in (CLIENT_SECRET, "access-0815", "code-4711", asked["state"]):
        assert secret not in ours


# A provider that somebody else wrote.


@pytest.fixture
def real_provider(services: Services) -> Iterator[str]:
    """oidc-provider-mock as a process of its own, which wants a nonce."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    person = '{"sub": "zoe-at-home", "preferred_username": "zoe", "email": "mira@example.org"}'
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), "-n", "true"]
    process = subprocess.Popen(
        [*command, "--user-claims", person],
        env=dict(os.environ),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    issuer = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(f"{issuer}/.well-known/openid-configuration", timeout=5):
                    break
            except OSError:
                assert process.poll() is None, "the provider ended"
                assert time.monotonic() < deadline, "the provider does not start"
                time.sleep(0.2)
        registered = requests.post(
            f"{issuer}/oauth2/clients", json={"redirect_uris": [f"http://localhost{BACK}"]}, timeout=10
        ).json()
        _configure(
            services,
            oidc_issuer=issuer,
            oidc_client_id=registered["client_id"],
            oidc_client_secret=SecretStr(registered["client_secret"]),
            oidc_new_accounts=True,
        )
        yield issuer
    finally:
        process.terminate()
        process.wait(timeout=10)


def _consents(address: str, **form: str) -> str:
    """Somebody agrees at the provider; where it sends them."""
    answer = requests.post(address, data=form, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    location: str = answer.headers["Location"]
    return location


def test_from_end_to_end_with_a_provider_that_somebody_else_wrote(
    real_provider: str, services: Services, conn: Connection
) -> None:
    accounts.create_user(services, "mira", PASSWORD, is_admin=True)
    app = create_app(services)
    browser = Browser(app)

    def goes_through(browser: Browser, **form: str) -> TestResponse:
        there = browser.get(GO).location
        assert there is not None
        assert there.startswith(f"{real_provider}/oauth2/authorize?")
        back = urlsplit(_consents(there, **form))
        assert back.path == BACK
        return browser.get(f"{back.path}?{back.query}")

    # Somebody new gets an account, and the same one the next time.
    for _ in range(2):
        new = Browser(app)
        assert goes_through(new, sub="zoe-at-home").location == "/"
        assert "Signed in as zoe" in _text(new.get("/").text)
    # Who says no there is told so here.
    assert goes_through(Browser(app), action="deny").status_code == 403
    # Mira links hers while she is signed in.
    browser.sign_in("mira")
    browser.send(f"{SECURITY}/single-sign-on/link", SECURITY)
    assert goes_through(browser, sub="mira-at-home").location == SECURITY
    again = Browser(app)
    goes_through(again, sub="mira-at-home")
    assert "Signed in as mira" in _text(again.get("/").text)
    rows = conn.execute("select username from users order by username").fetchall()
    assert [row["username"] for row in rows] == ["mira", "zoe"]
