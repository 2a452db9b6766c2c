"""healthcheck.py as Docker runs it: a process of its own against a listening socket."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

PROBE = Path(__file__).parents[2] / "healthcheck.py"


def probe(bind: str | None) -> tuple[int, str]:
    """Exit code and output, with no package but the standard library within reach."""
    environment = {"PATH": os.defpath, "http_proxy": "http://192.0.2.1:9"}
    if bind is not None:
        environment["TELLYKEEP_BIND"] = bind
    done = subprocess.run(
        [sys.executable, "-IS", PROBE],
        env=environment,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


@contextmanager
def listening(serve: Callable[[socket.socket], None], family: socket.AddressFamily = socket.AF_INET) -> Iterator[int]:
    """A server that hands its one connection to `serve`; yields its port."""
    with socket.create_server(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0), family=family) as server:

        def accept() -> None:
            with suppress(OSError):
                connection, _ = server.accept()
                with connection:
                    serve(connection)

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            thread.join()


def saying(status: str, body: str) -> Callable[[socket.socket], None]:
    """Answers any request with this."""

    def serve(connection: socket.socket) -> None:
        request = connection.recv(4096)
        assert request.startswith(b"GET /readyz HTTP/1.1\r\n")
        connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())

    return serve


def test_a_server_that_is_ready_is_healthy() -> None:
    with listening(saying("200 OK", '{"status": "ok"}')) as port:
        assert probe(f"0.0.0.0:{port}") == (0, "ok\n")


def test_a_server_that_is_ready_and_hears_nothing_is_healthy_and_says_so() -> None:
    body = '{"status": "ok", "warnings": ["nothing was received for 8 days"]}'
    with listening(saying("200 OK", body)) as port:
        assert probe(f"0.0.0.0:{port}") == (0, "ok; warning: nothing was received for 8 days\n")


@pytest.mark.parametrize("bind", ["[::]", "[::1]"])
def test_a_server_on_ipv6_is_asked_there(bind: str) -> None:
    with listening(saying("200 OK", '{"status": "ok"}'), socket.AF_INET6) as port:
        assert probe(f"{bind}:{port}") == (0, "ok\n")


def test_a_server_on_every_address_of_a_machine_without_ipv6_is_asked_on_ipv4() -> None:
    with listening(saying("200 OK", '{"status": "ok"}')) as port:
        assert probe(f"[::]:{port}") == (0, "ok\n")


@pytest.mark.parametrize("status", ["200 OK", "503 Service Unavailable"])
def test_a_degraded_server_is_unhealthy_and_says_why(status: str) -> None:
    body = '{"status": "degraded", "reason": "the database does not answer"}'
    with listening(saying(status, body)) as port:
        assert probe(f"127.0.0.1:{port}") == (1, f"degraded ({status[:3]}): the database does not answer\n")


def test_nobody_listening_is_unhealthy() -> None:
    with listening(saying("200 OK", "")) as port:
        pass
    assert probe(f"0.0.0.0:{port}") == (1, f"nothing answers on 127.0.0.1 port {port}: Connection refused\n")


@pytest.mark.parametrize(
    "answer",
    [
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<!DOCTYPE",
        "HTTP/1.1 200 OK\r\n\r\n",
    ],
)
def test_another_program_on_the_port_is_unhealthy(answer: str) -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(answer.encode())

    with listening(serve) as port:
        assert probe(f"127.0.0.1:{port}") == (1, f"what answers on 127.0.0.1 port {port} is not Tellykeep\n")


def test_a_server_that_hangs_up_is_unhealthy() -> None:
    with listening(lambda connection: connection.recv(4096) and None) as port:
        code, output = probe(f"127.0.0.1:{port}")
    assert code == 1
    assert output.count("\n") == 1


def test_a_server_that_drips_bytes_does_not_hold_the_probe_beyond_its_deadline() -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        with suppress(OSError):
            for _ in range(100):
                connection.sendall(b" ")
                time.sleep(0.2)

    with listening(serve) as port:
        began = time.monotonic()
        assert probe(f"[::]:{port}") == (1, "no answer within 5 seconds\n")
        assert 4 < time.monotonic() - began < 8


def test_a_setting_that_is_no_address_is_named() -> None:
    assert probe("8787") == (1, "TELLYKEEP_BIND is '8787', which is not ADDRESS:PORT\n")
