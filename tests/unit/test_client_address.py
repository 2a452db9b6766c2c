from __future__ import annotations

import ipaddress
from typing import Any

import pytest

from app.security.client_address import ClientAddress


def _seen(trusted: str, remote: str, **headers: str) -> dict[str, Any]:
    seen: dict[str, Any] = {}

    def app(environ: dict[str, Any], _start: Any) -> list[bytes]:
        seen.update(environ)
        return []

    networks = tuple(ipaddress.ip_network(part) for part in trusted.split(",") if part)
    environ = {"REMOTE_ADDR": remote, "wsgi.url_scheme": "http", "HTTP_HOST": "inside:8787"} | headers
    ClientAddress(app, networks)(environ, lambda *_: None)  # type: ignore[arg-type, return-value]
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


def test_scheme_and_host_of_a_stranger_are_not_believed() -> None:
    seen = _seen("10.0.0.2", "10.0.0.3", HTTP_X_FORWARDED_PROTO="https", HTTP_X_FORWARDED_HOST="evil.example")
    assert (seen["wsgi.url_scheme"], seen["HTTP_HOST"]) == ("http", "inside:8787")


def test_a_scheme_that_is_none_is_left_out() -> None:
    assert _seen("10.0.0.2", "10.0.0.2", HTTP_X_FORWARDED_PROTO="javascript")["wsgi.url_scheme"] == "http"
