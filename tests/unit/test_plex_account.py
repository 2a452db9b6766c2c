"""What plex.tv answers about an account: odd values count as not known, and a server's addresses come in a sensible order."""

from __future__ import annotations

from typing import Any

import pytest

from app.plex.account import Account, Pin, Resource


def _server(**more: Any) -> Resource:
    return Resource.model_validate(
        {"clientIdentifier": "S1", "name": "Attic", "provides": "server", "owned": True} | more
    )


def _place(uri: str, address: str, port: int, *, local: bool = True, relay: bool = False) -> dict[str, Any]:
    return {"uri": uri, "address": address, "port": port, "protocol": "https", "local": local, "relay": relay}


AT_HOME = _place("https://192-168-1-10.abc.plex.direct:32400", "192.168.1.10", 32400)
OUTSIDE = _place("https://203-0-113-9.abc.plex.direct:8443", "203.0.113.9", 8443, local=False)
RELAY = _place("https://198-51-100-7.abc.plex.direct:8443", "198.51.100.7", 8443, local=False, relay=True)


def test_addresses_at_home_come_first_also_by_their_number_and_the_relay_never() -> None:
    assert _server(connections=[RELAY, OUTSIDE, AT_HOME]).addresses() == [
        "https://192-168-1-10.abc.plex.direct:32400",
        "http://192.168.1.10:32400",
        "https://203-0-113-9.abc.plex.direct:8443",
    ]


def test_a_server_that_wants_https_is_not_asked_without() -> None:
    assert _server(connections=[AT_HOME], httpsRequired=True).addresses() == [AT_HOME["uri"]]


def test_an_address_of_ipv6_stands_in_brackets() -> None:
    place = _place("", "2001:db8::10", 32400)
    assert _server(connections=[place]).addresses() == ["http://[2001:db8::10]:32400"]


@pytest.mark.parametrize(
    "connections", [None, "x", [1, None, "x"], [{"uri": 5, "port": "many"}], [{"uri": "ftp://nas"}]]
)
def test_odd_connections_are_none(connections: object) -> None:
    assert _server(connections=connections).addresses() == []


@pytest.mark.parametrize(
    ("provides", "uuid", "is_server"),
    [("server", "S1", True), ("client,server", "S1", True), ("client,player", "S1", False), ("server", "", False)],
)
def test_only_what_serves_and_has_a_name_is_a_server(provides: str, uuid: str, is_server: bool) -> None:
    assert _server(provides=provides, clientIdentifier=uuid).is_server is is_server


@pytest.mark.parametrize(
    ("subscription", "may"),
    [
        ({"active": True, "features": ["webhooks", "pass"]}, True),
        ({"active": True, "features": ["home"]}, False),
        ({"active": False, "features": []}, False),
        ({"active": True}, True),
        ({}, None),
        (None, None),
        ("Active", None),
    ],
)
def test_plex_pass_is_known_by_what_it_lets_one_do(subscription: object, may: bool | None) -> None:
    assert Account.model_validate({"subscription": subscription}).has_webhooks is may


def test_somebody_has_a_name_whatever_plex_tv_leaves_out() -> None:
    names = [
        {"friendlyName": "Mira", "title": "mira@example.com", "username": "m"},
        {"friendlyName": "", "title": "mira@example.com", "username": "m"},
        {"username": "m"},
        {"title": 5},
    ]
    assert [Account.model_validate(given).name for given in names] == [
        "Mira",
        "mira@example.com",
        "m",
        "your Plex account",
    ]


def test_a_pin_shows_no_token_where_it_is_printed() -> None:
    pin = Pin.model_validate({"id": "5", "code": "abc", "authToken": "the-token", "expiresIn": None})
    assert (pin.id, pin.code, pin.token, pin.expires_in) == (5, "abc", "the-token", None)
    assert "the-token" not in repr(pin)
    assert Pin.model_validate({"authToken": None}).token == ""
