"""An OpenID provider that can lie: what it says of itself, and the tokens that it signs."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, jsonify, request
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from werkzeug.serving import make_server

CLIENT_ID = "tellykeep"
CLIENT_SECRET = "oidc-client-secret-4711"
_KEY = RSAKey.generate_key(2048, {"kid": "one"})
_OTHER_KEY = RSAKey.generate_key(2048, {"kid": "one"})


@dataclass
class FakeProvider:
    """What it is told to do.

    Attributes:
        url: its issuer.
        claims: put into the next token, over those that are right; None takes one out.
        metadata: over what it rightly says of itself.
        signing: `right`, `other key`, `none` or `secret` (HS256 with the client's secret).
        down: answers nothing but 503.
        floods, dribbles: an address (`/keys`) that answers without end, as fast as it is read, or a byte now and then.
        leads_away: an address that redirects to `/elsewhere`, with a body without end.
        sent: pieces of 64 KiB of an answer without end.
        elsewhere: how often it was asked where it led to.
        token_requests: what the token endpoint was sent.
        nonce: of the last way there, as the tests read it from its address.
        userinfo: what it tells of a person beside the token.
    """

    url: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    signing: str = "right"
    down: bool = False
    floods: str = ""
    dribbles: str = ""
    leads_away: str = ""
    sent: int = 0
    elsewhere: int = 0
    nonce: str = ""
    token_requests: list[dict[str, str]] = field(default_factory=list)
    userinfo: dict[str, Any] = field(default_factory=dict)

    def token(self) -> str:
        """A signed statement of who somebody is."""
        now = int(time.time())
        right = {
            "iss": self.url,
            "sub": "person-1",
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
        }
        claims = {name: value for name, value in (right | self.claims).items() if value is not None}
        if self.signing == "none":
            head, body = (_encoded(part) for part in ({"alg": "none"}, claims))
            return f"{head}.{body}."
        if self.signing == "secret":
            from joserfc.jwk import OctKey

            return jwt.encode({"alg": "HS256", "kid": "one"}, claims, OctKey.import_key(CLIENT_SECRET))
        key = _OTHER_KEY if self.signing == "other key" else _KEY
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, key)


def _encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def _application(provider: FakeProvider) -> Flask:
    app = Flask("provider")

    def flood() -> Iterator[bytes]:
        yield b'{"x": "'
        # No more than a test can bear, should nobody hang up.
        for _ in range(2000):
            provider.sent += 1
            yield b"x" * 65_536

    def dribble() -> Iterator[bytes]:
        for _ in range(200):
            yield b" "
            time.sleep(0.1)

    @app.before_request
    def misbehave() -> Response | None:
        if provider.down:
            return Response(status=503)
        if request.path == provider.floods:
            return Response(flood(), content_type="application/json")
        if request.path == provider.dribbles:
            return Response(dribble(), content_type="application/json")
        if request.path == provider.leads_away:
            return Response(flood(), 302, {"Location": f"{provider.url}/elsewhere"})
        return None

    @app.route("/elsewhere", methods=["GET", "POST"])
    def elsewhere() -> Response:
        provider.elsewhere += 1
        return jsonify({})

    @app.get("/.well-known/openid-configuration")
    def configuration() -> Response:
        return jsonify(
            {
                "issuer": provider.url,
                "authorization_endpoint": f"{provider.url}/authorize",
                "token_endpoint": f"{provider.url}/token",
                "userinfo_endpoint": f"{provider.url}/userinfo",
                "jwks_uri": f"{provider.url}/keys",
                "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            }
            | provider.metadata
        )

    @app.get("/authorize")
    def authorize() -> str:
        return "<!doctype html><title>Provider</title><link rel=icon href='data:,'><p>Is it you?"

    @app.get("/keys")
    def keys() -> Response:
        return jsonify(KeySet([_KEY]).as_dict(private=False))

    @app.post("/token")
    def token() -> Response:
        sent = request.form.to_dict()
        if request.authorization is not None:
            sent["client_secret"] = str(request.authorization.password)
        provider.token_requests.append(sent)
        return jsonify(
            {"access_token": "access-0815", "token_type": "Bearer", "expires_in": 300, "id_token": provider.token()}
        )

    @app.get("/userinfo")
    def userinfo() -> Response:
        return jsonify(provider.userinfo)

    return app


@contextmanager
def fake_provider() -> Iterator[FakeProvider]:
    """One that runs."""
    provider = FakeProvider()
    server = make_server("127.0.0.1", 0, _application(provider), threaded=True)
    server.daemon_threads = True  # type: ignore[attr-defined]
    provider.url = f"http://127.0.0.1:{server.port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
