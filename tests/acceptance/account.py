"""One account of a Tellykeep in a container: its way in by the JSON API and the webhook."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests

from tests import payloads

SECONDS = 20


def season(number: int, episodes: int) -> dict[str, Any]:
    """A season for `add_show`."""
    return {
        "seasonNumber": number,
        "episodes": [{"episodeNumber": episode, "runtime": 43} for episode in range(1, episodes + 1)],
    }


@dataclass
class Account:
    """An API token that may write, and where to use it.

    Attributes:
        address: `http://HOST:PORT`; another one after each start of the container.
    """

    address: str
    token: str

    def call(self, method: str, path: str, body: object = None) -> Any:
        """The decoded answer; fails when it is none of 2xx."""
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = requests.request(method, f"{self.address}{path}", json=body, headers=headers, timeout=SECONDS)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def webhook_secret(self) -> str:
        """The secret in the address that Plex is to be given."""
        return str(self.call("GET", "/api/plex/config")["webhook_url"]).rpartition("secret=")[2]

    def add_show(self, title: str, *seasons: dict[str, Any]) -> int:
        """Adds a show as Plex's messages name it, and returns its id."""
        ids = payloads.show_ids(title)
        show = {"title": title, "tvdb_id": ids["tvdb"], "seasons": list(seasons)}
        return int(self.call("POST", "/api/shows", show)["id"])

    def scrobble(self, secret: str, title: str, season: int, episode: int) -> requests.Response:
        """Sends the webhook of an episode that was watched."""
        message = payloads.legacy_thetvdb(grandparentTitle=title, parentIndex=season, index=episode)
        body, content_type = payloads.multipart(message)
        return requests.post(
            f"{self.address}/api/plex/webhook",
            params={"secret": secret},
            data=body,
            headers={"Content-Type": content_type},
            timeout=SECONDS,
        )

    def watched(self, show_id: int) -> set[tuple[int, int]]:
        """Season and episode of all that is marked."""
        return {
            (season["seasonNumber"], episode["episodeNumber"])
            for season in self.call("GET", f"/api/shows/{show_id}")["seasons"]
            for episode in season["episodes"]
            if episode["watched"]
        }


def readiness(address: str) -> tuple[int, str]:
    """Status and state of `/readyz`; (0, "") while nothing answers."""
    try:
        answer = requests.get(f"{address}/readyz", timeout=SECONDS)
        return answer.status_code, answer.json()["status"]
    except requests.ConnectionError:
        return 0, ""
