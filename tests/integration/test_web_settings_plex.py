"""The settings about Plex and TMDB: how things stand, and every change from there."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr

from app.plex.events import parse_event
from app.security import accounts
from app.services import Services
from app.sync.receive import receive
from tests import payloads
from tests.conftest import Connection
from tests.fakes import failures
from tests.fakes.plex import TOKEN, FakePlex
from tests.fakes.plex_tv import FakePlexTv
from tests.fakes.tmdb import KEY, FakeTmdb
from tests.integration.browser import PASSWORD, Browser
from tests.integration.test_web_pages import _text
from tests.watch_state import value

pytestmark = pytest.mark.usefixtures("cheap_passwords")

PLEX, TMDB = "/settings/plex", "/settings/tmdb"


@pytest.fixture
def user_id(services: Services) -> int:
    return accounts.create_user(services, "mira", PASSWORD)


@pytest.fixture
def browser(client: FlaskClient, user_id: int) -> Browser:
    browser = Browser(client.application)
    browser.sign_in("mira")
    return browser


def _main(page: str) -> str:
    return _text(page.split("<main")[1])


def _shown(browser: Browser, path: str = PLEX) -> str:
    return _main(browser.get(path).text)


def test_at_first_nothing_is_connected_and_plex_tv_is_not_asked(browser: Browser, fake_plex_tv: FakePlexTv) -> None:
    page = _shown(browser)

    for words in ("Not signed in", "No server is chosen", "Nobody has been seen yet", "Waiting for the first event"):
        assert words in page
    assert fake_plex_tv.count() == 0
    assert 'href="/welcome"' in browser.get(PLEX).text


def test_signing_in_and_choosing_the_server_come_back_to_the_settings(
    browser: Browser, fake_plex: FakePlex, fake_plex_tv: FakePlexTv
) -> None:
    assert browser.send("/connect/plex/token", PLEX, plex_token=TOKEN).location == PLEX
    assert "Signed in as alex" in _shown(browser)

    choose = f"{PLEX}?choose=server"
    assert "Use this one" in _shown(browser, choose)
    assert browser.send("/connect/server", choose).location == PLEX
    assert f"Attic {fake_plex.url}" in _shown(browser)
    fake_plex.close()
    refused = browser.send("/connect/server", choose)
    assert refused.status_code == 422
    assert "the connection was refused" in _main(refused.text)


def test_a_sign_in_from_here_leads_back_here(browser: Browser, fake_plex_tv: FakePlexTv) -> None:
    away = browser.send("/connect/plex/sign-in", PLEX)
    assert "signed-in%3Fat%3Dsettings" in away.text
    fake_plex_tv.sign_in()

    assert browser.send("/connect/plex/check", PLEX).location == PLEX
    back = browser.get("/connect/plex/signed-in?at=settings").text
    assert f'href="{PLEX}"' in back


def test_accounts_and_servers_that_were_seen_are_listed_and_chosen(
    browser: Browser, services: Services, user_id: int, conn: Connection
) -> None:
    for account, server in (("mira", "S1"), ("kim", "S2")):
        message = payloads.episode() | {
            "Account": {"id": 1, "title": account},
            "Server": {"title": f"Server {server}", "uuid": server},
        }
        receive(services, user_id, parse_event(message))
    page = browser.get(PLEX).text
    assert "Owner of Server S1 · last seen just now" in _main(page)
    assert "Server S2 Last event just now" in _main(page)
    people = re.findall(r'name="account" value="(\d+)"', page)
    servers = re.findall(r'name="server" value="(\d+)"', page)

    fields = browser.fields(PLEX, "/connect/server/accounts")
    chosen = {"account": [people[1]], "server": [servers[1]]}
    assert browser.http.post("/connect/server/accounts", data=fields | chosen).location == PLEX

    assert value(conn, "select array_agg(title) from plex_accounts where counts") == ["kim"]
    assert value(conn, "select array_agg(server_uuid) from plex_servers where counts") == ["S2"]
    assert browser.get(PLEX).text.count(" checked") == 2
    browser.http.post("/connect/server/accounts", data=fields)
    assert value(conn, "select count(*) from plex_accounts where counts") == 0
    assert value(conn, "select count(*) from plex_servers where counts") == 0


def test_the_welcome_does_not_touch_which_servers_count(
    browser: Browser, services: Services, user_id: int, conn: Connection
) -> None:
    receive(services, user_id, parse_event(payloads.episode()))
    conn.execute("update plex_servers set counts = true")

    browser.send("/connect/server/accounts", "/welcome/accounts")

    assert value(conn, "select bool_and(counts) from plex_servers")


def test_the_connection_is_switched_off_and_on(browser: Browser, conn: Connection) -> None:
    assert "The connection is on" in _shown(browser)
    browser.send("/connect/server/switch", PLEX)
    assert "The connection is off: events are logged, and nothing is marked." in _shown(browser)
    assert value(conn, "select not enabled from plex_config")
    assert "Switch it on" in _shown(browser)
    assert browser.send("/connect/server/switch", "/welcome/webhook").location == "/welcome/webhook"
    assert value(conn, "select enabled from plex_config")
    assert "Switch it on" not in _shown(browser) + _shown(browser, "/welcome/webhook")


@pytest.mark.parametrize(("minutes", "stored"), [("15", 15), ("1440", 1440), ("", None)])
def test_how_often_the_history_is_read(browser: Browser, conn: Connection, minutes: str, stored: int | None) -> None:
    assert browser.send("/connect/events/history", PLEX, minutes=minutes).location == PLEX
    assert value(conn, "select history_poll_minutes from settings") == stored


@pytest.mark.parametrize("minutes", ["0", "1441", "-1", "ten", "1.5", "9" * 30, "１"])
def test_minutes_that_cannot_be_are_refused_at_their_field(browser: Browser, conn: Connection, minutes: str) -> None:
    refused = browser.send("/connect/events/history", PLEX, minutes=minutes)

    assert refused.status_code == 400
    assert "Expected: a number from 1 to 1440." in _main(refused.text)
    assert value(conn, "select history_poll_minutes from settings") is None


def test_disconnecting_forgets_the_token_and_the_server(
    browser: Browser, fake_plex: FakePlex, use_plex: Callable[..., None], user_id: int, conn: Connection
) -> None:
    use_plex(user_id, plex_account_name="mira", has_plex_pass=True)

    assert browser.send("/connect/plex/disconnect", PLEX).location == PLEX

    assert "Disconnected." in _shown(browser)
    row = conn.execute(
        "select plex_token, plex_account_name, has_plex_pass, plex_server_url, enabled from plex_config"
    ).fetchone()
    assert row is not None
    assert list(row.values()) == [None, None, None, None, False]


def test_a_token_that_the_api_sets_is_nobodys_in_particular(
    browser: Browser, services: Services, fake_plex: FakePlex, use_plex: Callable[..., None], user_id: int
) -> None:
    from app.tracker.plex_config import change_config

    use_plex(user_id, plex_account_name="mira", has_plex_pass=False)
    assert "Signed in as mira This account has no Plex Pass." in _shown(browser)

    change_config(services, user_id, {"plex_token": "another"}, base_url="http://localhost")

    assert "A token is set" in _shown(browser)


def test_a_token_that_was_refused_says_so(
    browser: Browser, fake_plex: FakePlex, use_plex: Callable[..., None], user_id: int, conn: Connection
) -> None:
    use_plex(user_id)
    conn.execute("update plex_config set plex_token_rejected_at = now()")

    assert "Plex does not accept the token any more" in _shown(browser)
    assert browser.get("/welcome").location == "/welcome/plex"


# TMDB.


def test_a_key_is_set_tested_replaced_and_removed(browser: Browser, services: Services, fake_tmdb: FakeTmdb) -> None:
    services.settings.tmdb_api_key = None
    assert "No key is set" in _shown(browser, TMDB)

    assert browser.send("/connect/tmdb", TMDB, tmdb_api_key=KEY).location == TMDB
    page = browser.get(TMDB).text
    assert "Your own key is set" in page
    assert KEY not in page
    browser.send("/connect/tmdb/test", TMDB)
    assert "TMDB answers, and takes the key." in _shown(browser, TMDB)
    fake_tmdb.key = "another"
    assert browser.send("/connect/tmdb/test", TMDB).status_code == 422
    fake_tmdb.fail("*", failures.drop())
    away = browser.send("/connect/tmdb/test", TMDB)
    assert away.status_code == 503
    assert "TMDB broke the connection." in _main(away.text)

    browser.send("/connect/tmdb/remove", TMDB)
    assert "No key is set" in _shown(browser, TMDB)


def test_where_the_key_comes_from_is_said(browser: Browser, services: Services, fake_tmdb: FakeTmdb) -> None:
    services.settings.tmdb_api_key = SecretStr(KEY)
    page = browser.get(TMDB).text

    assert "TMDB_API_KEY" in page
    assert "Remove it" not in page
    assert KEY not in page


def test_settings_of_one_are_not_those_of_another(
    browser: Browser, services: Services, fake_plex: FakePlex, use_plex: Callable[..., None], user_id: int
) -> None:
    use_plex(user_id, plex_account_name="mira at Plex")
    accounts.create_user(services, "eve", PASSWORD)
    eve = Browser(browser.app)
    eve.sign_in("eve")

    assert "Not signed in" in _shown(eve)
    assert fake_plex.url not in eve.get(PLEX).text
    eve.send("/connect/plex/disconnect", PLEX)
    assert "Signed in as mira at Plex" in _shown(browser)
