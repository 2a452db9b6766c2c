"""How Tellykeep names itself to Plex: to servers and to plex.tv alike."""

from __future__ import annotations

from importlib.metadata import version

from app.services import Services

PRODUCT = "Tellykeep"


def client_headers(services: Services) -> dict[str, str]:
    """How Tellykeep names itself to Plex.

    The identifier is the same after each start, another for each installation, and nothing that says where it runs.
    """
    return {
        "X-Plex-Product": PRODUCT,
        "X-Plex-Version": version("tellykeep"),
        "X-Plex-Client-Identifier": services.cipher.derive("plex client identifier").hex()[:32],
    }
