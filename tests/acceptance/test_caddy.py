"""Tellykeep behind the real Caddy with the Caddyfile that is shipped: encrypted, redirected, and no secret in its log."""

from __future__ import annotations

import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from requests.adapters import HTTPAdapter

from tests.acceptance.appliance import Appliance, answer_of, free_port
from tests.payloads import episode, multipart

CADDYFILE = Path(__file__).parent.parent.parent / "deploy" / "Caddyfile"
CADDY = shutil.which("caddy")
LIMIT = 10
NAME = "tv.example.org"
pytestmark = pytest.mark.skipif(CADDY is None, reason="there is no caddy (Debian package caddy)")


def certificate(directory: Path, name: str) -> str:
    """What TELLYKEEP_TLS says of a certificate that did not come from the internal authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    named = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(named)
        .issuer_name(named)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (directory / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (directory / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return f"{directory / 'cert.pem'} {directory / 'key.pem'}"


class Caddy:
    """A real one with the Caddyfile that is shipped, before an appliance, until `stop`."""

    def __init__(self, home: Path, appliance: Appliance, domain: str, **environment: str) -> None:
        self.http, self.https = free_port(), free_port()
        self.domain = domain
        self.log = home / "caddy.log"
        self.authority = home / "caddy" / "pki" / "authorities" / "local" / "root.crt"
        home.mkdir()
        assert CADDY is not None
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [CADDY, "run", "--config", str(CADDYFILE), "--adapter", "caddyfile"],
                env={
                    "HOME": str(home),
                    "XDG_DATA_HOME": str(home),
                    "XDG_CONFIG_HOME": str(home),
                    "TELLYKEEP_DOMAIN": domain,
                    "TELLYKEEP_UPSTREAM": f"127.0.0.1:{appliance.port}",
                    "TELLYKEEP_HTTP_PORT": str(self.http),
                    "TELLYKEEP_HTTPS_PORT": str(self.https),
                }
                | environment,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + 60
        while True:
            try:
                self.headers("/healthz")
                return
            except OSError:
                assert time.monotonic() < deadline, self.log.read_text()
                time.sleep(0.2)

    def headers(self, path: str) -> dict[str, str]:
        """Of the answer to whoever asks for the domain, which no name server knows; the certificate is not looked at."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with (
            socket.create_connection(("127.0.0.1", self.https), timeout=5) as raw,
            context.wrap_socket(raw, server_hostname=self.domain) as wrapped,
        ):
            wrapped.sendall(f"GET {path} HTTP/1.1\r\nHost: {self.domain}\r\nConnection: close\r\n\r\n".encode())
            answer = HTTPResponse(wrapped)  # type: ignore[arg-type]
            answer.begin()
            assert answer.status == 200
            return dict(answer.headers)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)


class Proxied:
    """An appliance as compose.yaml sets it up, and Caddy before it with an authority of its own."""

    def __init__(self, appliance: Appliance) -> None:
        self.appliance = appliance
        appliance.environment |= {"TELLYKEEP_CADDY_ADDRESS": "127.0.0.1", "PUBLIC_URL": f"https://{NAME}"}
        appliance.environment["WEBHOOK_RATE_LIMIT"] = f"{LIMIT} per hour"
        appliance.start()
        appliance.add_user()
        self.caddy = Caddy(appliance.directory / "home", appliance, "localhost")
        self.http, self.https, self.log = self.caddy.http, self.caddy.https, self.caddy.log
        self.authority = self.caddy.authority
        self.address = f"https://localhost:{self.https}"


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    import tempfile

    directory = Path(tempfile.mkdtemp(prefix="tellykeep-test-"))
    appliance = Appliance(directory)
    found = Proxied(appliance)
    try:
        yield found
    finally:
        found.caddy.stop()
        appliance.stop()
        shutil.rmtree(directory, ignore_errors=True)


def test_a_webhook_comes_through_and_its_secret_is_in_no_log(proxied: Proxied) -> None:
    secret = proxied.appliance.webhook_url.partition("secret=")[2]
    body, content_type = multipart(episode())
    answer = requests.post(
        f"{proxied.address}/api/plex/webhook?secret={secret}",
        data=body,
        headers={"Content-Type": content_type, "Referer": f"https://localhost/?secret={secret}"},
        verify=str(proxied.authority),
        timeout=20,
    )
    assert answer_of(answer)[0] in ("success", "conflict", "pending")
    time.sleep(0.5)
    log = proxied.log.read_text()
    assert "/api/plex/webhook" in log
    assert secret not in log + proxied.appliance.output


def test_no_secret_is_in_its_log_while_the_appliance_is_away(proxied: Proxied) -> None:
    secret = proxied.appliance.webhook_url.partition("secret=")[2]
    asked = {
        f"/api/plex/webhook?secret={secret}": secret,
        "/calendar/a-calendars-own-token.ics": "a-calendars-own-token",
        "/sign-in/oidc/callback?code=a-providers-code&state=a-state": "a-providers-code",
    }
    proxied.appliance.stop()
    try:
        for path in asked:
            answer = requests.get(
                f"{proxied.address}{path}",
                headers={"Referer": f"https://localhost/?secret={secret}"},
                verify=str(proxied.authority),
                timeout=20,
            )
            assert answer.status_code == 502
            # What is sent to https carries the whole address.
            requests.get(f"http://localhost:{proxied.http}{path}", allow_redirects=False, timeout=20)
    finally:
        proxied.appliance.start()
    log = proxied.log.read_text()
    assert "connection refused" in log
    assert [value for value in asked.values() if value in log] == []


@pytest.mark.parametrize(
    ("version", "is_spoken"),
    [(ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_3, True)],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tls_1_2_is_the_least(proxied: Proxied, version: ssl.TLSVersion, is_spoken: bool) -> None:
    context = ssl.create_default_context(cafile=str(proxied.authority))
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with socket.create_connection(("127.0.0.1", proxied.https), timeout=20) as raw:
        if is_spoken:
            with context.wrap_socket(raw, server_hostname="localhost") as wrapped:
                assert wrapped.version() == f"TLSv1.{version.value - 0x301}"
        else:
            with pytest.raises((ssl.SSLError, OSError)):
                context.wrap_socket(raw, server_hostname="localhost")


def test_plain_http_is_redirected(proxied: Proxied) -> None:
    answer = requests.get(f"http://localhost:{proxied.http}/shows", allow_redirects=False, timeout=20)
    assert answer.status_code in (301, 308)
    assert answer.headers["Location"].startswith("https://localhost")


@pytest.mark.parametrize(
    ("name", "has_certificate", "is_bound"),
    [(NAME, True, True), (NAME, False, False), ("nas.lan", True, False), ("nas", True, False)],
)
def test_browsers_are_bound_to_https_only_where_nobody_can_be_locked_out(
    proxied: Proxied, tmp_path: Path, name: str, has_certificate: bool, is_bound: bool
) -> None:
    """The appliance itself would bind them at its name: it cannot know who has signed Caddy's certificate."""
    options = {"TELLYKEEP_TLS": certificate(tmp_path, name)} if has_certificate else {}
    caddy = Caddy(tmp_path / "home", proxied.appliance, name, **options)
    try:
        headers = caddy.headers("/sign-in")
    finally:
        caddy.stop()
    assert headers.get("Strict-Transport-Security") == ("max-age=31536000" if is_bound else None)


def test_every_cookie_is_for_https_only(proxied: Proxied) -> None:
    answer = requests.get(f"{proxied.address}/sign-in", verify=str(proxied.authority), timeout=20)
    cookies = answer.raw.headers.getlist("Set-Cookie")
    assert cookies, "nothing to look at: the form's page sets the cookie that its token belongs to"
    for cookie in cookies:
        assert {"Secure", "HttpOnly"} <= set(cookie.split("; ")), cookie


class _From(HTTPAdapter):
    """Connects from an address of this machine's choice: all of 127.0.0.0/8 is its own."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, source_address=(self._address, 0), **options)


def _guess(proxied: Proxied, address: str, claimed: str | None = None) -> requests.Response:
    """A wrong secret from an address, by somebody who says that he is at another one."""
    with requests.Session() as session:
        session.mount("https://", _From(address))
        return session.post(
            f"{proxied.address}/api/plex/webhook?secret=wrong",
            headers={"X-Forwarded-For": claimed, "X-Real-IP": claimed, "Forwarded": f"for={claimed}"}
            if claimed
            else {},
            verify=str(proxied.authority),
            timeout=20,
        )


def test_limits_count_the_address_of_the_client_and_not_that_of_caddy(proxied: Proxied) -> None:
    codes = [_guess(proxied, "127.0.0.21").status_code for _ in range(LIMIT + 1)]
    assert codes == [401] * LIMIT + [429]
    assert int(_guess(proxied, "127.0.0.21").headers["Retry-After"]) >= 1
    assert _guess(proxied, "127.0.0.22").status_code == 401


def test_an_address_that_the_client_claims_neither_counts_nor_is_written_down(proxied: Proxied) -> None:
    """Through one proxy, what a client itself writes into X-Forwarded-For is never believed."""
    before = len(proxied.appliance.output)
    codes = [_guess(proxied, "127.0.0.23", f"203.0.113.{number}").status_code for number in range(LIMIT + 1)]
    assert codes == [401] * LIMIT + [429]
    time.sleep(0.3)
    written = proxied.appliance.output[before:]
    assert "127.0.0.23" in written
    assert "203.0.113." not in written


def test_no_answer_tells_a_version(proxied: Proxied) -> None:
    for address in (proxied.address, proxied.appliance.address):
        for path in ("/sign-in", "/healthz", "/nothing", "/static/app.css"):
            headers = requests.get(f"{address}{path}", verify=str(proxied.authority), timeout=20).headers
            assert not re.search(r"\d", headers.get("Server", "") + headers.get("Via", "").partition(" ")[2]), headers
            assert "X-Powered-By" not in headers
            assert headers["Content-Security-Policy"].count("default-src") == 1
