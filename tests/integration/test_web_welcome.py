"""The welcome, walked without JavaScript: every step, and all that can go wrong at it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app.security import accounts
from app.security.accounts import ensure_setup_code
from app.services import Services
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


def _stored_token(services: Services, conn: Connection, user_id: int) -> str | None:
    sealed = value(conn, "select plex_token from plex_config where user_id = %s", (user_id,))
    return None if sealed is None else services.cipher.decrypt(sealed, column="plex_config.plex_token", row=user_id)


def test_the_whole_way_without_javascript(
    client: FlaskClient,
    services: Services,
    fake_plex: FakePlex,
    fake_plex_tv: FakePlexTv,
    fake_tmdb: FakeTmdb,
    conn: Connection,
) -> None:
    services.settings.tmdb_api_key = None
    fake_plex.accounts = {1: "alex", 4711: "kim"}
    browser = Browser(client.application)
    code = ensure_setup_code(services)
    assert code is not None
    made = browser.send("/setup", code=code, username="mira", password=PASSWORD, password_again=PASSWORD)
    assert made.location == "/welcome"
    assert browser.get("/welcome").location == "/welcome/plex"

    away = browser.send("/connect/plex/sign-in", "/welcome/plex")
    assert re.search(r'content="0; url=[^"]*/auth#\?clientID=[0-9a-f]{32}&amp;code=[0-9a-f]{24}&', away.text)
    assert browser.send("/connect/plex/check", "/welcome/plex").location == "/welcome/plex"
    assert "Nobody has signed in at Plex yet" in _main(browser.get("/welcome/plex").text)
    fake_plex_tv.sign_in()
    assert browser.send("/connect/plex/check", "/welcome/plex").location == "/welcome/server"
    user_id = value(conn, "select id from users")
    assert _stored_token(services, conn, user_id) == TOKEN
    assert "Signed in as alex" in _main(browser.get("/welcome/plex").text)

    assert "Attic" in _main(browser.get("/welcome/server").text)
    assert browser.send("/connect/server", "/welcome/server").location == "/welcome/accounts"
    people = browser.get("/welcome/accounts").text
    assert f"Attic answers at {fake_plex.url}" in _main(people).replace("\u2068", "").replace("\u2069", "")
    ids = re.findall(r'name="account" value="(\d+)"( checked)?', people)
    assert [checked for _, checked in ids] == [" checked", ""]

    sent = browser.fields("/welcome/accounts", "/connect/server/accounts")
    chosen = browser.http.post("/connect/server/accounts", data=sent | {"account": [ids[0][0]]})
    assert chosen.location == "/welcome/tmdb"
    assert value(conn, "select array_agg(title) from plex_accounts where counts") == ["alex"]

    assert browser.send("/connect/tmdb", "/welcome/tmdb", tmdb_api_key=KEY).location == "/welcome/webhook"
    last = browser.get("/welcome/webhook").text
    assert "Waiting for the first event" in last
    assert browser.send("/connect/events/webhook", "/welcome/webhook").location == "/welcome/webhook"
    (url,) = fake_plex_tv.webhook_urls
    assert client.post(url.removeprefix("http://localhost"), json=payloads.episode()).status_code < 300
    assert "Events arrive" in _main(browser.get("/welcome/webhook").text)
    assert browser.get("/welcome").location == "/welcome/webhook"
    assert TOKEN not in last
    assert KEY not in browser.get("/welcome/tmdb").text


# Signing in.


def test_each_step_says_what_it_is_for_and_can_be_skipped(browser: Browser) -> None:
    for name, onward in (
        ("plex", "/welcome/server"),
        ("server", "/welcome/accounts"),
        ("accounts", "/welcome/tmdb"),
        ("tmdb", "/welcome/webhook"),
        ("webhook", "/"),
    ):
        page = browser.get(f"/welcome/{name}").text
        assert f'href="{onward}">' in page.split("tk-setup-foot")[1]
        assert 'aria-current="step"' in page
    assert browser.get("/welcome/nothing").status_code == 404


def test_a_sign_in_that_expires_at_plex_is_said_and_begun_anew(browser: Browser, fake_plex_tv: FakePlexTv) -> None:
    browser.send("/connect/plex/sign-in", "/welcome/plex")
    fake_plex_tv.expire()

    browser.send("/connect/plex/check", "/welcome/plex")
    assert "That sign-in has expired" in _main(browser.get("/welcome/plex").text)

    browser.send("/connect/plex/sign-in", "/welcome/plex")
    fake_plex_tv.sign_in()
    assert browser.send("/connect/plex/check", "/welcome/plex").location == "/welcome/server"


def test_the_page_that_waits_is_told_what_has_changed_and_nothing_else(
    browser: Browser, fake_plex_tv: FakePlexTv
) -> None:
    fields = browser.fields("/welcome/plex", "/connect/plex/check")
    htmx = {"HX-Request": "true"}

    def poll(shown: str) -> tuple[int, str]:
        answer = browser.http.post("/connect/plex/check", data=fields | {"shown": shown}, headers=htmx)
        return answer.status_code, answer.headers.get("HX-Redirect") or _text(answer.text)

    assert poll("none") == (204, "")
    assert fake_plex_tv.count("/api/v2/pins/*") == 0
    browser.send("/connect/plex/sign-in", "/welcome/plex")
    assert poll("none")[0] == 200
    assert poll("waiting") == (204, "")
    fake_plex_tv.fail("/api/v2/pins/*", failures.status(502), times=1)
    assert "plex.tv answered with an error (HTTP 502)" in poll("waiting")[1].replace("Plex.tv", "plex.tv")
    fake_plex_tv.sign_in()
    assert poll("waiting") == (204, "/welcome/server")
    assert poll("none") == (204, "")


@pytest.mark.parametrize("failure", [failures.drop(), failures.status(503), failures.html(), failures.malformed()])
def test_a_plex_tv_that_is_away_is_said_in_the_tab_that_was_opened(
    browser: Browser, fake_plex_tv: FakePlexTv, failure: failures.Failure
) -> None:
    fake_plex_tv.fail("/api/v2/pins", failure)

    answer = browser.send("/connect/plex/sign-in", "/welcome/plex")

    assert answer.status_code == 503
    assert "Plex does not answer" in answer.text
    assert "plex.tv" in answer.text.lower()
    assert "http-equiv" not in answer.text


def test_a_pasted_token_is_kept_only_when_plex_knows_it(
    browser: Browser, services: Services, fake_plex_tv: FakePlexTv, conn: Connection, user_id: int
) -> None:
    wrong = browser.send("/connect/plex/token", "/welcome/plex", plex_token="not-the-token")
    assert wrong.status_code == 422
    assert "Plex.tv does not accept the Plex token" in _main(wrong.text)
    assert "not-the-token" not in wrong.text
    fake_plex_tv.fail("/api/v2/user", failures.time_out(0.1), times=2)
    assert browser.send("/connect/plex/token", "/welcome/plex", plex_token=TOKEN).status_code == 503
    assert browser.send("/connect/plex/token", "/welcome/plex", plex_token="two words").status_code == 400
    assert _stored_token(services, conn, user_id) is None

    assert browser.send("/connect/plex/token", "/welcome/plex", plex_token=TOKEN).location == "/welcome/server"
    assert _stored_token(services, conn, user_id) == TOKEN


def test_a_sign_in_of_one_account_is_nothing_to_another_in_the_same_browser(
    browser: Browser, services: Services, fake_plex_tv: FakePlexTv, conn: Connection
) -> None:
    eve_id = accounts.create_user(services, "eve", PASSWORD)
    browser.send("/connect/plex/sign-in", "/welcome/plex")
    fake_plex_tv.sign_in()
    with browser.http.session_transaction() as session:
        pin = session["plex_pin"]
    eve = Browser(browser.app)
    eve.sign_in("eve")
    with eve.http.session_transaction() as session:
        session["plex_pin"] = pin

    eve.send("/connect/plex/check", "/welcome/plex")

    assert _stored_token(services, conn, eve_id) is None
    assert fake_plex_tv.count("/api/v2/pins/*") == 0


def test_neither_token_nor_code_reaches_a_page_of_the_welcome_or_the_process_log(
    browser: Browser, fake_plex_tv: FakePlexTv, fake_tmdb: FakeTmdb, capsys: pytest.CaptureFixture[str]
) -> None:
    browser.send("/connect/plex/sign-in", "/welcome/plex")
    code = next(iter(fake_plex_tv.pins.values()))["code"]
    fake_plex_tv.sign_in()
    browser.send("/connect/plex/check", "/welcome/plex")
    browser.send("/connect/server", "/welcome/server", uuid=fake_plex_tv.resources[0]["clientIdentifier"])
    browser.send("/connect/tmdb", "/welcome/tmdb", tmdb_api_key=KEY)
    fake_plex_tv.fail("/api/v2/user/webhooks", failures.status(500))
    browser.send("/connect/events/webhook", "/welcome/webhook")

    pages = "".join(browser.get(f"/welcome/{name}").text for name in ("plex", "server", "accounts", "tmdb", "webhook"))
    pages += browser.get("/settings/plex").text + browser.get("/settings/tmdb").text
    told = capsys.readouterr()
    for secret in (TOKEN, KEY, code):
        assert secret not in pages
        assert secret not in told.out + told.err


def test_nothing_of_the_database_is_held_while_others_are_asked(
    browser: Browser, services: Services, fake_plex: FakePlex, fake_plex_tv: FakePlexTv, fake_tmdb: FakeTmdb
) -> None:
    held: list[int] = []
    pool = services.db._pool
    assert pool is not None

    def look() -> None:
        stats = pool.get_stats()
        held.append(stats["pool_size"] - stats["pool_available"])

    for server in (fake_plex, fake_plex_tv, fake_tmdb):
        server.fail("*", failures.before_the_answer(look))
    browser.send("/connect/plex/sign-in", "/welcome/plex")
    fake_plex_tv.sign_in()
    browser.send("/connect/plex/check", "/welcome/plex")
    browser.send("/connect/server", "/welcome/server")
    browser.send("/connect/tmdb", "/welcome/tmdb", tmdb_api_key=KEY)
    browser.send("/connect/events/webhook", "/welcome/webhook")

    assert len(held) >= 12
    assert set(held) == {0}


# The server.


@pytest.fixture
def signed_in(browser: Browser, fake_plex_tv: FakePlexTv) -> Browser:
    browser.send("/connect/plex/token", "/welcome/plex", plex_token=TOKEN)
    return browser


def _use(browser: Browser, uuid: str) -> tuple[int, str]:
    fields = browser.fields("/welcome/plex", "/connect/plex/token")
    answer = browser.http.post("/connect/server", data=fields | {"uuid": uuid})
    return answer.status_code, answer.location or _main(answer.text)


def test_every_address_that_fails_is_named_with_its_reason(
    signed_in: Browser, fake_plex: FakePlex, fake_plex_tv: FakePlexTv, conn: Connection
) -> None:
    with FakePlex() as other:
        other.uuid = "another-server"
        fake_plex_tv.add_server("Cellar", "cellar", other.url, "http://127.0.0.1:9", "http://169.254.169.254:80")
        status, page = _use(signed_in, "cellar")

    assert status == 422
    assert f"{other_url(page)} Another server answers there." in page
    assert "http://127.0.0.1:9 Does not listen there: the connection was refused." in page
    assert "http://169.254.169.254:80 Is not asked: its address is link-local" in page
    assert value(conn, "select plex_server_url from plex_config") is None


def other_url(page: str) -> str:
    found = re.search(r"(http://127\.0\.0\.1:\d+) Another", page)
    assert found is not None
    return found[1]


def test_the_address_at_home_is_taken_before_the_one_from_outside_and_the_relay_never(
    signed_in: Browser, fake_plex: FakePlex, fake_plex_tv: FakePlexTv, conn: Connection
) -> None:
    entry = fake_plex_tv.resources[0]
    with FakePlex() as outside, FakePlex() as relay:
        outside.uuid = relay.uuid = fake_plex.uuid
        entry["connections"] = [
            {"uri": relay.url, "local": False, "relay": True},
            {"uri": outside.url, "local": False, "relay": False},
            {"uri": fake_plex.url, "local": True, "relay": False},
        ]
        assert _use(signed_in, fake_plex.uuid) == (303, "/welcome/accounts")
        assert value(conn, "select plex_server_url from plex_config") == fake_plex.url
        assert relay.count() == 0

        fake_plex.close()
        assert _use(signed_in, fake_plex.uuid) == (303, "/welcome/accounts")
        assert value(conn, "select plex_server_url from plex_config") == outside.url


def test_a_server_that_refuses_the_token_is_not_taken(
    signed_in: Browser, fake_plex: FakePlex, conn: Connection
) -> None:
    fake_plex.token = "another"

    status, page = _use(signed_in, fake_plex.uuid)

    assert status == 422
    assert "It does not accept the Plex token" in page
    assert value(conn, "select plex_server_url from plex_config") is None


def test_a_server_of_somebody_else_or_of_nobody_cannot_be_chosen(
    signed_in: Browser, fake_plex: FakePlex, fake_plex_tv: FakePlexTv
) -> None:
    fake_plex_tv.add_server("Kim's", "kims", fake_plex.url, owned=False)

    assert "Shared by kim" in _main(signed_in.get("/welcome/server").text)
    for uuid in ("kims", "nobodys", "", "\x00"):
        assert _use(signed_in, uuid)[0] == 404


def test_without_plex_tv_the_address_can_be_entered(
    signed_in: Browser, fake_plex: FakePlex, fake_plex_tv: FakePlexTv, conn: Connection
) -> None:
    fake_plex_tv.fail("*", failures.status(500))
    page = _main(signed_in.get("/welcome/server").text)
    assert "Plex.tv answered with an error (HTTP 500)" in page

    answer = signed_in.send("/connect/server/address", "/welcome/server", plex_server_url=f" {fake_plex.url}/ ")

    assert answer.location == "/welcome/accounts"
    assert conn.execute("select plex_server_url, plex_server_name, plex_server_uuid from plex_config").fetchone() == {
        "plex_server_url": fake_plex.url,
        "plex_server_name": "Attic",
        "plex_server_uuid": fake_plex.uuid,
    }


def test_who_never_signs_in_gives_address_and_token(
    browser: Browser, fake_plex: FakePlex, services: Services, conn: Connection, user_id: int
) -> None:
    given = {"plex_server_url": fake_plex.url}
    page = "/welcome/server"
    assert browser.send("/connect/server/address", page, **given).status_code == 422
    wrong = browser.send("/connect/server/address", page, **given, plex_token="wrong")
    assert wrong.status_code == 422
    assert "does not accept the Plex token" in _main(wrong.text)

    assert browser.send("/connect/server/address", page, **given, plex_token=TOKEN).location == "/welcome/accounts"
    assert _stored_token(services, conn, user_id) == TOKEN


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ftp://nas",
        "http://",
        "http://user@nas:32400",
        "http://nas:32400/?a=b",
        "http://nas:0",
        "nas:99999",
        "x" * 3000,
    ],
)
def test_what_is_no_address_is_refused_and_nothing_asked(signed_in: Browser, fake_plex: FakePlex, address: str) -> None:
    fake_plex.forget()
    answer = signed_in.send("/connect/server/address", "/welcome/server", plex_server_url=address)

    assert answer.status_code == 400
    assert "Expected: an address such as http://192.168.1.10:32400" in _main(answer.text)
    assert fake_plex.count() == 0


# Who counts.


def test_another_users_accounts_are_neither_shown_nor_chosen(
    browser: Browser, services: Services, conn: Connection, make_user: Callable[..., int]
) -> None:
    eve_id = make_user("eve")
    foreign = value(
        conn,
        "insert into plex_accounts (user_id, server_uuid, plex_account_id, title)"
        " values (%s, 'S1', 1, 'eves account') returning id",
        (eve_id,),
    )
    assert "eves account" not in browser.get("/welcome/accounts").text
    fields = browser.fields("/welcome/plex", "/connect/plex/token")

    answer = browser.http.post("/connect/server/accounts", data=fields | {"account": [str(foreign)]})

    assert answer.status_code == 404
    assert value(conn, "select counts from plex_accounts") is None


# TMDB.


def test_a_key_that_tmdb_refuses_is_not_kept(browser: Browser, fake_tmdb: FakeTmdb, conn: Connection) -> None:
    wrong = browser.send("/connect/tmdb", "/welcome/tmdb", tmdb_api_key="wrong-key")
    assert wrong.status_code == 422
    assert "TMDB does not accept the TMDB key" in _main(wrong.text)
    assert "wrong-key" not in wrong.text
    fake_tmdb.fail("*", failures.status(500))
    assert browser.send("/connect/tmdb", "/welcome/tmdb", tmdb_api_key=KEY).status_code == 503
    assert value(conn, "select tmdb_api_key from settings") is None


# The webhook.


def test_the_webhook_is_added_to_those_that_are_there_and_only_once(
    signed_in: Browser, fake_plex_tv: FakePlexTv
) -> None:
    others = ["https://example.com/one", "https://example.com/two?a=b&c=d"]
    fake_plex_tv.webhook_urls = list(others)

    for _ in range(2):
        signed_in.send("/connect/events/webhook", "/welcome/webhook")

    assert fake_plex_tv.webhook_urls[:2] == others
    assert len(fake_plex_tv.webhook_urls) == 3
    assert "had the webhook already" in _main(signed_in.get("/welcome/webhook").text)


@pytest.mark.parametrize(
    "answer", [{"webhooks": []}, [{"uri": "https://example.com/one"}], ["https://example.com/one"]], ids=str
)
def test_a_list_of_webhooks_that_cannot_be_read_is_never_written_over(
    signed_in: Browser, fake_plex_tv: FakePlexTv, answer: object
) -> None:
    from app.demo.simulated_server import Reply

    fields = signed_in.fields("/welcome/webhook", "/connect/events/webhook")
    fake_plex_tv.webhook_urls = ["https://example.com/one"]
    fake_plex_tv.fail("/api/v2/user/webhooks", failures.reply(Reply(answer)))  # type: ignore[arg-type]

    assert signed_in.http.post("/connect/events/webhook", data=fields).status_code == 503
    assert fake_plex_tv.webhook_urls == ["https://example.com/one"]


def test_without_plex_pass_the_switch_to_the_history_comes_first(
    signed_in: Browser, fake_plex: FakePlex, fake_plex_tv: FakePlexTv, conn: Connection
) -> None:
    fields = signed_in.fields("/welcome/webhook", "/connect/events/webhook")
    fake_plex_tv.has_pass = False

    refused = signed_in.http.post("/connect/events/webhook", data=fields)

    assert refused.status_code == 422
    assert "This Plex account has no Plex Pass" in _main(refused.text)
    assert refused.text.index("Read the history instead") < refused.text.index("webhook-name")
    signed_in.send("/connect/server", "/welcome/server")
    assert signed_in.send("/connect/events/history", "/welcome/webhook").location == "/welcome/webhook"
    assert value(conn, "select history_poll_minutes from settings") == 1
    assert "every minute now" in _main(signed_in.get("/welcome/webhook").text)
    signed_in.send("/connect/events/history", "/welcome/webhook")
    assert value(conn, "select history_poll_minutes from settings") is None


def test_plex_tv_that_forbids_webhooks_is_understood_also_where_the_account_looked_as_if_it_might(
    signed_in: Browser, fake_plex_tv: FakePlexTv
) -> None:
    fields = signed_in.fields("/welcome/webhook", "/connect/events/webhook")
    fake_plex_tv.fail("/api/v2/user/webhooks", failures.status(403))

    assert "has no Plex Pass" in _main(signed_in.http.post("/connect/events/webhook", data=fields).text)


def test_a_token_that_was_withdrawn_is_not_taken_for_a_missing_plex_pass(
    signed_in: Browser, fake_plex_tv: FakePlexTv
) -> None:
    fields = signed_in.fields("/welcome/webhook", "/connect/events/webhook")
    fake_plex_tv.token = "another"

    answer = signed_in.http.post("/connect/events/webhook", data=fields)

    assert answer.status_code == 422
    assert "does not accept the Plex token" in _main(answer.text)


@pytest.mark.parametrize(
    "path",
    [
        *("plex/sign-in", "plex/check", "plex/token", "plex/disconnect"),
        *("server", "server/address", "server/accounts", "server/switch"),
        *("tmdb", "tmdb/remove", "tmdb/test", "events/webhook", "events/history"),
    ],
)
def test_nothing_is_done_without_the_csrf_token_or_signed_out(
    browser: Browser, fake_plex_tv: FakePlexTv, conn: Connection, path: str
) -> None:
    before = conn.execute("select * from plex_config").fetchone()

    assert browser.http.post(f"/connect/{path}", data={"plex_token": TOKEN}).status_code == 403
    assert Browser(browser.app).http.post(f"/connect/{path}").location.startswith("/sign-in")
    assert conn.execute("select * from plex_config").fetchone() == before
    assert fake_plex_tv.count() == 0
