"""Settings → Users: accounts made, given a way in, and ended by administrators."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.security import accounts
from app.security.passwords import has_password
from app.services import Services
from tests.conftest import Connection, DatabaseUrls
from tests.integration.browser import PASSWORD, Browser
from tests.integration.test_web_pages import _text
from tests.scrobbles import receive, scrobble
from tests.watch_state import one, value

pytestmark = pytest.mark.usefixtures("cheap_passwords")

USERS = "/settings/users"
NEW = "another good password"


@pytest.fixture
def olga(client: FlaskClient, services: Services) -> Browser:
    """An administrator, who has just signed in."""
    accounts.create_user(services, "olga", PASSWORD, is_admin=True)
    return _signed_in(client, "olga")


@pytest.fixture
def mira(services: Services, olga: Browser) -> int:
    """Somebody else's account."""
    return accounts.create_user(services, "mira", PASSWORD)


def _signed_in(client: FlaskClient, username: str) -> Browser:
    browser = Browser(client.application)
    assert browser.sign_in(username).status_code == 302
    return browser


def _sign_in(browser: Browser, username: str, password: str = PASSWORD) -> int:
    return Browser(browser.app).sign_in(username, password).status_code


def _do(browser: Browser, user_id: int, what: str, **values: str) -> TestResponse:
    """Presses a button on somebody's page."""
    return browser.send(f"{USERS}/{user_id}/{what}", f"{USERS}/{user_id}", **values)


def _said(browser: Browser, user_id: int) -> str:
    return _text(browser.get(f"{USERS}/{user_id}").text)


def _give_second_step(conn: Connection, user_id: int) -> None:
    conn.execute("insert into user_totp (user_id, secret, confirmed_at) values (%s, '00:00:00', now())", (user_id,))
    conn.execute("insert into recovery_codes (user_id, code_hash) values (%s, 'x')", (user_id,))


def _is_admin(conn: Connection, user_id: int) -> bool:
    return bool(value(conn, "select is_admin from users where id = %s", (user_id,)))


def test_the_list_says_who_there_is_and_how_much_they_hold(
    olga: Browser, mira: int, conn: Connection, make_show: Callable[..., int]
) -> None:
    make_show(mira, "Harbour Lights")
    deleted = make_show(mira, "Gone")
    conn.execute("update tvshows set deleted_at = now() where id = %s", (deleted,))
    receive(conn, mira, scrobble())
    receive(conn, mira, scrobble(episode=2))
    _give_second_step(conn, mira)

    text = _text(olga.get(USERS).text)

    assert "2 accounts" in text
    of_mira, of_olga = text.split("mira", 1)[1].split("olga", 1)
    assert "1 show · 2 events in the log" in of_mira
    assert "Has not signed in yet · here since just now" in of_mira
    assert "Second step on" in of_mira
    assert "Administrator" not in of_mira
    assert "(you)" in of_olga
    assert "0 shows · 0 events in the log" in of_olga
    assert "Last seen just now" in of_olga
    assert "Administrator" in of_olga
    assert "Second step off" in of_olga
    assert "Harbour Lights" not in text + _said(olga, mira)


def test_when_somebody_was_last_seen_outlives_their_sessions(olga: Browser, mira: int, conn: Connection) -> None:
    browser = Browser(olga.app)
    browser.sign_in("mira")
    browser.send("/sign-out", "/")
    assert value(conn, "select count(*) from sessions where user_id = %s", (mira,)) == 0

    assert "Last seen just now" in _said(olga, mira)
    conn.execute("update users set signed_in_at = now() - interval '3 hours' where id = %s", (mira,))
    assert "Last seen 3 h ago" in _said(olga, mira)


def test_settings_lead_administrators_there_and_nobody_else(olga: Browser, mira: int, client: FlaskClient) -> None:
    browser = _signed_in(client, "mira")

    assert f'href="{USERS}"' in olga.get("/settings").text
    assert f'href="{USERS}"' not in browser.get("/settings").text
    for path in (USERS, f"{USERS}/new", f"{USERS}/{mira}"):
        assert browser.get(path).status_code == 403


@pytest.mark.parametrize("way", ["", "/new", "/1"])
def test_strangers_sign_in_first_and_come_back(client: FlaskClient, way: str) -> None:
    assert Browser(client.application).get(USERS + way).location == f"/sign-in?next={USERS}{way}"


@pytest.mark.parametrize("is_admin", [False, True])
def test_an_account_is_made_and_can_sign_in(
    olga: Browser, services: Services, conn: Connection, is_admin: bool
) -> None:
    services.settings.timezone = "Europe/Berlin"
    values = {"is_admin": "yes"} if is_admin else {}

    answer = olga.send(USERS, f"{USERS}/new", username=" Mira ", password=NEW, password_again=NEW, **values)

    assert (answer.status_code, answer.location) == (303, USERS)
    assert "Mira can sign in now." in _text(olga.get(USERS).text)
    row = one(conn, "select * from users where username = 'Mira'")
    assert (row["is_admin"], row["has_password"], row["timezone"]) == (is_admin, True, "Europe/Berlin")
    assert value(conn, "select count(*) from plex_config where user_id = %s", (row["id"],)) == 1
    assert _sign_in(olga, "mira", NEW) == 302


@pytest.mark.parametrize(
    ("values", "status", "said"),
    [
        ({"username": "OLGA"}, 409, "An account of this name is there already."),
        ({"username": "mi\u202era"}, 400, "1 to 64 characters, none of them invisible"),
        ({"username": ""}, 400, "1 to 64 characters, none of them invisible"),
        ({"password": "short", "password_again": "short"}, 400, "Expected: 8 to 256 characters."),
        ({"password_again": "something else"}, 400, "Expected: the same password again."),
    ],
)
def test_an_account_that_cannot_be_is_refused_and_its_name_stays_in_the_form(
    olga: Browser, conn: Connection, values: dict[str, str], status: int, said: str
) -> None:
    sent = {"username": "<b>mira</b>", "password": NEW, "password_again": NEW} | values

    answer = olga.send(USERS, f"{USERS}/new", **sent)

    assert answer.status_code == status
    assert said in _text(answer.text)
    if sent["username"] == "<b>mira</b>":
        assert 'value="&lt;b&gt;mira&lt;/b&gt;"' in answer.text
    assert NEW not in answer.text
    assert value(conn, "select count(*) from users") == 1


def test_another_password_signs_their_browsers_out_and_only_theirs(
    olga: Browser, mira: int, client: FlaskClient
) -> None:
    browser = _signed_in(client, "mira")

    assert _do(olga, mira, "password", password=NEW, password_again=NEW).status_code == 303

    assert "mira has another password now. 1 browser was signed out." in _said(olga, mira)
    assert browser.get("/").status_code == 302
    assert olga.get("/").status_code == 200
    assert (_sign_in(olga, "mira"), _sign_in(olga, "mira", NEW)) == (401, 302)


@pytest.mark.parametrize(
    ("values", "said"),
    [({"password": "short", "password_again": "short"}, "8 to 256"), ({"password_again": "x"}, "the same password")],
)
def test_a_password_that_cannot_be_taken_changes_nothing(
    olga: Browser, mira: int, values: dict[str, str], said: str
) -> None:
    answer = _do(olga, mira, "password", **({"password": NEW, "password_again": NEW} | values))

    assert answer.status_code == 400
    assert said in _text(answer.text)
    assert _sign_in(olga, "mira") == 302


def test_an_account_without_a_password_says_so_and_can_be_given_one(
    olga: Browser, mira: int, conn: Connection, services: Services
) -> None:
    conn.execute("update users set has_password = false where id = %s", (mira,))
    assert "No password" in _text(olga.get(USERS).text)
    assert "This account has none: it is signed in to through another service." in _said(olga, mira)

    _do(olga, mira, "password", password=NEW, password_again=NEW)

    assert has_password(services, mira)
    assert _sign_in(olga, "mira", NEW) == 302


def test_the_second_step_is_taken_off(olga: Browser, mira: int, conn: Connection) -> None:
    _give_second_step(conn, mira)
    assert _do(olga, mira, "second-step/off").status_code == 303

    assert "mira signs in with the password alone now." in _said(olga, mira)
    assert value(conn, "select count(*) from user_totp natural full join recovery_codes") == 0
    assert Browser(olga.app).sign_in("mira").location == "/"


def test_their_browsers_are_signed_out_and_no_others(olga: Browser, mira: int, client: FlaskClient) -> None:
    browsers = [_signed_in(client, "mira"), _signed_in(client, "mira")]
    assert "Sign all out" in _said(olga, mira)

    _do(olga, mira, "sessions/end")

    assert "2 browsers were signed out." in _said(olga, mira)
    assert [browser.get("/").status_code for browser in browsers] == [302, 302]
    assert olga.get("/").status_code == 200


def test_one_browser_of_theirs_is_signed_out_and_the_others_stay(
    olga: Browser, mira: int, client: FlaskClient, conn: Connection
) -> None:
    lost, kept = _signed_in(client, "mira"), _signed_in(client, "mira")
    session = value(conn, "select min(id) from sessions where user_id = %s", (mira,))

    assert _do(olga, mira, f"sessions/{session}/end").status_code == 303

    assert "That browser is signed out." in _said(olga, mira)
    assert [browser.get("/").status_code for browser in (lost, kept, olga)] == [302, 200, 200]


def test_one_token_of_theirs_is_revoked_and_the_others_stay(
    olga: Browser, mira: int, services: Services, conn: Connection, client: FlaskClient
) -> None:
    tokens = [accounts.create_token(services, "mira", name=name) for name in ("wild <script>", "kitchen")]
    token = value(conn, "select min(id) from api_tokens where user_id = %s", (mira,))
    assert "wild <script> Reads. Made just now . Never used. Does not end." in _said(olga, mira)
    assert not any(part in olga.get(f"{USERS}/{mira}").text for part in (*tokens, "wild <script>"))

    assert _do(olga, mira, f"tokens/{token}/revoke").status_code == 303

    assert "The token wild <script> is revoked" in _said(olga, mira)
    answers = [
        client.application.test_client().get("/api/shows", headers={"Authorization": f"Bearer {one_of}"})
        for one_of in tokens
    ]
    assert [answer.status_code for answer in answers] == [401, 200]


def test_what_is_not_of_that_account_is_not_ended_on_its_page(
    olga: Browser, mira: int, services: Services, conn: Connection
) -> None:
    accounts.create_token(services, "olga", name="hers")
    own_session = value(conn, "select max(id) from sessions where user_id = %s", (_own_id(conn),))
    own_token = value(conn, "select max(id) from api_tokens where user_id = %s", (_own_id(conn),))
    fields = olga.fields(f"{USERS}/{mira}", f"{USERS}/{mira}/delete")

    for number in (0, own_session, 10**30):
        assert olga.http.post(f"{USERS}/{mira}/sessions/{number}/end", data=fields).status_code == 404
    for number in (0, own_token, 10**30):
        assert olga.http.post(f"{USERS}/{mira}/tokens/{number}/revoke", data=fields).status_code == 404
    # And one's own account is not changed here at all.
    for what in (f"sessions/{own_session}/end", f"tokens/{own_token}/revoke"):
        assert olga.http.post(f"{USERS}/{_own_id(conn)}/{what}", data=fields).status_code == 403

    assert value(conn, "select count(*) from api_tokens") == 1
    assert olga.get("/").status_code == 200


def test_who_is_no_administrator_ends_nothing_of_others(
    olga: Browser, mira: int, client: FlaskClient, services: Services, conn: Connection
) -> None:
    browser = _signed_in(client, "mira")
    accounts.create_token(services, "olga", name="hers")
    own = _own_id(conn)
    session = value(conn, "select max(id) from sessions where user_id = %s", (own,))
    token = value(conn, "select max(id) from api_tokens where user_id = %s", (own,))
    fields = browser.fields("/", "/sign-out")

    for what in (f"sessions/{session}/end", f"tokens/{token}/revoke"):
        assert browser.http.post(f"{USERS}/{own}/{what}", data=fields).status_code == 403

    assert value(conn, "select count(*) from api_tokens") == 1
    assert olga.get("/").status_code == 200


def test_somebody_becomes_an_administrator_and_stops_being_one(
    olga: Browser, mira: int, conn: Connection, client: FlaskClient
) -> None:
    _do(olga, mira, "administrator", is_admin="yes")
    assert "mira is an administrator." in _said(olga, mira)
    assert _is_admin(conn, mira)
    browser = _signed_in(client, "mira")
    assert browser.get(USERS).status_code == 200

    _do(olga, mira, "administrator", is_admin="no")
    assert "mira is no administrator any more." in _said(olga, mira)
    assert not _is_admin(conn, mira)
    assert browser.get(USERS).status_code == 403


def test_an_account_is_deleted_with_everything_once_its_name_is_typed(
    olga: Browser, mira: int, conn: Connection, make_show: Callable[..., int], client: FlaskClient
) -> None:
    make_show(mira, "Harbour Lights")
    receive(conn, mira, scrobble())
    browser = _signed_in(client, "mira")
    assert "1 show, 1 viewing, mappings, the log" in _said(olga, mira)

    _do(olga, mira, "delete", typed_name="olga")
    assert "To delete the account, type its name: mira." in _said(olga, mira)
    assert browser.get("/").status_code == 200
    answer = _do(olga, mira, "delete", typed_name=" MIRA ")

    assert answer.location == USERS
    assert "mira is deleted, with everything that was theirs." in _text(olga.get(USERS).text)
    assert browser.get("/").status_code == 302
    assert value(conn, "select count(*) from users where id = %s", (mira,)) == 0
    for table in ("tvshows", "plays", "plex_webhook_logs", "plex_config", "sessions"):
        assert value(conn, f"select count(*) from {table} where user_id = %s", (mira,)) == 0
    assert _sign_in(olga, "mira") == 401


def test_an_account_with_years_in_it_may_take_longer_than_a_request(
    olga: Browser, mira: int, conn: Connection, database_urls: DatabaseUrls
) -> None:
    """A year of events took eight seconds to go on a fast disk, and a statement has fifteen."""
    with psycopg.connect(database_urls.owner_url, autocommit=True) as owner:
        owner.execute(
            """create function public.look() returns trigger language plpgsql as $$ begin
                   raise exception using message = current_setting('statement_timeout'), errcode = 'TK409';
               end $$"""
        )
        owner.execute("create trigger look before delete on tracker.users for each row execute function public.look()")

    _do(olga, mira, "delete", typed_name="mira")

    assert "2min." in _said(olga, mira)
    with psycopg.connect(database_urls.owner_url, autocommit=True) as owner:
        owner.execute("drop trigger look on tracker.users")
    assert _do(olga, mira, "delete", typed_name="mira").location == USERS


def test_the_webhook_of_a_deleted_account_is_not_known_any_more(
    olga: Browser, mira: int, services: Services, conn: Connection
) -> None:
    sealed = value(conn, "select webhook_secret from plex_config where user_id = %s", (mira,))
    secret = services.cipher.decrypt(sealed, column="plex_config.webhook_secret", row=mira)
    address = f"/api/plex/webhook?secret={secret}"
    assert olga.http.post(address, json=scrobble()).status_code == 200

    _do(olga, mira, "delete", typed_name="mira")

    assert olga.http.post(address, json=scrobble(episode=2)).status_code == 401


def _own_id(conn: Connection) -> int:
    return int(value(conn, "select id from users where username = 'olga'"))


def test_ones_own_account_is_not_changed_here(olga: Browser, mira: int, conn: Connection) -> None:
    own = _own_id(conn)
    conn.execute("update users set is_admin = true")
    page = olga.get(f"{USERS}/{own}").text
    assert f'action="{USERS}' not in page
    assert 'href="/settings/account"' in page

    fields = olga.fields(f"{USERS}/{mira}", f"{USERS}/{mira}/delete")
    for what, values in (
        ("delete", {"typed_name": "olga"}),
        ("administrator", {"is_admin": "no"}),
        ("password", {"password": NEW, "password_again": NEW}),
        ("second-step/off", {}),
        ("sessions/end", {}),
    ):
        answer = olga.http.post(f"{USERS}/{own}/{what}", data=fields | values)
        assert answer.status_code == 403, what
        assert "This is your own account" in _text(answer.text)

    assert _is_admin(conn, own)
    assert olga.get("/").status_code == 200
    assert _sign_in(olga, "olga") == 302


@pytest.mark.parametrize(
    ("what", "values"), [("delete", {"typed_name": "mira"}), ("administrator", {"is_admin": "no"})]
)
def test_the_last_administrator_stays_also_when_another_one_was_unmade_a_moment_ago(
    olga: Browser, mira: int, conn: Connection, monkeypatch: pytest.MonkeyPatch, what: str, values: dict[str, str]
) -> None:
    """Two administrators who unmake each other: who is asked second is no administrator any more, and changes nothing."""
    conn.execute("update users set is_admin = true where id = %s", (mira,))
    fields = olga.fields(f"{USERS}/{mira}", f"{USERS}/{mira}/{what}")
    from app.web.settings import users

    look = users.people.get_person

    def overtaken(services: Services, user_id: int) -> dict[str, object]:
        """The other one's change comes between the guard and this one's."""
        found = look(services, user_id)
        conn.execute("update users set is_admin = false where username = 'olga'")
        return found

    monkeypatch.setattr(users.people, "get_person", overtaken)
    olga.http.post(f"{USERS}/{mira}/{what}", data=fields | values)

    assert _is_admin(conn, mira)


CHANGES = [
    ("password", {"password": NEW, "password_again": NEW}),
    ("second-step/off", {}),
    ("administrator", {"is_admin": "yes"}),
    ("delete", {"typed_name": "mira"}),
]


@pytest.mark.parametrize(("what", "values"), CHANGES)
def test_who_signed_in_a_while_ago_is_asked_for_the_password_and_comes_back(
    olga: Browser, mira: int, conn: Connection, what: str, values: dict[str, str]
) -> None:
    _give_second_step(conn, mira)
    before = one(conn, "select * from users where id = %s", (mira,))
    conn.execute("update sessions set confirmed_at = now() - interval '601 seconds'")
    page = f"{USERS}/{mira}"
    assert "asks for your own password first" in _said(olga, mira)

    asked = _do(olga, mira, what, **values)

    assert asked.location == f"/settings/confirm?next={page}"
    assert one(conn, "select * from users where id = %s", (mira,)) == before
    assert value(conn, "select count(*) from user_totp") == 1
    answered = olga.send("/settings/confirm", asked.location, current_password=PASSWORD)
    assert answered.location == page
    assert "asks for your own password first" not in _said(olga, mira)
    assert _do(olga, mira, what, **values).status_code == 303
    assert value(conn, "select count(*) from users where id = %s", (mira,)) == (0 if what == "delete" else 1)


def test_the_password_is_asked_for_before_an_account_is_made(olga: Browser, conn: Connection) -> None:
    fields = olga.fields(f"{USERS}/new", USERS)
    conn.execute("update sessions set confirmed_at = now() - interval '601 seconds'")

    for answer in (
        olga.get(f"{USERS}/new"),
        olga.http.post(USERS, data=fields | {"username": "mira", "password": NEW, "password_again": NEW}),
    ):
        assert answer.location == f"/settings/confirm?next={USERS}/new"
    assert value(conn, "select count(*) from users") == 1


@pytest.mark.parametrize("what", ["password", "second-step/off", "sessions/end", "administrator", "delete"])
@pytest.mark.parametrize("number", [0, 999_999, 2**63, 10**30])
def test_an_account_that_is_not_there_is_not_found(olga: Browser, mira: int, what: str, number: int) -> None:
    fields = olga.fields(f"{USERS}/{mira}", f"{USERS}/{mira}/delete")

    assert olga.get(f"{USERS}/{number}").status_code == 404
    assert olga.http.post(f"{USERS}/{number}/{what}", data=fields).status_code == 404


def test_a_name_that_means_harm_is_text(olga: Browser, services: Services) -> None:
    name = "<script>alert(1)</script>شاهد"
    user_id = accounts.create_user(services, name, PASSWORD)

    for path in (USERS, f"{USERS}/{user_id}"):
        page = olga.get(path).text
        assert "<script>alert" not in page
        assert "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;شاهد</bdi>" in page
