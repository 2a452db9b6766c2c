"""plex.tv over real HTTP, as far as connecting a server needs it: the shapes of real answers, invented in content."""

from __future__ import annotations

import re
import secrets
from typing import Any

from app.demo.simulated_server import Reply, Request, SimulatedServer

Document = dict[str, Any]

UNAUTHORIZED = Reply({"errors": [{"code": 1001, "message": "User could not be authenticated", "status": 401}]}, 401)
NOT_THERE = Reply({"errors": [{"code": 1020, "message": "Code not found or expired", "status": 404}]}, 404)
FORBIDDEN = Reply({"errors": [{"code": 1003, "message": "Plex Pass is required", "status": 403}]}, 403)

# The real page reads what stands behind the # as well.
_SIGN_IN_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Simulated Plex</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body><h1>Simulated Plex</h1><p>Tellykeep would like to sign in as <b>{name}</b>.</p>
<form method="post"><input type="hidden" name="code"><input type="hidden" name="forward">
<button>Sign in</button></form><script>
const asked = new URLSearchParams(location.hash.replace(/^#!?\\?/, ""));
document.forms[0].code.value = asked.get("code") || "";
document.forms[0].forward.value = asked.get("forwardUrl") || "";
</script></body></html>"""


class SimulatedPlexTv(SimulatedServer):
    """Answers PINs, the account, its servers and its webhooks.

    Attributes:
        token: of the one account that it knows.
        name: of that account.
        has_pass: whether it has Plex Pass.
        resources: its devices, as `/api/v2/resources` lists them.
        webhook_urls: its webhooks.
        pins: the sign-ins by id: code, and the token once somebody has signed in.
    """

    def __init__(self, token: str = "", name: str = "alex") -> None:
        super().__init__()
        self.token = token
        self.name = name
        self.has_pass = True
        self.resources: list[Document] = []
        self.webhook_urls: list[str] = []
        self.pins: dict[int, Document] = {}

    @property
    def url(self) -> str:
        """What `PLEX_TV_URL` is set to, and `PLEX_APP_URL`."""
        return self.address

    def add_server(self, name: str, uuid: str, *urls: str, owned: bool = True, **more: Any) -> Document:
        """Adds a server to the account, and returns its entry, to be changed at will.

        Args:
            name, uuid: of the server.
            urls: where it may be reached, all of them at home.
            owned: whether it is the account's own.
            more: further keys of the entry; they win.
        """
        server: Document = {
            "name": name,
            "product": "Plex Media Server",
            "productVersion": "1.41.5.9522-a96edc606",
            "platform": "Linux",
            "device": "Docker Container",
            "clientIdentifier": uuid,
            "provides": "server",
            "ownerId": None if owned else 4711,
            "sourceTitle": None if owned else "kim",
            "accessToken": self.token,
            "owned": owned,
            "presence": True,
            "httpsRequired": False,
            "connections": [connection(url) for url in urls],
            **more,
        }
        self.resources.append(server)
        return server

    def sign_in(self, code: str | None = None) -> None:
        """Somebody confirms the PIN with this code, or all of them."""
        for pin in self.pins.values():
            if code in (None, pin["code"]):
                pin["authToken"] = self.token

    def expire(self) -> None:
        """Forgets all PINs."""
        self.pins.clear()

    def reply(self, request: Request) -> Reply:
        """As plex.tv would; 401 without the token."""
        if request.path == "/auth":
            return self._sign_in_page(request)
        if request.path == "/api/v2/pins" and request.method == "POST":
            return self._new_pin(request)
        match = re.fullmatch(r"/api/v2/pins/(\d+)", request.path)
        if match is not None:
            pin = self.pins.get(int(match[1]))
            known = pin is not None and pin["clientIdentifier"] == request.headers.get("x-plex-client-identifier")
            return Reply(pin) if pin is not None and known else NOT_THERE
        if request.headers.get("x-plex-token") != self.token:
            return UNAUTHORIZED
        if request.path == "/api/v2/user":
            return Reply(self._account())
        if request.path == "/api/v2/resources":
            return Reply(self.resources)
        if request.path == "/api/v2/user/webhooks":
            return self._webhooks(request)
        return NOT_THERE

    def _new_pin(self, request: Request) -> Reply:
        number = 900_000_000 + len(self.pins)
        is_strong = request.query.get("strong") == "true"
        self.pins[number] = {
            "id": number,
            "code": secrets.token_hex(12) if is_strong else secrets.token_hex(2),
            "product": request.headers.get("x-plex-product", ""),
            "trusted": False,
            "clientIdentifier": request.headers.get("x-plex-client-identifier", ""),
            "expiresIn": 1800 if is_strong else 900,
            "authToken": None,
            "newRegistration": None,
        }
        return Reply(self.pins[number], 201)

    def _sign_in_page(self, request: Request) -> Reply:
        if request.method != "POST":
            return Reply(_SIGN_IN_PAGE.format(name=self.name))
        given = dict(request.form)
        self.sign_in(given.get("code") or "")
        forward = given.get("forward", "")
        if forward.startswith("http"):
            return Reply("", 303, {"Location": forward})
        return Reply("<p>Signed in. You can close this tab.</p>")

    def _account(self) -> Document:
        features = ["home", "adaptive_bitrate", *(["webhooks", "pass"] if self.has_pass else [])]
        return {
            "id": 12345,
            "uuid": "0011223344556677",
            "username": self.name,
            "title": self.name,
            "email": f"{self.name}@example.com",
            "friendlyName": "",
            "authToken": self.token,
            "subscription": {
                "active": self.has_pass,
                "status": "Active" if self.has_pass else "Inactive",
                "features": features,
            },
        }

    def _webhooks(self, request: Request) -> Reply:
        if not self.has_pass:
            return FORBIDDEN
        if request.method == "POST":
            self.webhook_urls = [value for name, value in request.form if name == "urls[]" and value]
        return Reply([{"url": url} for url in self.webhook_urls])


def connection(url: str, *, local: bool = True, relay: bool = False) -> Document:
    """One address of a server, as it is listed."""
    scheme, _, place = url.partition("://")
    host, _, port = place.rpartition(":")
    return {
        "protocol": scheme,
        "address": host,
        "port": int(port),
        "uri": url,
        "local": local,
        "relay": relay,
        "IPv6": False,
    }
