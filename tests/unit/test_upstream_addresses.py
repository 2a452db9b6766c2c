"""Which addresses are never asked, whoever names them."""

from __future__ import annotations

import pytest

from app.upstream.connections import is_forbidden


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.0.1",
        "fe80::1",
        "fe80::1%eth0",
        "febf::1",
        "fd00:ec2::254",
        "::ffff:169.254.169.254",
        "::ffff:a9fe:a9fe",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
        "::a9fe:a9fe",
        # NAT64 within one network, with the IPv4 address in each of its four places.
        "64:ff9b:1::a9fe:a9fe",
        "64:ff9b:1:a9fe:a9:fe00::",
        "64:ff9b:1:a9:fe:a9fe::",
        "64:ff9b:1:0:a9:fea9:fe00:0",
        "64:ff9b:1:fffe::6464:64c8",
        # Teredo: by its server, and by its client, which is written inverted.
        "2001:0:a9fe:a9fe::1",
        "2001:0:4136:e378:8000:63bf:5601:5601",
        # ISATAP, with any prefix.
        "fd12:3456::5efe:a9fe:a9fe",
        "2001:db8::200:5efe:169.254.169.254",
        "2002:a9fe:a9fe:1:2:3:4:5",
        "2002:6464:64c8::1",
        "64:ff9b::e000:1",
        "100.100.100.200",
        "192.0.0.192",
        "fd00:ec2::23",
        "fd20:ce::254",
        "168.63.129.16",
        "fd00:c1::a9fe:a9fe",
        "fd00:a9fe:a9fe::1",
        "fd00:42::42",
        "0.0.0.0",
        "::",
        "224.0.0.1",
        "ff02::1",
    ],
)
def test_link_local_and_the_like_are_forbidden(address: str) -> None:
    assert is_forbidden(address)


@pytest.mark.parametrize(
    "address",
    [
        "192.168.1.10",
        "10.0.0.1",
        "172.17.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "::1",
        "fd12:3456::1",
        "203.0.113.7",
        "2001:db8::1",
        "64:ff9b::c0a8:10a",
        "2002:c0a8:10a::1",
        "64:ff9b:1::c0a8:10a",
        "64:ff9b:1:c0a8:1:a00::",
        "64:ff9b:1:e000::c0a8:10a",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "fd12:3456::5efe:c0a8:10a",
        "2001:4860:4860::8888",
    ],
)
def test_the_home_network_and_the_internet_are_not(address: str) -> None:
    assert not is_forbidden(address)
