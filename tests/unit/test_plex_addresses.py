"""Addresses of servers as people enter them."""

from __future__ import annotations

import pytest

from app.errors import Invalid
from app.plex.addresses import server_address


@pytest.mark.parametrize(
    ("entered", "address"),
    [
        ("http://192.168.1.10:32400", "http://192.168.1.10:32400"),
        (" https://plex.example.org/ ", "https://plex.example.org"),
        ("https://example.org/plex/", "https://example.org/plex"),
        ("192.168.1.10", "http://192.168.1.10:32400"),
        ("nas.local:8080", "http://nas.local:8080"),
        ("[fd00::10]", "http://[fd00::10]:32400"),
    ],
)
def test_what_is_left_out_is_what_is_usual(entered: str, address: str) -> None:
    assert server_address(entered) == address


@pytest.mark.parametrize(
    "entered",
    [
        "",
        " ",
        "ftp://nas",
        "http://",
        "a b",
        "http://u:p@nas",
        "http://nas/?x",
        "http://nas#x",
        "http://nas:0",
        "nas:99999",
        "http://näs",
        "http://nas\\x",
        "http://[fd00::",
        "x" * 2001,
    ],
)
def test_what_is_no_address_is_refused_by_its_field(entered: str) -> None:
    with pytest.raises(Invalid) as refused:
        server_address(entered)

    assert list(refused.value.fields) == ["plex_server_url"]
