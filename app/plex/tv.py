"""`PlexTv`: questions to plex.tv about an account: its sign-in, who it is, its servers and its webhooks.

Plain requests rather than PlexAPI, for the reasons in docs/adr/0006-upstream-clients.md: it has no deadline, and writes
addresses with tokens into its log.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from pydantic import BaseModel, ValidationError

from app.plex.account import Account, Pin, Resource
from app.plex.naming import PRODUCT, client_headers
from app.services import Services
from app.upstream.errors import KeyRejected, NotThere, UpstreamUnavailable
from app.upstream.http import Step
from app.upstream.values import each_of

# Plex's own limit is a handful; a longer list is no list of webhooks.
MOST_WEBHOOKS = 100

Model = TypeVar("Model", bound=BaseModel)

_LONGEST_PIN = timedelta(minutes=30)


class NoPlexPass(KeyRejected):
    """plex.tv does not let this account have webhooks."""

    def __init__(self) -> None:
        super().__init__(
            "plex_tv",
            "this Plex account has no Plex Pass, and Plex sends webhooks only with one: read the server's history instead",
        )
        self.code = "no_plex_pass"


@dataclass(frozen=True)
class NewPin:
    """A sign-in that was begun.

    Attributes:
        id: which it is; whoever knows it and the client identifier is told the token.
        code: what the sign-in page is opened with.
        expires_at: when plex.tv forgets it.
    """

    id: int
    code: str
    expires_at: datetime


class PlexTv:
    """Asks plex.tv with one token, or with none. Made for one job: cheap, and not to be shared between threads."""

    def __init__(self, services: Services, token: str | None = None, steps: list[Step] | None = None) -> None:
        """Asks nothing yet.

        Args:
            services: the application's parts.
            token: of an account; a sign-in needs none.
            steps: the trace; each question adds a step.
        """
        self.services = services
        self.steps: list[Step] = [] if steps is None else steps
        self._token = token

    def begin_sign_in(self) -> NewPin:
        """Makes a PIN.

        Raises:
            UpstreamError: here and below; see `app.upstream.errors`.
        """
        answer = self._post("/api/v2/pins?strong=true", "a sign-in")
        pin = self._read(Pin, answer)
        if pin.id is None or not pin.code:
            raise self._odd()
        now = datetime.now(UTC)
        seconds = pin.expires_in or 900
        return NewPin(pin.id, pin.code, now + min(_LONGEST_PIN, timedelta(seconds=seconds)))

    def signed_in(self, pin_id: int) -> str | None:
        """The token of a sign-in; None as long as nobody has signed in.

        Raises:
            NotThere: the PIN has expired.
        """
        what = "whether somebody has signed in"
        pin = self._read(
            Pin,
            self.services.plex_tv.get(
                self._url(f"/api/v2/pins/{pin_id}"), what=what, steps=self.steps, headers=self._headers()
            ),
        )
        return pin.token or None

    def account(self) -> Account:
        """Whose token it is.

        Raises:
            KeyRejected: nobody's.
        """
        return self._read(
            Account,
            self.services.plex_tv.get(
                self._url("/api/v2/user"), what="whose token it is", steps=self.steps, headers=self._headers()
            ),
        )

    def servers(self) -> list[Resource]:
        """The servers that the account may use, its own first."""
        answer = self._list("/api/v2/resources?includeHttps=1&includeIPv6=1", "the servers of the account")
        found: tuple[Resource, ...] = each_of(Resource)(answer)
        return sorted((one for one in found if one.is_server), key=lambda one: (not one.owned, one.name.casefold()))

    def webhooks(self) -> list[str]:
        """The addresses of the account's webhooks.

        Raises:
            NoPlexPass: it may have none.
        """
        try:
            answer = self._list("/api/v2/user/webhooks", "the webhooks of the account")
        except (KeyRejected, NotThere):
            raise self._refused() from None
        urls = [entry.get("url") for entry in answer if isinstance(entry, dict)]
        # Half a list would be written back as the whole of it, and take somebody's webhook away.
        if len(urls) != len(answer) or len(urls) > MOST_WEBHOOKS or not all(isinstance(url, str) for url in urls):
            raise self._odd()
        return [str(url) for url in urls]

    def set_webhooks(self, urls: list[str]) -> None:
        """Replaces the account's webhooks by these, all of them: plex.tv has no way to add one.

        Raises:
            NoPlexPass: it may have none.
        """
        try:
            self._post("/api/v2/user/webhooks", "new webhooks of the account", [("urls[]", url) for url in urls])
        except (KeyRejected, NotThere):
            raise self._refused() from None

    def _refused(self) -> KeyRejected:
        """Why the webhooks were not told: 401 is about the token, all else about what the account may."""
        return KeyRejected("plex_tv") if self.steps[-1]["status"] == HTTPStatus.UNAUTHORIZED else NoPlexPass()

    def _url(self, path: str) -> str:
        return self.services.settings.plex_tv_url + path

    def _headers(self) -> dict[str, str]:
        headers = client_headers(self.services)
        if self._token is None:
            return headers
        token = self._token.strip()
        if not token or not token.isascii() or not token.isprintable():
            raise KeyRejected("plex_tv")
        return headers | {"X-Plex-Token": token}

    def _list(self, path: str, what: str) -> list[Any]:
        answer = self.services.plex_tv.list_of(self._url(path), what=what, steps=self.steps, headers=self._headers())
        if not isinstance(answer, list):
            raise self._odd()
        return answer

    def _post(self, path: str, what: str, form: list[tuple[str, str]] | None = None) -> Any:
        return self.services.plex_tv.post(
            self._url(path), what=what, form=form or [], steps=self.steps, headers=self._headers()
        )

    def _read(self, model: type[Model], answer: object) -> Model:
        try:
            return model.model_validate(answer)
        except ValidationError:
            raise self._odd() from None

    def _odd(self) -> UpstreamUnavailable:
        self.steps[-1]["problem"] = "the answer is not one of plex.tv"
        return UpstreamUnavailable("plex_tv", "gave an answer that is not one of plex.tv")


def sign_in_address(services: Services, code: str, *, forward_to: str) -> str:
    """Where somebody signs in to Plex with a PIN. Everything stands behind the #: no server's log has the code.

    Args:
        services: the application's parts.
        code: of the PIN.
        forward_to: address of the page that Plex goes on to afterwards.
    """
    headers = client_headers(services)
    asked = {
        "clientID": headers["X-Plex-Client-Identifier"],
        "code": code,
        "context[device][product]": PRODUCT,
        "forwardUrl": forward_to,
    }
    return f"{services.settings.plex_app_url}/auth#?{urlencode(asked, quote_via=quote)}"
