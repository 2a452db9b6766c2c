"""Names that nobody but the owner can have lead to the appliance."""

from __future__ import annotations

import pytest

from app.security.host_names import is_home_name, is_known, is_out_of_reach, name_of
from app.settings import InvalidSettings, load_settings


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("NAS.Local:8787", "nas.local"),
        ("tv.example.org.", "tv.example.org"),
        ("[fd00::7]:8787", "fd00::7"),
        ("192.168.1.20", "192.168.1.20"),
        ("", ""),
        ("[oops", ""),
        ("user@nas", ""),
        ("evil.example/nas", ""),
    ],
)
def test_a_host_is_read_without_port_and_spelling(host: str, name: str) -> None:
    assert name_of(host) == name


@pytest.mark.parametrize(
    "name",
    [
        "192.168.1.20",
        "203.0.113.9",
        "fd00::7",
        "fe80::1%eth0",
        "nas",
        "localhost",
        "nas.local",
        "a.b.lan",
        "tv.home.arpa",
        "tv.internal",
        "nas.tail1234.ts.net",
        "nas.fritz.box",
        "app.localhost",
    ],
)
def test_which_names_a_stranger_cannot_have_lead_here(name: str) -> None:
    assert is_out_of_reach(name)


@pytest.mark.parametrize(
    "name",
    [
        "evil.example",
        "local.evil.com",
        "nas.local.evil.com",
        "xlocal.com",
        "notts.net",
        "",
        "192.168.1.20.nip.io",
        "evil.box",
    ],
)
def test_which_names_a_stranger_can(name: str) -> None:
    assert not is_out_of_reach(name)


def test_a_name_of_tailscale_is_one_of_the_internet_all_the_same() -> None:
    """It has a public certificate, so browsers may be bound to https there."""
    assert not is_home_name("nas.tail1234.ts.net")


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("tv.example.org", True),
        ("other.example.org", False),
        ("a.example.net", True),
        ("a.b.example.net", True),
        ("example.net", False),
        ("evilexample.net", False),
        ("public.example.com", True),
        ("xn--bcher-kva.example", True),
    ],
)
def test_what_the_settings_say_is_known(name: str, known: bool) -> None:
    settings = load_settings(
        allowed_hosts="TV.example.org., *.example.net,bücher.example", public_url="https://public.example.com:444"
    )
    assert is_known(name, settings) is known


@pytest.mark.parametrize("value", ["https://tv.example.org", "tv.example.org:8787", "*", "a b", "*.", "tv..example"])
def test_what_is_no_name_stops_the_start(value: str) -> None:
    with pytest.raises(InvalidSettings, match="ALLOWED_HOSTS: expected names"):
        load_settings(allowed_hosts=value)
