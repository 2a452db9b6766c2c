"""`/api/plex/config`: the connection, its secrets, and who counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from app.security.accounts import create_token, create_user
from app.security.webhook_secrets import secret_digest
from app.services import Services
from tests import payloads
from tests.conftest import Connection
from tests.integration.api_client import PASSWORD, ApiClient
from tests.scrobbles import receive, scrobble
from tests.watch_state import one, value

TOKEN = "zq8-NotReal_TokenForTests"
KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def owner(client: FlaskClient, services: Services) -> ApiClient:
    """A user whose account was made for real, so that its webhook secret can be shown."""
    user_id = create_user(services, "olga", PASSWORD)
    token = create_token(services, "olga", scope="write")
    return ApiClient(client.application, token, user_id, client.application.test_client(), {})


def secret_of(config: dict[str, Any]) -> str:
    return parse_qs(urlsplit(config["webhook_url"]).query)["secret"][0]


def knock(client: ApiClient, secret: str, message: dict[str, Any] | None = None) -> int:
    """The status that a webhook with this secret is answered with."""
    response = client.http.post(f"/api/plex/webhook?secret={secret}", json=message or payloads.episode())
    return response.status_code


def test_a_new_account_is_enabled_and_has_a_webhook_address_that_works(owner: ApiClient) -> None:
    config = owner.call("GET", "/api/plex/config")
    assert (config["enabled"], config["auto_add_shows"], config["auto_mark_watched"]) == (True, True, True)
    assert (config["has_plex_token"], config["has_tmdb_key"], config["plex_server_url"]) == (False, False, None)
    assert config["webhook_url"].startswith("http://localhost/api/plex/webhook?secret=")
    assert len(secret_of(config)) == 64
    assert knock(owner, secret_of(config)) == 200


def test_public_url_is_the_address_that_plex_is_told(owner: ApiClient, services: Services) -> None:
    services.settings.public_url = "https://tv.example.org/keep"
    config = owner.call("GET", "/api/plex/config", headers={"Host": "elsewhere.example"})
    assert config["webhook_url"].startswith("https://tv.example.org/keep/api/plex/webhook?secret=")


def test_a_token_that_may_only_read_does_not_learn_the_secret(owner: ApiClient, services: Services) -> None:
    secret = secret_of(owner.call("GET", "/api/plex/config"))
    owner.token = create_token(services, "olga", scope="read")
    config = owner.call("GET", "/api/plex/config")
    assert config["webhook_url"] == "http://localhost/api/plex/webhook"
    assert secret not in str(config)


def test_a_secret_of_another_key_is_not_shown_and_can_be_rotated(ann: ApiClient) -> None:
    # make_user stores a secret that nothing decrypts.
    assert ann.call("GET", "/api/plex/config")["webhook_url"] is None
    config = ann.call("POST", "/api/plex/config/rotate-secret")
    assert knock(ann, secret_of(config)) == 200


def test_any_part_of_the_connection_can_be_set(owner: ApiClient, conn: Connection) -> None:
    config = owner.call(
        "POST",
        "/api/plex/config",
        {"plex_server_url": "http://192.168.1.10:32400/", "plex_server_name": " Attic ", "plex_server_uuid": "abc"},
    )
    assert (config["plex_server_url"], config["plex_server_name"]) == ("http://192.168.1.10:32400", "Attic")
    config = owner.call("POST", "/api/plex/config", {"auto_add_shows": False, "enabled": False})
    assert (config["plex_server_name"], config["auto_add_shows"], config["enabled"]) == ("Attic", False, False)
    row = one(conn, "select * from plex_config where user_id = %s", (owner.user_id,))
    assert (row["plex_server_url"], row["auto_add_shows"], row["auto_mark_watched"], row["enabled"]) == (
        "http://192.168.1.10:32400",
        False,
        True,
        False,
    )
    config = owner.call("POST", "/api/plex/config", {"plex_server_url": None, "plex_server_name": ""})
    assert (config["plex_server_url"], config["plex_server_name"], config["plex_server_uuid"]) == (None, None, "abc")


def test_token_and_key_are_stored_encrypted_and_never_answered(
    owner: ApiClient, conn: Connection, services: Services
) -> None:
    answer = owner.send("POST", "/api/plex/config", {"plex_token": TOKEN, "tmdb_api_key": KEY})
    config = answer.get_json()
    assert (config["has_plex_token"], config["has_tmdb_key"]) == (True, True)
    assert TOKEN not in answer.get_data(as_text=True)
    assert KEY not in answer.get_data(as_text=True)
    user = (owner.user_id,)
    token = value(conn, "select plex_token from plex_config where user_id = %s", user)
    key = value(conn, "select tmdb_api_key from settings where user_id = %s", user)
    assert services.cipher.decrypt(token, column="plex_config.plex_token", row=owner.user_id) == TOKEN
    assert services.cipher.decrypt(key, column="settings.tmdb_api_key", row=owner.user_id) == KEY
    assert [len(part) for part in token.split(":")[:2]] == [24, 32]

    config = owner.call("POST", "/api/plex/config", {"plex_token": None, "tmdb_api_key": ""})
    assert (config["has_plex_token"], config["has_tmdb_key"]) == (False, False)
    assert value(conn, "select plex_token is null from plex_config where user_id = %s", user)


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("plex_server_url", {"plex_server_url": "ftp://nas"}),
        ("plex_server_url", {"plex_server_url": "nas:32400"}),
        ("plex_server_url", {"plex_server_url": "http://"}),
        ("plex_server_url", {"plex_server_url": "http://user:pass@nas:32400"}),
        ("plex_server_url", {"plex_server_url": "http://nas:99999"}),
        ("plex_server_url", {"plex_server_url": "http://[::1"}),
        ("plex_server_url", {"plex_server_url": "http://nas/?X-Plex-Token=abc"}),
        ("plex_server_url", {"plex_server_url": "http://nas/#x"}),
        ("plex_server_url", {"plex_server_url": "http://na s"}),
        ("plex_server_url", {"plex_server_url": "http://nas\r\nX: y"}),
        ("plex_server_url", {"plex_server_url": 5}),
        ("plex_server_name", {"plex_server_name": "x" * 1001}),
        ("plex_server_name", {"plex_server_name": "a\0"}),
        ("plex_server_uuid", {"plex_server_uuid": "x" * 101}),
        ("plex_token", {"plex_token": "two words"}),
        ("plex_token", {"plex_token": "tökén"}),
        ("plex_token", {"plex_token": ["x"]}),
        ("tmdb_api_key", {"tmdb_api_key": "x" * 1001}),
        ("enabled", {"enabled": "true"}),
        ("enabled", {"enabled": None}),
        ("auto_mark_watched", {"auto_mark_watched": 1}),
        ("webhook_url", {"webhook_url": "http://x"}),
        ("tracked_accounts", {"tracked_accounts": 5}),
        ("tracked_accounts.0", {"tracked_accounts": ["1"]}),
        ("tracked_servers.0", {"tracked_servers": [True]}),
        ("tracked_servers.0", {"tracked_servers": [None]}),
    ],
)
def test_a_wrong_setting_is_refused_by_the_fields_name_and_changes_nothing(
    ann: ApiClient, conn: Connection, field: str, body: dict[str, Any]
) -> None:
    before = one(conn, "select * from plex_config")
    response = ann.send("POST", "/api/plex/config", {"auto_add_shows": False} | body)
    assert response.status_code == 400
    assert list(response.get_json()["error"]["fields"]) == [field]
    assert "pass@" not in response.get_data(as_text=True)
    assert one(conn, "select * from plex_config") == before


def test_chosen_accounts_count_and_the_others_do_not(
    owner: ApiClient, conn: Connection, make_show: Callable[..., int]
) -> None:
    make_show(owner.user_id, payloads.SHOW)
    guest = {"id": 7, "title": "guest"}
    receive(conn, owner.user_id, scrobble(episode=1))
    assert (
        receive(conn, owner.user_id, scrobble(episode=2, Account=guest, user=False))["action"] == "account_not_tracked"
    )
    accounts = {account["title"]: account for account in owner.call("GET", "/api/plex/config")["accounts"]}
    assert [accounts["guest"][name] for name in ("plex_account_id", "server_uuid", "counts")] == [
        7,
        payloads.SERVER_UUID,
        None,
    ]

    config = owner.call("POST", "/api/plex/config", {"tracked_accounts": [accounts["guest"]["id"]]})
    assert {a["title"]: a["counts"] for a in config["accounts"]} == {payloads.ACCOUNT: None, "guest": True}
    answer = receive(conn, owner.user_id, scrobble(episode=3, Account=guest, user=True))
    assert answer["status"] == "success"
    assert receive(conn, owner.user_id, scrobble(episode=4))["action"] == "account_not_tracked"

    config = owner.call("POST", "/api/plex/config", {"tracked_accounts": []})
    assert {a["counts"] for a in config["accounts"]} == {None}
    assert receive(conn, owner.user_id, scrobble(episode=5))["status"] == "success"


def test_chosen_servers_count_by_id_or_uuid(owner: ApiClient, conn: Connection, make_show: Callable[..., int]) -> None:
    make_show(owner.user_id, payloads.SHOW)
    receive(conn, owner.user_id, scrobble(episode=1))
    receive(conn, owner.user_id, scrobble(episode=2, Server={"uuid": "other", "title": "Cellar"}))
    servers = {server["server_uuid"]: server["id"] for server in owner.call("GET", "/api/plex/config")["servers"]}
    for chosen in ("other", servers["other"]):
        config = owner.call("POST", "/api/plex/config", {"tracked_servers": [chosen]})
        assert {s["title"]: s["counts"] for s in config["servers"]} == {"Attic": None, "Cellar": True}
    assert receive(conn, owner.user_id, scrobble(episode=3))["action"] == "server_not_tracked"
    owner.call("POST", "/api/plex/config", {"tracked_servers": []})
    assert receive(conn, owner.user_id, scrobble(episode=4))["status"] == "success"


def test_accounts_and_servers_of_others_or_never_seen_are_not_there(
    ann: ApiClient, bob: ApiClient, conn: Connection
) -> None:
    receive(conn, bob.user_id, scrobble())
    account = value(conn, "select id from plex_accounts where user_id = %s", (bob.user_id,))
    for body in (
        {"tracked_accounts": [account]},
        {"tracked_servers": [payloads.SERVER_UUID]},
        {"tracked_servers": [1]},
    ):
        assert list(ann.refused("POST", "/api/plex/config", body, status=404)) == list(body)
    assert value(conn, "select count(*) from plex_accounts where counts") == 0


def test_a_rotated_secret_works_beside_the_old_one_until_its_overlap_ends(owner: ApiClient, conn: Connection) -> None:
    old = secret_of(owner.call("GET", "/api/plex/config"))
    config = owner.call("POST", "/api/plex/config/rotate-secret")
    new = secret_of(config)
    assert new != old
    assert config["previous_secret_until"] is not None
    assert [knock(owner, secret) for secret in (old, new)] == [200, 200]
    row = one(
        conn,
        """select webhook_secret_hash, extract(epoch from previous_secret_until - now()) / 3600 as hours
           from plex_config where user_id = %s""",
        (owner.user_id,),
    )
    assert bytes(row["webhook_secret_hash"]) == secret_digest(new)
    assert 23.9 < row["hours"] <= 24
    owner.call("POST", "/api/plex/config/rotate-secret", {"overlap_hours": 1})
    assert [knock(owner, secret) for secret in (old, new)] == [401, 200]


def test_a_rotation_without_overlap_ends_the_old_secret_at_once(owner: ApiClient) -> None:
    old = secret_of(owner.call("GET", "/api/plex/config"))
    config = owner.call("POST", "/api/plex/config/rotate-secret", {"overlap_hours": 0})
    assert config["previous_secret_until"] is None
    assert [knock(owner, secret) for secret in (old, secret_of(config))] == [401, 200]


@pytest.mark.parametrize("hours", [-1, 169, "24", 1.5, None])
def test_a_wrong_overlap_is_refused(ann: ApiClient, conn: Connection, hours: object) -> None:
    before = value(conn, "select webhook_secret_hash from plex_config")
    assert list(ann.refused("POST", "/api/plex/config/rotate-secret", {"overlap_hours": hours})) == ["overlap_hours"]
    assert value(conn, "select webhook_secret_hash from plex_config") == before


def test_disconnecting_removes_what_was_secret_and_ends_the_address(owner: ApiClient, conn: Connection) -> None:
    owner.call(
        "POST",
        "/api/plex/config",
        {"plex_token": TOKEN, "tmdb_api_key": KEY, "plex_server_url": "http://nas:32400", "plex_server_name": "Attic"},
    )
    old = secret_of(owner.call("POST", "/api/plex/config/rotate-secret"))
    config = owner.call("DELETE", "/api/plex/config")
    assert (config["has_plex_token"], config["has_tmdb_key"], config["enabled"]) == (False, False, False)
    assert (config["plex_server_url"], config["plex_server_name"], config["previous_secret_until"]) == (
        None,
        None,
        None,
    )
    row = one(
        conn,
        """select plex_token, plex_server_url, previous_secret_hash, tmdb_api_key
           from plex_config join settings using (user_id)""",
    )
    assert set(row.values()) == {None}
    assert knock(owner, old) == 401
    assert owner.http.post(f"/api/plex/webhook?secret={secret_of(config)}", json=payloads.episode()).get_json() == {
        "status": "ignored",
        "action": "integration_disabled",
        "log_id": value(conn, "select max(id) from plex_webhook_logs"),
    }


def test_the_key_of_the_environment_counts_as_a_key(owner: ApiClient, services: Services) -> None:
    from pydantic import SecretStr

    services.settings.tmdb_api_key = SecretStr(KEY)
    assert owner.call("GET", "/api/plex/config")["has_tmdb_key"] is True


def test_the_thresholds_of_matching_are_read_and_set(ann: ApiClient) -> None:
    config = ann.call("GET", "/api/plex/config")
    assert (config["propose_similarity"], config["map_confidence"]) == (0.35, 0.6)
    config = ann.call("POST", "/api/plex/config", {"map_confidence": 0.85})
    assert (config["propose_similarity"], config["map_confidence"]) == (0.35, 0.85)
    config = ann.call("POST", "/api/plex/config", {"propose_similarity": 0.5})
    assert (config["propose_similarity"], config["map_confidence"]) == (0.5, 0.85)
    assert ann.call("GET", "/api/plex/config") == config


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("propose_similarity", 0.05),
        ("propose_similarity", 0.95),
        ("propose_similarity", "0.5"),
        ("propose_similarity", None),
        ("map_confidence", 0.59),
        ("map_confidence", 1.01),
        ("map_confidence", True),
    ],
)
def test_a_threshold_that_cannot_be_right_is_refused(ann: ApiClient, field: str, wrong: object) -> None:
    before = ann.call("GET", "/api/plex/config")
    assert list(ann.refused("POST", "/api/plex/config", {field: wrong})) == [field]
    assert ann.call("GET", "/api/plex/config") == before
