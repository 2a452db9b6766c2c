"""Names under which the appliance is called: which of them only a home knows, and which anybody could point here.

docs/adr/0013-names.md says what is refused under which, and why not more.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

import structlog
from flask import Flask, Request, request

from app.errors import Misdirected
from app.security.client_address import hosts_of
from app.settings import Settings

log = structlog.get_logger("tellykeep.names")

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


# Answered under every name: a watch is no less true for the name it was sent to, and a monitor learns nothing.
_UNDER_EVERY_NAME = frozenset({"webhook.take_webhook", "health.alive", "health.ready"})


def register(app: Flask, settings: Settings) -> None:
    """Refuses names that ALLOWED_HOSTS does not have. Where it is not set nobody is refused here."""
    if settings.allowed_hosts:
        app.before_request(lambda: _refuse_unknown(settings))


def _refuse_unknown(settings: Settings) -> None:
    if request.endpoint in _UNDER_EVERY_NAME or _has_known_name(request, settings):
        return
    name = called_as(request)[:100] or "this name"
    log.warning("refused under a name that ALLOWED_HOSTS does not have", name=name, client=request.remote_addr)
    raise Misdirected(f"Tellykeep is not to be reached as {name}: if it is, add that to ALLOWED_HOSTS")


def may_be_lured(current: Request, settings: Settings) -> bool:
    """Whether a website could have made a browser ask this under the website's own name (DNS rebinding).

    Not by https: for its own name the website has a certificate, and this appliance, or its proxy, has none.
    """
    return not current.is_secure and not _has_known_name(current, settings)


def called_as(current: Request) -> str:
    """The name in the request's address. Not Flask's: that one is empty for letters which browsers take and it does not."""
    return name_of(current.environ.get("HTTP_HOST", ""))


def _has_known_name(current: Request, settings: Settings) -> bool:
    # A client without a Host header is no browser.
    return all(is_known(name_of(host), settings) for host in hosts_of(current.environ))


def is_known(name: str, settings: Settings) -> bool:
    """Whether a name is the appliance's: one that no stranger can have lead here, or one that the settings have."""
    if is_out_of_reach(name) or name == urlsplit(settings.public_url or "").hostname:
        return True
    return any(
        name.endswith(allowed[1:]) if allowed.startswith("*.") else name == allowed
        for allowed in settings.allowed_hosts
    )


def name_of(host: str) -> str:
    """A Host header's name: without port, brackets and a dot at its end, in small letters. Empty where it is none."""
    if any(letter in host for letter in "/?#@\\"):
        return ""
    try:
        return (urlsplit(f"//{host}").hostname or "").removesuffix(".")
    except ValueError:
        return ""


def is_home_name(name: str) -> bool:
    """Whether a name is one that only a home network knows: an address, a single word, or under one of those suffixes."""
    return bool(name) and (_is_address(name) or "." not in name or _ends_with_one(name, _HOME_SUFFIXES))


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
