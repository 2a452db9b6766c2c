"""Authlib's OpenID client, as strict as it has to be. app.security.oidc loads this only where there is a provider."""

from __future__ import annotations

import time
from typing import Any

from authlib.integrations.flask_client import FlaskIntegration
from authlib.integrations.flask_client.apps import FlaskOAuth2App
from authlib.integrations.requests_client import OAuth2Session

from app.services import services
from app.settings import Settings

NAME = "oidc"
TIMEOUT_SECONDS = 10
# Signed with a private key: what is "signed" with nothing, or with a secret that others know too, proves nothing.
_SIGNATURES = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"}
)


class _Session(OAuth2Session):  # type: ignore[misc]
    def request(self, method: str, url: str, **options: Any) -> Any:
        # The addresses are the provider's own: nothing of it is asked at another place that one of them leads to.
        return super().request(method, url, **({"allow_redirects": False} | options))


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
            "default_timeout": TIMEOUT_SECONDS,
            **({"token_endpoint_auth_method": "none"} if secret is None else {}),
        },
    )
