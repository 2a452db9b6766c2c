"""Addresses of Plex servers as people enter them."""

from __future__ import annotations

from urllib.parse import urlsplit

from app.errors import Invalid

EXPECTED = "an address such as http://192.168.1.10:32400, without user, password, query or fragment"
LONGEST = 2000


def is_server_address(value: str) -> bool:
    """Whether a path can be put behind it and it be asked. Where it leads is looked at when it is: see app.upstream."""
    try:
        parts = urlsplit(value)
        has_place = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and has_place
        and "@" not in parts.netloc
        and "?" not in value
        and "#" not in value
        and value.isascii()
        and value.isprintable()
        and " " not in value
        and "\\" not in value
    )


def server_address(text: str) -> str:
    """The address in a field of a form; `192.168.1.10` stands for http://192.168.1.10:32400.

    Raises:
        Invalid: it is none.
    """
    value = text.strip().rstrip("/")
    if value and "://" not in value:
        value = f"http://{value}"
        try:
            has_port = urlsplit(value).port is not None
        except ValueError:
            has_port = True
        value = value if has_port else f"{value}:32400"
    if len(value) > LONGEST or not is_server_address(value):
        raise Invalid("that is no address of a server", fields={"plex_server_url": EXPECTED})
    return value
