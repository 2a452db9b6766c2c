"""Sign-in by a proxy's header, and those who send it themselves."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from app import create_app
from app.security import accounts
from app.server import gunicorn_options
from app.services import Services
from tests.conftest import Connection
from tests.integration.browser import PASSWORD, Browser
from tests.integration.test_web_pages import _text
from tests.watch_state import value

pytestmark = pytest.mark.usefixtures("cheap_passwords")

PROXY = "172.20.0.5"
Through = Callable[..., Browser]


@pytest.fixture
def through(services: Services) -> Through:
    """A browser whose requests come from an address with some headers: by default the proxy, which says that it is mira."""
    services.settings = services.settings.model_copy(
        update={"trusted_header_user": "Remote-User", "trusted_proxies": (ip_network(f"{PROXY}/32"),)}
    )
    accounts.create_user(services, "mira", PASSWORD)
    app = create_app(services)

    def browser(name: str | None = "mira", *, peer: str = PROXY, **headers: str) -> Browser:
        one = Browser(app)
        one.http.environ_base["REMOTE_ADDR"] = peer
        sent = headers | ({} if name is None else {"HTTP_REMOTE_USER": name})
        one.http.environ_base.update(sent)
        return one

    return browser


def _signed_in_as(browser: Browser) -> str | None:
    page = browser.get("/", follow_redirects=True)
    text = _text(page.text)
    return text.partition("Signed in as ")[2].split(" ")[0] if "Signed in as" in text else None


def _configure(services: Services, **values: Any) -> None:
    services.settings = services.settings.model_copy(update=values)


def test_whom_the_proxy_names_is_signed_in(through: Through) -> None:
    assert _signed_in_as(through()) == "mira"
    assert _signed_in_as(through("MIRA")) == "mira"


@pytest.mark.parametrize("peer", ["203.0.113.9", "172.20.0.6", "127.0.0.1", "::1"])
def test_from_any_other_address_the_header_is_nothing(through: Through, peer: str) -> None:
    assert _signed_in_as(through(peer=peer)) is None


def test_a_client_that_claims_to_be_the_proxy_is_not_believed(through: Through) -> None:
    """What X-Forwarded-For says is about the client; who is believed is the peer."""
    for header in ("HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP"):
        assert _signed_in_as(through(peer="203.0.113.9", **{header: PROXY})) is None
    assert _signed_in_as(through(peer="203.0.113.9", HTTP_FORWARDED=f"for={PROXY}")) is None


def test_the_caddy_of_compose_signs_nobody_in(through: Through, services: Services) -> None:
    """It passes on what browsers send, this header too."""
    _configure(services, caddy_address=ip_address("10.212.87.2"))
    browser = Browser(create_app(services))
    browser.http.environ_base |= {"REMOTE_ADDR": "10.212.87.2", "HTTP_REMOTE_USER": "mira"}
    assert _signed_in_as(browser) is None
    browser.http.environ_base["HTTP_X_FORWARDED_FOR"] = PROXY
    assert _signed_in_as(browser) is None


def test_behind_the_proxy_the_clients_own_address_does_not_matter(through: Through) -> None:
    assert _signed_in_as(through(HTTP_X_FORWARDED_FOR="203.0.113.9")) == "mira"


def test_without_the_setting_the_header_is_nothing(through: Through, services: Services) -> None:
    _configure(services, trusted_header_user=None)

    assert _signed_in_as(through()) is None


def test_another_header_is_nothing(through: Through) -> None:
    assert _signed_in_as(through(None, HTTP_X_REMOTE_USER="mira", HTTP_REMOTE_NAME="mira")) is None


@pytest.mark.parametrize("name", ["nobody", "mira,eve", "mira, mira", "", " ", "x" * 5000, "\xff\xfe", "mi\x00ra"])
def test_a_name_of_no_account_is_nobody_and_makes_none(through: Through, conn: Connection, name: str) -> None:
    assert _signed_in_as(through(name)) is None
    assert value(conn, "select count(*) from users") == 1


def test_a_header_that_comes_twice_is_nobody(through: Through) -> None:
    """As a server joins them: the proxy's own and one that it did not take out of the client's request."""
    assert _signed_in_as(through("eve,mira")) is None


def test_the_server_drops_names_that_look_like_the_header(services: Services) -> None:
    """Remote_User would become the same variable as Remote-User."""
    from gunicorn.config import Config

    config = Config()
    for name, chosen in gunicorn_options(services.settings).items():
        config.set(name, chosen)
    assert config.header_map == "drop"
    assert config.forwarder_headers == ["SCRIPT_NAME", "PATH_INFO"]
    assert list(config.forwarded_allow_ips or []) in ([], [""])


def test_a_name_in_another_script_is_read_as_proxies_write_it(through: Through, services: Services) -> None:
    accounts.create_user(services, "Зоя", PASSWORD)

    assert _signed_in_as(through("Зоя".encode().decode("latin-1"))) == "Зоя"


def test_the_session_ends_when_the_proxy_names_somebody_else_or_nobody(through: Through, services: Services) -> None:
    accounts.create_user(services, "otto", PASSWORD)
    browser = through()
    assert _signed_in_as(browser) == "mira"

    browser.http.environ_base["HTTP_REMOTE_USER"] = "otto"
    assert browser.get("/api/shows").status_code == 401
    assert _signed_in_as(browser) == "otto"
    del browser.http.environ_base["HTTP_REMOTE_USER"]
    assert _signed_in_as(browser) is None


def test_the_cookie_of_such_a_session_opens_nothing_past_the_proxy(through: Through) -> None:
    browser = through()
    browser.get("/", follow_redirects=True)
    browser.http.environ_base["REMOTE_ADDR"] = "203.0.113.9"

    assert browser.get("/").status_code == 302


def test_forms_need_the_csrf_token_all_the_same(through: Through) -> None:
    browser = through()
    browser.get("/", follow_redirects=True)

    assert browser.http.post("/sign-out").status_code == 403
    assert browser.http.post("/api/plex/config", json={"enabled": False}).status_code == 403


def test_the_header_is_no_token_of_the_api(through: Through) -> None:
    assert through().get("/api/shows").status_code == 401


def test_who_signs_out_stays_out_until_asked_to_go_on(through: Through) -> None:
    browser = through()
    browser.get("/", follow_redirects=True)

    answer = browser.send("/sign-out", "/")

    assert answer.location == "/sign-in?out=yes"
    page = browser.get(answer.location)
    assert "Your proxy still knows you as mira" in _text(page.text)
    assert browser.get("/sign-in").status_code == 302


def test_a_password_still_works_past_the_proxy_and_beside_it(through: Through) -> None:
    past = through(None, peer="192.168.1.20")
    assert past.sign_in("mira").location == "/"
    assert _signed_in_as(past) == "mira"


def test_somebody_new_gets_an_account_only_where_that_is_wanted(
    through: Through, services: Services, conn: Connection
) -> None:
    assert "There is no account of this name." in _text(through("anna").get("/", follow_redirects=True).text)

    _configure(services, trusted_header_new_accounts=True)
    assert _signed_in_as(through("anna")) == "anna"
    assert _signed_in_as(through("Anna")) == "anna"
    row = conn.execute("select is_admin, has_password from users where username = 'anna'").fetchall()
    assert row == [{"is_admin": False, "has_password": False}]
    assert Browser(through().app).sign_in("anna", "").status_code == 401


def test_the_first_account_is_never_made_by_a_header(through: Through, services: Services, conn: Connection) -> None:
    conn.execute("delete from users")
    _configure(services, trusted_header_new_accounts=True)

    assert through("anna").get("/sign-in").location == "/setup"
    assert value(conn, "select count(*) from users") == 0


def test_nobody_takes_the_name_of_somebody_who_comes_later(
    through: Through, services: Services, conn: Connection
) -> None:
    """The proxy tells people apart by their names: carl would have landed in mira's account."""
    mira = through()
    assert _signed_in_as(mira) == "mira"
    refused = mira.send("/settings/account/name", "/settings/account", username="carl")

    assert refused.status_code == 403
    assert "only administrators may have another" in _text(refused.text)
    assert _signed_in_as(through("carl")) is None

    conn.execute("update users set is_admin = true where username = 'mira'")
    assert mira.send("/settings/account/name", "/settings/account", username="carl").status_code == 303
