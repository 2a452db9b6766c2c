"""Connections that keep to a deadline and go to no forbidden address. The parts of urllib3 that requests is given.

requests has a time-out for each read, not for the whole: a server that sends a byte now and then keeps a thread for
hours, in its head lines already. So every read gets the time that is left of the request's deadline. And an address is
looked at where it is connected to, not before: a name that answers differently the second time gains nothing.
"""

from __future__ import annotations

import http.client
import io
import ipaddress
import math
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

# Where clouds answer about the machine itself, beside the link-local 169.254.169.254.
_METADATA = frozenset(
    map(
        ipaddress.ip_address,
        (
            "fd00:ec2::254",  # AWS, and of a cluster's pods:
            "fd00:ec2::23",
            "fd20:ce::254",  # Google
            "168.63.129.16",  # Azure
            "192.0.0.192",  # Oracle
            "fd00:c1::a9fe:a9fe",
            "100.100.100.200",  # Alibaba
            "fd00:a9fe:a9fe::1",  # Linode
            "fd00:42::42",  # Scaleway
        ),
    )
)
# IPv4 addresses inside IPv6 ones, as gateways read them: how many bits are behind each.
_TEREDO = ipaddress.IPv6Network("2001::/32")
_CARRIERS = {
    ipaddress.IPv6Network("::ffff:0:0/96"): 0,
    ipaddress.IPv6Network("::/96"): 0,
    ipaddress.IPv6Network("64:ff9b::/96"): 0,  # NAT64
    ipaddress.IPv6Network("2002::/16"): 80,  # 6to4
    _TEREDO: 64,  # its server
}
# NAT64 within one network: RFC 6052 has four places for the IPv4 address, and which one it is only that network knows.
_LOCAL_NAT64 = ipaddress.IPv6Network("64:ff9b:1::/48")
_ISATAP = (0x00005EFE, 0x02005EFE)

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class _Allowance(threading.local):
    """What the present request of this thread may still take."""

    until: float = math.inf
    read: float = 60.0

    def left(self, at_most: float) -> float:
        """Seconds for the next step.

        Raises:
            TimeoutError: the deadline has passed.
        """
        left = min(at_most, self.until - time.monotonic())
        if left <= 0:
            raise TimeoutError("the deadline has passed")
        return left


_allowance = _Allowance()


@contextmanager
def deadline(total: float, read: float) -> Iterator[None]:
    """Gives what this thread asks inside `total` seconds in all, and `read` seconds for each silence."""
    _allowance.until, _allowance.read = time.monotonic() + total, read
    try:
        yield
    finally:
        _allowance.until, _allowance.read = math.inf, _Allowance.read


def seconds_left() -> float:
    """Of this thread's deadline; not above zero when it has passed."""
    return _allowance.until - time.monotonic()


class RefusedAddress(NewConnectionError):
    """The name stands for an address that is never asked."""


def is_forbidden(address: str) -> bool:
    """Whether an address is one that a home server never has, and a cloud's secrets may: link-local and the like."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and not ip.is_loopback and any(map(_is_forbidden, _carried(ip))):
        return True
    return _is_forbidden(ip)


def _is_forbidden(ip: _Address) -> bool:
    return _holds_secrets(ip) or ip.is_multicast or ip.is_unspecified


def _holds_secrets(ip: _Address) -> bool:
    return ip.is_link_local or ip in _METADATA


def _carried(ip: ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """The IPv4 addresses that a gateway takes an IPv6 address for."""
    bits = int(ip)
    found = [bits >> shift for network, shift in _CARRIERS.items() if ip in network]
    if ip in _TEREDO:
        found.append(~bits)  # its client
    if bits >> 32 & 0xFFFFFFFF in _ISATAP:
        found.append(bits)
    carried = [ipaddress.IPv4Address(one & 0xFFFFFFFF) for one in found]
    if ip in _LOCAL_NAT64:
        # Bits 64 to 71 are no part of it.
        joined = bits >> 64 << 56 | bits & (1 << 56) - 1
        places = (ipaddress.IPv4Address(one & 0xFFFFFFFF) for one in (bits, joined >> 40, joined >> 32, joined >> 24))
        # Three of the four are chance, so not whatever looks odd.
        carried += [place for place in places if _holds_secrets(place)]
    return carried


class _TimedReader(io.RawIOBase):
    """The bytes of a socket; each read with no more time than is left."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._raw: io.RawIOBase = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(_allowance.left(_allowance.read))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    def __init__(self, sock: Any, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self.fp.close()
        self.fp = io.BufferedReader(_TimedReader(sock))


class _GuardedConnection(HTTPConnection):
    response_class = _TimedResponse

    def _new_conn(self) -> socket.socket:
        """Resolves the name once and connects to one of the addresses that it looked at.

        Raises:
            NameResolutionError, RefusedAddress, ConnectTimeoutError, NewConnectionError: as urllib3's own.
        """
        try:
            places = socket.getaddrinfo(self._dns_host, self.port, 0, socket.SOCK_STREAM)
        except UnicodeError:
            # A label that is too long, say.
            raise NameResolutionError(self.host, self, socket.gaierror("no name of a host")) from None
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from None
        allowed = [place for place in places if not is_forbidden(str(place[4][0]))]
        if not allowed:
            raise RefusedAddress(self, "link-local addresses are not asked")
        problem: OSError | None = None
        for family, kind, protocol, _, address in allowed:
            sock = socket.socket(family, kind, protocol)
            try:
                for option in self.socket_options or ():
                    sock.setsockopt(*option)
                sock.settimeout(_allowance.left(self._connect_seconds()))
                sock.connect(address)
            except OSError as error:
                problem = error
                sock.close()
            else:
                return sock
        if isinstance(problem, TimeoutError):
            raise ConnectTimeoutError(self, "no connection in time")
        raise NewConnectionError(self, f"no connection: {problem}")

    def _connect_seconds(self) -> float:
        return float(self.timeout) if isinstance(self.timeout, int | float) else _allowance.read


class _GuardedTLSConnection(_GuardedConnection, HTTPSConnection):
    """HTTPSConnection puts TLS on what `_new_conn` returns, and checks the certificate against the name."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _GuardedConnection


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedTLSConnection


class GuardedAdapter(HTTPAdapter):
    """requests' adapter on these connections; `pool_maxsize` of them are kept for each server."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """As requests does it, with these pools."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}
