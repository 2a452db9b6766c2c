"""Sign-in by an OpenID provider: the way there and back, with state, nonce and PKCE, by Authlib."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests
import structlog
from flask import current_app, request, session
from werkzeug.wrappers import Response

from app.errors import Forbidden, NotFound, TellykeepError
from app.services import services
from app.settings import Settings

if TYPE_CHECKING:
    from app.security.oidc_client import Client

log = structlog.get_logger("tellykeep.door")

# What Authlib calls each way there in the session; app.security.oidc_client has the name.
WAY = "_state_oidc_"


class ProviderAway(TellykeepError):
    """The provider does not answer, or not as one."""

    code = "provider_away"
    http_status = 503  # type: ignore[assignment]


@dataclass(frozen=True)
class Person:
    """Who has come back from the provider.

    Attributes:
        issuer, subject: the provider, and its own id of them, which never changes hands.
        name: what they would like to be called; proves nothing. E-mail addresses are not looked at: who can choose one at
            the provider would get somebody else's account.
        next: where they wanted to be.
        link_to: the account that they were signed in to when they set out to link it.
    """

    issuer: str
    subject: str
    name: str | None
    next: str
    link_to: int | None


def provider_name(settings: Settings) -> str | None:
    """What people call the provider; None where there is none."""
    return settings.oidc_name if settings.oidc_issuer is not None else None


def set_out(target: str, *, link_to: int | None = None) -> Response:
    """On to the provider.

    Args:
        target: where to go on afterwards.
        link_to: the account that is signed in and shall be linked.

    Raises:
        NotFound: there is no provider.
        ProviderAway: it does not answer.
    """
    client = _client()
    from authlib.common.errors import AuthlibBaseError

    try:
        with _place():
            there = client.create_authorization_url(_callback_address())
    except (requests.RequestException, AuthlibBaseError, ValueError, RuntimeError, KeyError) as error:
        raise _away(error) from error
    address = there.pop("url")
    _forget_earlier()
    client.save_authorize_data(redirect_uri=_callback_address(), **(there | {"next": target, "link_to": link_to}))
    return Response(status=302, headers={"Location": address})


def come_back() -> Person:
    """Who this request brings back from the provider: each way there counts once.

    Raises:
        NotFound: there is no provider.
        Forbidden: it says no, or this is not the way back of this browser.
        ProviderAway: it does not answer.
    """
    client = _client()
    from authlib.common.errors import AuthlibBaseError
    from joserfc.errors import JoseError

    state = client.framework.get_state_data(session, request.args.get("state"))
    if state is None:
        raise Forbidden("this sign-in was not begun in this browser, or was finished before: begin it again")
    try:
        with _place():
            token = client.authorize_access_token(leeway=60)
            claims = token.get("userinfo")
            if claims is None:
                raise ValueError("no id_token came")
            _check_audience(claims["aud"], client.client_id)
            name = claims.get("preferred_username") or _asked_name(client, token, claims["sub"])
    except (requests.RequestException, ValueError, RuntimeError, KeyError) as error:
        raise _away(error) from error
    except (AuthlibBaseError, JoseError) as error:
        # Its description can be anything that somebody writes into an address.
        log.warning("single sign-on refused", reason=type(error).__name__, error=str(error.error)[:60])
        raise Forbidden("the sign-in was refused or broken off there") from error
    return Person(
        issuer=str(services().settings.oidc_issuer),
        subject=str(claims["sub"]),
        name=str(name) if name else None,
        next=state["next"],
        link_to=state["link_to"],
    )


def _forget_earlier() -> None:
    """Of the ways there that were begun in this browser, only the last stays beside the next.

    They wait in the cookie, and browsers drop one of more than 4 KB: who is led here again and again would be kept out.
    """
    begun = sorted((name for name in session if name.startswith(WAY)), key=lambda name: session[name]["exp"])
    for name in begun[:-1]:
        session.pop(name)


def _check_audience(told: object, client_id: str) -> None:
    """Authlib takes a token for other clients where `azp` names this one.

    Raises:
        Forbidden: it is not for this application.
    """
    if client_id not in (told if isinstance(told, list) else [told]):
        log.warning("single sign-on refused", reason="the token is for another application")
        raise Forbidden("the sign-in was refused or broken off there")


@contextmanager
def _place() -> Iterator[None]:
    """A place for somebody who waits for the provider, and may be anybody."""
    with services().strangers_room.place() as is_free:
        if not is_free:
            raise ProviderAway("too many are signing in at this moment: try again in a few seconds")
        yield


def _asked_name(client: Client, token: dict[str, Any], subject: str) -> str | None:
    """The name, where the provider tells it only when asked."""
    if not services().settings.oidc_new_accounts or "userinfo_endpoint" not in client.load_server_metadata():
        return None
    told = client.userinfo(token=token)
    return told.get("preferred_username") if told.get("sub") == subject else None


def _client() -> Client:
    """The client of this application, made at its first use.

    Raises:
        NotFound: there is no provider.
    """
    settings = services().settings
    if settings.oidc_issuer is None:
        raise NotFound("there is no single sign-on here")
    # Authlib takes a second of a small machine's processor to load: only where it is used.
    from app.security.oidc_client import new_client

    made: dict[str, Client] = current_app.extensions.setdefault("tellykeep.oidc", {})
    if settings.oidc_issuer not in made:
        made[settings.oidc_issuer] = new_client(settings)
    return made[settings.oidc_issuer]


def _callback_address() -> str:
    """Where the provider sends people back to: PUBLIC_URL's, which is registered there, else the one that was asked for."""
    base = services().settings.public_url or request.host_url.rstrip("/")
    return f"{base}/sign-in/oidc/callback"


def _away(error: Exception) -> ProviderAway:
    log.error("the OpenID provider cannot be used", reason=type(error).__name__, detail=_detail(error))
    return ProviderAway(f"{services().settings.oidc_name} does not answer as it should; a password still works")


def _detail(error: Exception) -> str:
    # Those of requests name addresses with what was sent in them.
    return "" if isinstance(error, requests.RequestException) else str(error)[:200]
