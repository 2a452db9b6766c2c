"""The simulated Plex server's side of the wire, and the demo's own user of the JSON API."""

from __future__ import annotations

import json
from typing import Any

import requests

from app.demo.messages import Message

_TIMEOUT = 30

# One grey pixel: what matters is that a picture comes along, as with a real server.
_THUMB = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000ffdb004300ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc0000b080001000101011100ffc4001400010000000000000000000000"
    "0000000003ffc40014100100000000000000000000000000000000ffda0008010100003f0037ffd9"
)


class PlexServer:
    """Sends webhooks as a Plex Media Server does: multipart/form-data with the JSON in `payload`."""

    def __init__(self, webhook_url: str) -> None:
        self._url = webhook_url
        self._session = requests.Session()

    def send(self, message: Message) -> dict[str, Any]:
        """Sends one message and returns the answer.

        Raises:
            requests.HTTPError: it was not taken.
        """
        parts: dict[str, tuple[str | None, str | bytes, str]] = {
            "payload": (None, json.dumps(message, ensure_ascii=False).encode(), "application/json")
        }
        if message["event"] in ("media.play", "media.rate", "library.new"):
            parts["thumb"] = ("thumb.jpg", _THUMB, "image/jpeg")
        response = self._session.post(self._url, files=parts, timeout=_TIMEOUT)
        _check(response)
        answer: dict[str, Any] = response.json()
        return answer


class Owner:
    """The person whose tracker it is, over the JSON API."""

    def __init__(self, address: str, token: str) -> None:
        self._address = address
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, body: object = None) -> Any:
        """One API call; returns the parsed answer, None when it is empty.

        Raises:
            requests.HTTPError: it was refused.
        """
        response = self._session.request(method, self._address + path, json=body, timeout=_TIMEOUT)
        _check(response)
        return response.json() if response.content else None


def _check(response: requests.Response) -> None:
    """As raise_for_status, without the URL: it holds the webhook's secret."""
    if response.status_code >= 400:
        raise requests.HTTPError(f"HTTP {response.status_code}: {response.text[:300]}")
