"""What plex.tv answers about an account, as types. As lenient as messages vary: see app.upstream.values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import BeforeValidator, Field

from app.plex.events import MAX_BIGINT
from app.upstream.values import Answer, Text, each_of, whole

_LONGEST_TOKEN = 1_000

# Which connection is worth trying first.
_LOCAL, _REMOTE = 0, 1


def _flag(value: object) -> bool:
    """JSON has booleans, what became of XML has 1 and "1"."""
    return value in (True, 1, "1", "true")


def _token(value: object) -> str:
    return value if isinstance(value, str) and len(value) <= _LONGEST_TOKEN else ""


def _features(value: object) -> bool | None:
    """Whether a subscription lets webhooks be sent; None where it does not say."""
    if not isinstance(value, dict):
        return None
    features = value.get("features")
    if isinstance(features, list):
        return "webhooks" in features
    active = value.get("active")
    return active if isinstance(active, bool) else None


Flag = Annotated[bool, BeforeValidator(_flag)]


class Pin(Answer):
    """A sign-in. `token` is empty until somebody has signed in."""

    id: Annotated[int | None, BeforeValidator(whole(1, MAX_BIGINT))] = None
    code: Text = ""
    expires_in: Annotated[int | None, BeforeValidator(whole(1, 86_400))] = Field(default=None, alias="expiresIn")
    token: Annotated[str, BeforeValidator(_token)] = Field(default="", alias="authToken", repr=False)


class Account(Answer):
    """Somebody's account. `has_webhooks`: whether Plex Pass lets it have some; None when plex.tv does not say."""

    id: Annotated[int | None, BeforeValidator(whole(1, MAX_BIGINT))] = None
    title: Text = ""
    username: Text = ""
    friendly_name: Text = Field(default="", alias="friendlyName")
    has_webhooks: Annotated[bool | None, BeforeValidator(_features)] = Field(default=None, alias="subscription")

    @property
    def name(self) -> str:
        """What its owner is called."""
        return self.friendly_name or self.title or self.username or "your Plex account"


class Place(Answer):
    """One of the addresses under which a server may be reached."""

    uri: Text = ""
    protocol: Text = ""
    address: Text = ""
    port: Annotated[int | None, BeforeValidator(whole(1, 65_535))] = None
    local: Flag = False
    relay: Flag = False


class Resource(Answer):
    """A device of the account; servers are among them."""

    name: Text = ""
    uuid: Text = Field(default="", alias="clientIdentifier")
    product: Text = ""
    version: Text = Field(default="", alias="productVersion")
    platform: Text = ""
    provides: Text = ""
    owned: Flag = False
    presence: Flag = False
    owner: Text = Field(default="", alias="sourceTitle")
    https_required: Flag = Field(default=False, alias="httpsRequired")
    places: Annotated[tuple[Place, ...], BeforeValidator(each_of(Place))] = Field(default=(), alias="connections")

    @property
    def is_server(self) -> bool:
        """Whether it is a server with a name by which it can be chosen."""
        return "server" in self.provides.split(",") and bool(self.uuid)

    def addresses(self) -> list[str]:
        """Where to look for it, the likeliest first: at home, then from outside. Plex's relay is left out: slow, and moving.

        A router may not resolve the names below plex.direct, which stand for addresses at home (DNS rebinding protection):
        there the plain address is tried as well, unless the server wants https.
        """
        found: dict[str, int] = {}
        for place in self.places:
            if place.relay:
                continue
            rank = _LOCAL if place.local else _REMOTE
            for url in self._of(place):
                found.setdefault(url, rank)
        return sorted(found, key=lambda url: found[url])

    def _of(self, place: Place) -> Iterator[str]:
        if place.uri.startswith(("http://", "https://")):
            yield place.uri.rstrip("/")
        if place.local and not self.https_required and place.address and place.port:
            host = f"[{place.address}]" if ":" in place.address else place.address
            yield f"http://{host}:{place.port}"
