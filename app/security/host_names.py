"""Names under which the appliance is called: which of them only a home knows, and which anybody could point here."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

# Nobody can buy a name that ends so: the root zone has none of them, or keeps them for home networks.
_HOME_SUFFIXES = (
    "corp",
    "home",
    "home.arpa",
    "internal",
    "intranet",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "private",
    "test",
)
# Whose names lead to where their one owner has them lead, which is never a stranger's choice.
_OWNED_SUFFIXES = ("fritz.box", "ts.net")


def name_of(host: str) -> str:
    """A Host header's name: without port, brackets and a dot at its end, in small letters."""
    try:
        return (urlsplit(f"//{host}").hostname or "").removesuffix(".")
    except ValueError:
        return ""


def is_home_name(name: str) -> bool:
    """Whether a name is one that only a home network knows: an address, a single word, or under one of those suffixes."""
    return _is_address(name) or "." not in name or _ends_with_one(name, _HOME_SUFFIXES)


def is_out_of_reach(name: str) -> bool:
    """Whether no stranger can have a name lead here, so that a browser which uses it was not lured (DNS rebinding)."""
    return is_home_name(name) or _ends_with_one(name, _OWNED_SUFFIXES)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True


def _ends_with_one(name: str, suffixes: tuple[str, ...]) -> bool:
    return any(name == suffix or name.endswith(f".{suffix}") for suffix in suffixes)
