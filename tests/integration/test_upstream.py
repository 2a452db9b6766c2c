"""`Upstream` against servers that do their worst: it ends in time, says which kind of failure it was, and no secret."""

from __future__ import annotations

import io
import json
import logging
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from app.demo.simulated_server import Reply
from app.demo.simulated_tmdb import KEY_REJECTED, NOT_THERE
from app.plex.client import PlexServer
from app.process_log import configure_log
from app.services import Services
from app.tmdb.client import TmdbClient
from app.upstream.errors import KeyRejected, NotThere, UpstreamError, UpstreamUnavailable
from app.upstream.http import Limits
from tests.fakes import failures
from tests.fakes.failures import Failure
from tests.fakes.plex import TOKEN, FakePlex
from tests.fakes.tmdb import KEY, FakeTmdb

# Short, so that a server that says nothing costs a test little.
SHORT = Limits(connect=0.5, read=0.4, total=0.8)
V4_TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiJ0ZWxseWtlZXAifQ.c2lnbmF0dXJl"

UNAVAILABLE: dict[str, tuple[Failure, str]] = {
    "500": (failures.status(500), "HTTP 500"),
    "502": (failures.status(502), "HTTP 502"),
    "400": (failures.status(400), "HTTP 400"),
    "204": (failures.reply(Reply(b"", 204)), "HTTP 204"),
    "429": (failures.status(429), "too many requests"),
    "time-out": (failures.time_out(), "in time"),
    "trickling body": (failures.trickle(), "in time"),
    "trickling head": (failures.trickle(head=True), "in time"),
    "malformed JSON": (failures.malformed(), "no JSON"),
    "HTML": (failures.html(), "no JSON"),
    "a list": (failures.reply(Reply(b"[]")), "no JSON"),
    "nothing": (failures.reply(Reply(b"")), "no JSON"),
    "deep nesting": (failures.reply(Reply(b'{"a":' * 100_000)), "no JSON"),
    "too large": (failures.oversize(), "more than 8192 KiB"),
    "dropped": (failures.drop(), "broke the connection"),
    "redirect to another host": (failures.redirect("http://localhost:1/"), "another server"),
    "redirect to another port": (failures.redirect("http://127.0.0.1:1/"), "another port"),
    "redirect to nowhere": (failures.redirect("http://[oops"), "another server"),
    "redirect to a file": (failures.redirect("file:///etc/passwd"), "another server"),
    "redirect with a body without end": (
        failures.reply(Reply(b"x" * 20_000_000, 302, {"Location": "http://127.0.0.1:1/"})),
        "another port",
    ),
    "redirect to itself": (failures.redirect("?again=1"), "without end"),
    "304": (failures.reply(Reply(b"", 304)), "HTTP 304"),
}
SERVICES = ("tmdb", "plex")


@pytest.fixture
def ask(services: Services, fake_tmdb: FakeTmdb, fake_plex: FakePlex) -> Callable[..., Any]:
    """Asks for a show: `ask("plex")`, with the trace in `steps`."""
    services.tmdb.limits = services.plex.limits = SHORT
    fake_tmdb.add_show(4711, "Harbour Lights")
    fake_plex.add_show("4711", "Harbour Lights")

    def make(service: str, steps: list[Any] | None = None, secret: str | None = None) -> Any:
        trace = [] if steps is None else steps
        if service == "tmdb":
            return TmdbClient(services, secret or KEY, trace).show(4711, fresh=True)
        return PlexServer(services, fake_plex.url, secret or TOKEN, trace).show("4711")

    return make


@pytest.fixture
def fakes(fake_tmdb: FakeTmdb, fake_plex: FakePlex) -> dict[str, Any]:
    return {"tmdb": fake_tmdb, "plex": fake_plex}


def outcomes(services: Services, service: str) -> dict[str, float]:
    """How the figures counted what was asked."""
    return {
        sample.labels["outcome"]: sample.value
        for metric in services.registry.collect()
        for sample in metric.samples
        if sample.name == "tellykeep_upstream_requests_total" and sample.labels["service"] == service
    }


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("kind", UNAVAILABLE)
def test_a_server_that_fails_is_left_in_time_and_may_be_asked_again(
    ask: Callable[..., Any], services: Services, fakes: dict[str, Any], service: str, kind: str
) -> None:
    failure, words = UNAVAILABLE[kind]
    fakes[service].fail("*", failure)
    steps: list[dict[str, Any]] = []
    before = time.monotonic()
    with pytest.raises(UpstreamUnavailable, match=words) as caught:
        ask(service, steps)
    assert time.monotonic() - before < 2
    assert (caught.value.service, caught.value.http_status) == (service, 503)
    (step,) = steps
    assert (step["step"], step["service"], step["what"], step["cached"]) == ("asked", service, "show 4711", False)
    assert step["problem"] == caught.value.message
    assert outcomes(services, service) == {"rate_limited" if kind == "429" else "unavailable": 1}
    fakes[service].heal()
    assert ask(service).title == "Harbour Lights"


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("code", [401, 403])
def test_a_key_that_is_not_accepted(
    ask: Callable[..., Any], services: Services, fakes: dict[str, Any], service: str, code: int
) -> None:
    fakes[service].fail(
        "*", failures.status(code) if code == 403 or service == "plex" else failures.reply(KEY_REJECTED)
    )
    steps: list[dict[str, Any]] = []
    with pytest.raises(KeyRejected):
        ask(service, steps)
    assert (steps[0]["status"], outcomes(services, service)) == (code, {"key_rejected": 1})


def test_there_is_no_such_thing(ask: Callable[..., Any], services: Services, fakes: dict[str, Any]) -> None:
    fakes["plex"].fail("*", failures.status(404))
    fakes["tmdb"].fail("*", failures.reply(NOT_THERE))
    for service in SERVICES:
        with pytest.raises(NotThere, match="show 4711"):
            ask(service)
        assert outcomes(services, service) == {"not_there": 1}


@pytest.mark.parametrize("service", SERVICES)
def test_a_server_that_is_not_there(
    ask: Callable[..., Any], services: Services, fakes: dict[str, Any], service: str
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound, but nobody listens
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        with pytest.raises(UpstreamUnavailable, match="refused"):
            getattr(services, service).get(url, what="x")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://nobody.invalid/", "was not found"),
        (f"http://{'n' * 64}.example/", "was not found|not one that begins"),
        ("http://169.254.169.254/latest/meta-data/", "link-local"),
        ("http://[fe80::1]:32400/", "link-local"),
        ("http://[::ffff:169.254.169.254]/", "link-local"),
        ("http://[fd00:ec2::254]/", "link-local"),
        ("http://0.0.0.0:32400/", "link-local"),
        # 169.254.169.254 as inet_aton and resolvers read it.
        ("http://2852039166/", "link-local"),
        ("http://0xa9fea9fe/", "link-local"),
        ("http://0xA9.0xFE.0xA9.0xFE/", "link-local"),
        ("http://0251.0376.0251.0376/", "link-local"),
        ("http://169.254.43518/", "link-local"),
        ("http://169.16689662/", "link-local"),
        ("http://0/", "link-local"),
        ("http://169.254.169.254./", "link-local|was not found"),
        ("http://①⑥⑨.②⑤④.①⑥⑨.②⑤④/", "link-local|was not found|broke"),
        ("http://169。254。169。254/", "link-local|was not found|broke"),
        ("http://[64:ff9b:1::a9fe:a9fe]/", "link-local"),
        ("http://[2002:a9fe:a9fe::1]/", "link-local"),
        ("http://[2001:0:a9fe:a9fe::1]/", "link-local"),
        ("http://127.0.0.1:1\t@169.254.169.254/", "begins with http|link-local"),
        ("http://127.0.0.1\\@169.254.169.254/", "begins with http|link-local"),
        ("ftp://127.0.0.1/", "begins with http"),
        ("file:///etc/passwd", "begins with http"),
        ("http://", "begins with http"),
        ("http://user:password@127.0.0.1/", "begins with http"),
        ("http://127.0.0.1:99999/", "begins with http"),
        ("http://[oops/", "begins with http"),
    ],
)
def test_an_address_that_is_not_asked(
    services: Services, monkeypatch: pytest.MonkeyPatch, url: str, words: str
) -> None:
    connected: list[Any] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _self, address: connected.append(address))
    with pytest.raises(UpstreamUnavailable, match=words) as caught:
        services.plex.get(url, what="x")
    assert connected == []
    assert "password" not in caught.value.message


def test_a_name_is_resolved_once_and_only_what_was_looked_at_is_connected_to(
    services: Services, fake_plex: FakePlex, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = fake_plex.url.rpartition(":")[2]
    real, asked = socket.getaddrinfo, []

    def resolve(host: str, *arguments: Any, **options: Any) -> Any:
        asked.append(host)
        # The second answer would be the secrets of a cloud.
        address = "127.0.0.1" if len(asked) == 1 else "169.254.169.254"
        return real(address, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    server = PlexServer(services, f"http://plex.example:{port}", TOKEN, [])
    assert server.identity().uuid == fake_plex.uuid
    assert asked == ["plex.example"]
    services.plex.close()
    with pytest.raises(UpstreamUnavailable, match="link-local"):
        server.identity()
    assert fake_plex.count() == 1


def test_of_several_addresses_the_forbidden_ones_are_left_out_and_the_next_is_tried(
    services: Services, fake_plex: FakePlex, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(fake_plex.url.rpartition(":")[2])
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.2", port))  # bound, but nobody listens
        places = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in ("169.254.169.254", "127.0.0.2", "127.0.0.1")
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_options: places)
        assert PlexServer(services, f"http://plex.example:{port}", TOKEN, []).identity().uuid == fake_plex.uuid


def test_a_name_all_of_whose_addresses_are_forbidden_is_connected_to_nowhere(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    places: list[Any] = [
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("64:ff9b:1::a9fe:a9fe", 80, 0, 0)),
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::ffff:169.254.169.254", 80, 0, 0)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 80)),
    ]
    connected: list[Any] = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_options: places)
    monkeypatch.setattr(socket.socket, "connect", lambda _self, address: connected.append(address))
    with pytest.raises(UpstreamUnavailable, match="link-local"):
        services.plex.get("http://plex.example:32400/", what="x")
    assert connected == []


def test_a_redirect_is_looked_at_like_the_first_address(
    services: Services, fake_plex: FakePlex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the same name, which leads elsewhere by now; over a new connection, as the first one is closed."""
    port = fake_plex.url.rpartition(":")[2]
    real, asked = socket.getaddrinfo, []

    def resolve(host: str, *arguments: Any, **options: Any) -> Any:
        asked.append(host)
        return real("127.0.0.1" if len(asked) == 1 else "169.254.169.254", *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    there = Reply(b"", 302, {"Location": f"http://plex.example:{port}/latest/meta-data/", "Connection": "close"})
    fake_plex.fail("*", failures.reply(there))
    with pytest.raises(UpstreamUnavailable, match="link-local"):
        services.plex.get(f"http://plex.example:{port}/", what="x")
    assert asked == ["plex.example", "plex.example"]


@pytest.mark.parametrize("location", ["/3/tv/4711?api_key=KEY", "4711?api_key=KEY"])
def test_a_redirect_on_the_same_server_is_followed(ask: Callable[..., Any], fake_tmdb: FakeTmdb, location: str) -> None:
    fake_tmdb.fail("/tv/4711", failures.redirect(location.replace("KEY", KEY)), times=2)
    assert ask("tmdb").title == "Harbour Lights"
    assert fake_tmdb.count() == 3


def test_a_redirect_to_another_server_does_not_take_the_token_along(
    services: Services, fake_plex: FakePlex, ask: Callable[..., Any]
) -> None:
    with FakePlex(token=None) as other:
        for target in (other.url, other.url.replace("127.0.0.1", "localhost")):
            fake_plex.fail("*", failures.redirect(f"{target}/library/metadata/4711"))
            with pytest.raises(UpstreamUnavailable):
                ask("plex")
        assert other.requests == []


def test_a_redirect_never_leads_away_from_tls(services: Services) -> None:
    """On the same host and port too: somebody on the way would read the token."""
    with pytest.raises(UpstreamUnavailable, match="away from https"):
        services.plex._redirected("https://plex.example:32400/a", "http://plex.example:32400/b")
    assert services.plex._redirected("http://plex.example/a", "https://plex.example/b") == "https://plex.example/b"


# Asked to wait.


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("code", [429, 503])
def test_who_asks_to_wait_is_left_alone_by_everybody(
    ask: Callable[..., Any], services: Services, fakes: dict[str, Any], service: str, code: int
) -> None:
    fakes[service].fail("*", failures.status(code, retry_after=30), times=1)
    with pytest.raises(UpstreamUnavailable) as caught:
        ask(service)
    assert caught.value.retry_after == 30
    with ThreadPoolExecutor(1) as another_thread, pytest.raises(UpstreamUnavailable) as caught:
        another_thread.submit(ask, service).result()
    assert 29 <= (caught.value.retry_after or 0) <= 30
    assert fakes[service].count() == 1


def test_another_server_is_asked_meanwhile(services: Services, fake_plex: FakePlex) -> None:
    fake_plex.fail("*", failures.status(429, retry_after=30))
    with pytest.raises(UpstreamUnavailable):
        PlexServer(services, fake_plex.url, TOKEN, []).identity()
    with FakePlex() as other:
        assert PlexServer(services, other.url, TOKEN, []).identity().uuid == other.uuid
        services.plex.close()


def test_after_the_wait_it_is_asked_again(ask: Callable[..., Any], fake_tmdb: FakeTmdb) -> None:
    fake_tmdb.fail("*", failures.status(429, retry_after=1), times=1)
    with pytest.raises(UpstreamUnavailable):
        ask("tmdb")
    time.sleep(1.05)
    assert ask("tmdb").title == "Harbour Lights"


def test_the_wait_may_be_a_date(ask: Callable[..., Any], fake_tmdb: FakeTmdb) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=40), usegmt=True)
    fake_tmdb.fail("*", failures.status(429, retry_after=soon))
    with pytest.raises(UpstreamUnavailable) as caught:
        ask("tmdb")
    assert 35 <= (caught.value.retry_after or 0) <= 40


# Connections and threads.


def test_connections_are_used_again(ask: Callable[..., Any], fakes: dict[str, Any]) -> None:
    for service in SERVICES:
        for _ in range(5):
            ask(service)
        fakes[service].fail("*", failures.status(500), times=2)
        for _ in range(2):
            with pytest.raises(UpstreamUnavailable):
                ask(service)
        ask(service)
        assert (fakes[service].count(), fakes[service].connections) == (8, 1)


def test_a_kept_connection_that_was_closed_meanwhile_costs_no_answer(
    ask: Callable[..., Any], fake_plex: FakePlex
) -> None:
    ask("plex")
    fake_plex.fail("*", failures.drop(), times=1)
    assert ask("plex").title == "Harbour Lights"
    assert fake_plex.count() == 3


def test_many_threads_share_one_session(services: Services, ask: Callable[..., Any], fakes: dict[str, Any]) -> None:
    services.tmdb.limits = services.plex.limits = Limits()
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda n: ask(SERVICES[n % 2]).title, range(60)))
    assert answers == ["Harbour Lights"] * 60
    assert max(fakes[service].connections for service in SERVICES) <= 8


def test_the_deadline_of_one_thread_is_not_that_of_another(
    services: Services, ask: Callable[..., Any], fake_plex: FakePlex, fake_tmdb: FakeTmdb
) -> None:
    services.plex.limits = Limits(total=0.3)
    services.tmdb.limits = Limits()
    fake_plex.fail("*", failures.time_out())
    fake_tmdb.fail("*", failures.slow(0.7))
    with ThreadPoolExecutor(2) as threads:
        slow, late = threads.submit(ask, "tmdb"), threads.submit(ask, "plex")
        with pytest.raises(UpstreamUnavailable):
            late.result()
        assert slow.result().title == "Harbour Lights"


def test_slow_answers_are_marked_and_counted(ask: Callable[..., Any], services: Services, fake_tmdb: FakeTmdb) -> None:
    services.tmdb.limits = Limits()
    steps: list[dict[str, Any]] = []
    ask("tmdb", steps)
    fake_tmdb.fail("*", failures.slow(0.55))
    ask("tmdb", steps)
    assert [(step["slow"], step["status"]) for step in steps] == [(False, 200), (True, 200)]
    assert steps[1]["ms"] >= 550
    assert services.registry.get_sample_value("tellykeep_upstream_slow_requests_total", {"service": "tmdb"}) == 1
    assert services.registry.get_sample_value("tellykeep_upstream_request_seconds_count", {"service": "tmdb"}) == 2


def test_no_cookie_of_one_server_is_kept(services: Services, fake_plex: FakePlex) -> None:
    fake_plex.fail(
        "*", failures.reply(Reply({"MediaContainer": {}}, headers={"Set-Cookie": "who=ann; Path=/"})), times=1
    )
    for _ in range(2):
        PlexServer(services, fake_plex.url, TOKEN, []).identity()
    assert "cookie" not in fake_plex.requests[1].headers


def test_what_this_machine_sets_for_itself_changes_nothing(
    ask: Callable[..., Any], fake_tmdb: FakeTmdb, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ann password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    fake_tmdb.key = V4_TOKEN
    assert ask("tmdb", secret=V4_TOKEN).title == "Harbour Lights"


# Secrets.

SECRETS = {"v3 key": ("tmdb", KEY), "v4 token": ("tmdb", V4_TOKEN), "Plex token": ("plex", TOKEN)}


@pytest.fixture
def process_log() -> Iterator[io.StringIO]:
    """What the process would write at its most talkative."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    stream = io.StringIO()
    configure_log("debug", stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


def _bad_head(handler: Any) -> None:
    handler.close_connection = True
    handler.connection.sendall(b"HTTP/1.1 200 OK\r\nno header at all\r\nContent-Length: 2\r\n\r\n[]")


@pytest.mark.parametrize("secret", SECRETS)
def test_no_failure_tells_a_secret(
    ask: Callable[..., Any],
    services: Services,
    fakes: dict[str, Any],
    process_log: io.StringIO,
    secret: str,
) -> None:
    service, text = SECRETS[secret]
    worst = [failure for failure, _ in UNAVAILABLE.values()]
    worst += [failures.status(401), failures.status(404), failures.status(429, retry_after=1), _bad_head]
    steps: list[dict[str, Any]] = []
    told = []
    for failure in worst:
        fakes[service].heal()
        fakes[service].fail("*", failure)
        try:
            ask(service, steps, text)
        except UpstreamError as error:
            told += ["".join(traceback.format_exception(error)), repr(error), repr(error.__dict__)]
            seen: BaseException | None = error
            while seen is not None:
                told.append(repr(seen.args))
                seen = seen.__cause__ or seen.__context__
            logging.getLogger("test").error("failed", exc_info=error)
    fakes[service].close()
    with pytest.raises(UpstreamUnavailable):
        services.tmdb.get("http://127.0.0.1:9/3/tv/1", what="x", params={"api_key": text})
    assert len(steps) == len(worst)
    for where in (*told, json.dumps(steps), process_log.getvalue()):
        assert text not in where
    # Something was logged, so that the test would notice.
    assert "failed" in process_log.getvalue()


# TLS.


@contextmanager
def tls_server(tmp_path: Any, name: str, behave: Callable[[Any], None]) -> Iterator[tuple[int, str]]:
    """A server with a certificate of its own for `name`; yields its port and the path of that certificate."""
    import ssl

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / f"{name}.pem"
    pem.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(connection, server_side=True) as wrapped:
                    wrapped.recv(4096)
                    behave(wrapped)
            except OSError:
                continue
            finally:
                connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], str(pem)
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def _answer(connection: Any) -> None:
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n{"a": 1}')


def _trickle(connection: Any) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(100):
        connection.sendall(b"1")
        time.sleep(0.05)


def test_a_certificate_that_nobody_vouches_for_is_not_accepted(services: Services, tmp_path: Any) -> None:
    with (
        tls_server(tmp_path, "localhost", _answer) as (port, _),
        pytest.raises(UpstreamUnavailable, match="certificate"),
    ):
        services.plex.get(f"https://localhost:{port}/", what="x")


def test_a_trusted_certificate_counts_for_its_name_only(services: Services, tmp_path: Any) -> None:
    with tls_server(tmp_path, "localhost", _answer) as (port, certificate):
        services.plex._open().verify = certificate
        assert services.plex.get(f"https://localhost:{port}/", what="x") == {"a": 1}
        with pytest.raises(UpstreamUnavailable, match="certificate"):
            services.plex.get(f"https://127.0.0.1:{port}/", what="x")


def test_a_server_that_trickles_through_tls_is_left_in_time(services: Services, tmp_path: Any) -> None:
    with tls_server(tmp_path, "localhost", _trickle) as (port, certificate):
        services.plex._open().verify = certificate
        services.plex.limits = SHORT
        before = time.monotonic()
        with pytest.raises(UpstreamUnavailable, match="in time"):
            services.plex.get(f"https://localhost:{port}/", what="x")
        assert time.monotonic() - before < 2
        services.plex.close()
