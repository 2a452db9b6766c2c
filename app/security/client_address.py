"""Who is calling? Forwarded headers are believed only as far as TRUSTED_PROXIES and the Caddy of compose.yaml reach."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import TYPE_CHECKING

from app.settings import Address, Network

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


# A home, or a rented machine, has a whole network of IPv6 addresses: this much of one is one place here.
_IPV6_PREFIX = 64
_BELIEVED = "tellykeep.proxy_believed"
_LONGEST_LABEL = 63
_NO_HOST = "unreadable.invalid"
_HOST_OF_PROXY = "tellykeep.host_of_proxy"
_SIGNS_OF_A_PROXY = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_REAL_IP", "HTTP_FORWARDED", "HTTP_VIA")


def came_by_unknown_proxy(environ: WSGIEnvironment) -> bool:
    """Whether a proxy that nobody named passed the request on, so that the caller's address is not known."""
    return _BELIEVED not in environ and any(sign in environ for sign in _SIGNS_OF_A_PROXY)


def came_by_trusted_proxy(environ: WSGIEnvironment) -> bool:
    """Whether the peer itself, whatever it forwards, is a proxy that TRUSTED_PROXIES names.

    The Caddy of compose.yaml is none: it signs nobody in, and hands on what browsers send.
    """
    return environ.get(_BELIEVED) is True


def hosts_of(environ: WSGIEnvironment) -> list[str]:
    """The Host header, and the one that a trusted proxy's X-Forwarded-Host took the place of. None of them is empty."""
    return [host for host in (environ.get("HTTP_HOST"), environ.get(_HOST_OF_PROXY)) if host]


def came_from_home(environ: WSGIEnvironment) -> bool:
    """Whether the caller's address is one that the internet does not know.

    Behind a proxy that nobody named everybody has the proxy's address, which may well be one of these.
    """
    if came_by_unknown_proxy(environ):
        return False
    try:
        address = ipaddress.ip_address(environ.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return not address.is_global


def place_of(address: str | None) -> str:
    """An address as far as it tells one place from another: of IPv6 the network. Empty where it is none."""
    try:
        parsed = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, _IPV6_PREFIX), strict=False))
    return str(parsed)


class ClientAddress:
    """WSGI middleware: sets REMOTE_ADDR, and scheme and host behind a trusted proxy; a host that is none becomes one.

    X-Forwarded-For is read from its end, hop by hop, for as long as the hop is a trusted proxy: what a client itself wrote
    at the beginning is never reached. X-Forwarded-Proto and -Host count only when the peer itself is trusted.
    """

    def __init__(self, app: WSGIApplication, trusted: tuple[Network, ...], caddy: Address | None = None) -> None:
        self._app = app
        self._named = trusted
        self._trusted = trusted if caddy is None else (*trusted, ipaddress.ip_network(caddy))

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Passes the request on with the true address in REMOTE_ADDR."""
        if self._trusted and _is_in(environ.get("REMOTE_ADDR", ""), self._trusted):
            self._believe(environ)
        host = environ.get("HTTP_HOST", "")
        if (len(host) > _LONGEST_LABEL or ".." in host or host.startswith(".")) and not _is_host(host):
            # Routing would answer 400 to what is no name, and lose a webhook.
            environ["HTTP_HOST"] = _NO_HOST
        return self._app(environ, start_response)

    def _believe(self, environ: WSGIEnvironment) -> None:
        client = environ["REMOTE_ADDR"]
        environ[_BELIEVED] = _is_in(client, self._named)
        for hop in reversed([part.strip() for part in environ.get("HTTP_X_FORWARDED_FOR", "").split(",")]):
            address = _bare_address(hop)
            if address is None:
                break
            client = address
            if not _is_in(address, self._trusted):
                break
        environ["REMOTE_ADDR"] = client

        scheme = environ.get("HTTP_X_FORWARDED_PROTO", "").rpartition(",")[2].strip().lower()
        if scheme in ("http", "https"):
            environ["wsgi.url_scheme"] = scheme
        host = environ.get("HTTP_X_FORWARDED_HOST", "").rpartition(",")[2].strip()
        if host:
            # Kept: a proxy that does not set this header may pass on what a page wrote into it.
            environ[_HOST_OF_PROXY] = environ.get("HTTP_HOST", "")
            environ["HTTP_HOST"] = host


def _is_host(host: str) -> bool:
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return True


def _is_in(address: str, networks: tuple[Network, ...]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return any(parsed in network for network in networks)


def _bare_address(hop: str) -> str | None:
    """The address of a hop without port and brackets; None when it is not an address."""
    if hop.startswith("["):
        hop = hop[1:].partition("]")[0]
    elif hop.count(":") == 1:
        hop = hop.partition(":")[0]
    try:
        return str(ipaddress.ip_address(hop))
    except ValueError:
        return None
