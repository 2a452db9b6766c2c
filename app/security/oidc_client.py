"""Authlib's OpenID client, as strict as it has to be. app.security.oidc loads this only where there is a provider."""

from __future__ import annotations

import time
from typing import Any

import requests
import urllib3
from authlib.integrations.flask_client import FlaskIntegration
from authlib.integrations.flask_client.apps import FlaskOAuth2App
from authlib.integrations.requests_client import OAuth2Session

from app.services import services
from app.settings import Settings
from app.upstream.connections import GuardedAdapter, deadline
from app.upstream.http import in_words

NAME = "oidc"
CONNECT_SECONDS = 4
# For each silence, and for all of one question.
READ_SECONDS = 8
TOTAL_SECONDS = 15
# The keys of the largest providers are a few KiB.
MOST_BYTES = 1024 * 1024
_CHUNK = 64 * 1024
# Signed with a private key: what is "signed" with nothing, or with a secret that others know too, proves nothing.
_SIGNATURES = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"}
)


class _Session(OAuth2Session):  # type: ignore[misc]
    """Authlib's session, as sparing with the provider as `app.upstream` is with everybody else: who answers may be anybody."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for scheme in ("https://", "http://"):
            self.mount(scheme, GuardedAdapter())

    def get_redirect_target(self, _response: requests.Response) -> None:
        """None: even of a redirect that is not followed, requests reads the body to the end."""

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        """Asks at this address and at none that it leads to, and reads the answer as far as one goes.

        Raises:
            requests.RequestException: there was none, or one that is too large, or none in time.
        """
        options |= {"allow_redirects": False, "stream": True, "timeout": (CONNECT_SECONDS, READ_SECONDS)}
        try:
            with deadline(TOTAL_SECONDS, READ_SECONDS):
                response: requests.Response = super().request(method, url, **options)
                try:
                    # What `content`, `text` and `json()` of an answer are made from.
                    response._content = _read(response)
                finally:
                    response.close()
        except requests.RequestException:
            raise
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise requests.ConnectionError(in_words(error)) from None
        return response


def _read(response: requests.Response) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(_CHUNK):
        body += chunk
        if len(body) > MOST_BYTES:
            raise requests.exceptions.ContentDecodingError(f"an answer of more than {MOST_BYTES // 1024} KiB")
    return bytes(body)


class Client(FlaskOAuth2App):  # type: ignore[misc]
    """Authlib's client, which holds what the provider says of itself against what it was set up with."""

    client_cls = _Session

    def load_server_metadata(self) -> dict[str, Any]:
        """What the provider says of itself; asked once, and again as long as it does not say it."""
        if "_loaded_at" not in self.server_metadata:
            with self._get_session() as http:
                answer = http.request("GET", self._server_metadata_url, withhold_token=True)
                answer.raise_for_status()
                metadata: dict[str, Any] = answer.json()
            issuer = services().settings.oidc_issuer
            if metadata.get("issuer") != issuer:
                raise ValueError(f"it calls itself {metadata.get('issuer')!r}, and OIDC_ISSUER is {issuer!r}")
            named = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
            metadata["id_token_signing_alg_values_supported"] = [name for name in named if name in _SIGNATURES]
            self.server_metadata.update(metadata | {"_loaded_at": time.time()})
        return dict(self.server_metadata)


def new_client(settings: Settings) -> Client:
    """A client of the provider that the settings name."""
    secret = settings.oidc_client_secret
    return Client(
        FlaskIntegration(NAME),
        NAME,
        client_id=settings.oidc_client_id,
        client_secret=None if secret is None else secret.get_secret_value(),
        server_metadata_url=f"{(settings.oidc_issuer or '').rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid profile",
            "code_challenge_method": "S256",
            **({"token_endpoint_auth_method": "none"} if secret is None else {}),
        },
    )
