from __future__ import annotations

import ipaddress
from typing import Any

import pytest

from app.security.client_address import ClientAddress, came_by_trusted_proxy, came_by_unknown_proxy


def _seen(trusted: str, remote: str, caddy: str | None = None, **headers: str) -> dict[str, Any]:
    seen: dict[str, Any] = {}

    def app(environ: dict[str, Any], _start: Any) -> list[bytes]:
        seen.update(environ)
        return []

    networks = tuple(ipaddress.ip_network(part) for part in trusted.split(",") if part)
    environ = {"REMOTE_ADDR": remote, "wsgi.url_scheme": "http", "HTTP_HOST": "inside:8787"} | headers
    address = None if caddy is None else ipaddress.ip_address(caddy)
    ClientAddress(app, networks, address)(environ, lambda *_: None)  # type: ignore[arg-type, return-value]
    return seen


@pytest.mark.parametrize(
    ("trusted", "remote", "forwarded", "client"),
    [
        ("", "10.0.0.2", "203.0.113.9", "10.0.0.2"),
        ("10.0.0.2", "10.0.0.2", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.2", "10.0.0.3", "203.0.113.9", "10.0.0.3"),
        ("10.0.0.2", "10.0.0.2", "1.2.3.4, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.0/8", "10.0.0.2", "1.2.3.4, 203.0.113.9, 10.9.9.9", "203.0.113.9"),
        ("10.0.0.0/8", "10.0.0.2", "10.1.1.1, 10.2.2.2", "10.1.1.1"),
        ("10.0.0.2", "10.0.0.2", "", "10.0.0.2"),
        ("10.0.0.2", "10.0.0.2", "nonsense", "10.0.0.2"),
        ("10.0.0.2", "10.0.0.2", "203.0.113.9, nonsense", "10.0.0.2"),
        ("10.0.0.2", "10.0.0.2", "203.0.113.9:4711", "203.0.113.9"),
        ("10.0.0.2", "10.0.0.2", "[2001:db8::7]:4711", "2001:db8::7"),
        ("fd00::/8", "fd00::1", "2001:db8::7", "2001:db8::7"),
        ("10.0.0.2", "::ffff:10.0.0.2", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.2", "", "203.0.113.9", ""),
    ],
)
def test_forwarded_addresses_are_believed_only_as_far_as_proxies_are_trusted(
    trusted: str, remote: str, forwarded: str, client: str
) -> None:
    assert _seen(trusted, remote, HTTP_X_FORWARDED_FOR=forwarded)["REMOTE_ADDR"] == client


def test_scheme_and_host_come_from_a_trusted_proxy() -> None:
    seen = _seen("10.0.0.2", "10.0.0.2", HTTP_X_FORWARDED_PROTO="https", HTTP_X_FORWARDED_HOST="tv.example.org")
    assert (seen["wsgi.url_scheme"], seen["HTTP_HOST"]) == ("https", "tv.example.org")


def test_of_several_schemes_and_hosts_those_of_the_proxy_itself_count() -> None:
    """What a client wrote stands before them, where a proxy adds instead of replacing."""
    sent = {"HTTP_X_FORWARDED_PROTO": "https, http", "HTTP_X_FORWARDED_HOST": "evil.example, tv.example.org"}
    seen = _seen("10.0.0.2", "10.0.0.2", **sent)
    assert (seen["wsgi.url_scheme"], seen["HTTP_HOST"]) == ("http", "tv.example.org")


def test_scheme_and_host_of_a_stranger_are_not_believed() -> None:
    seen = _seen("10.0.0.2", "10.0.0.3", HTTP_X_FORWARDED_PROTO="https", HTTP_X_FORWARDED_HOST="evil.example")
    assert (seen["wsgi.url_scheme"], seen["HTTP_HOST"]) == ("http", "inside:8787")


def test_a_scheme_that_is_none_is_left_out() -> None:
    assert _seen("10.0.0.2", "10.0.0.2", HTTP_X_FORWARDED_PROTO="javascript")["wsgi.url_scheme"] == "http"


def test_the_caddy_of_compose_is_believed_about_who_calls_and_by_which_name() -> None:
    headers = {"HTTP_X_FORWARDED_FOR": "1.2.3.4, 203.0.113.9", "HTTP_X_FORWARDED_PROTO": "https"}
    seen = _seen("", "10.212.87.2", "10.212.87.2", **headers, HTTP_X_FORWARDED_HOST="tv.example.org")
    assert (seen["REMOTE_ADDR"], seen["wsgi.url_scheme"]) == ("203.0.113.9", "https")
    assert seen["HTTP_HOST"] == "tv.example.org"
    assert not came_by_unknown_proxy(seen)


@pytest.mark.parametrize("neighbour", ["10.212.87.1", "10.212.87.3", "10.212.87.9", "172.20.0.1", "::ffff:10.212.87.3"])
def test_nobody_else_in_its_network_is_believed(neighbour: str) -> None:
    seen = _seen("", neighbour, "10.212.87.2", HTTP_X_FORWARDED_FOR="203.0.113.9", HTTP_X_FORWARDED_PROTO="https")
    assert (seen["REMOTE_ADDR"], seen["wsgi.url_scheme"]) == (neighbour, "http")
    assert came_by_unknown_proxy(seen)


def test_it_signs_nobody_in_unless_it_is_named_as_a_proxy_too() -> None:
    """It hands on whatever headers browsers send."""
    assert not came_by_trusted_proxy(_seen("192.0.2.7", "10.212.87.2", "10.212.87.2"))
    assert came_by_trusted_proxy(_seen("192.0.2.7", "192.0.2.7", "10.212.87.2"))
    assert came_by_trusted_proxy(_seen("10.212.87.2", "10.212.87.2", "10.212.87.2"))


def test_caddy_before_another_proxy_is_passed_over() -> None:
    seen = _seen("192.0.2.7", "192.0.2.7", "10.212.87.2", HTTP_X_FORWARDED_FOR="1.2.3.4, 203.0.113.9, 10.212.87.2")
    assert seen["REMOTE_ADDR"] == "203.0.113.9"
