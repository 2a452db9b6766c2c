"""Clients that send a byte a second, or read one: what a careless phone does once, and an attacker two hundred times."""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass, field
from types import TracebackType

PACE_SECONDS = 1.0
_SMALLEST_BUFFER = 2048
# So many at once fill what the kernel keeps for a connection, too.
_PIPELINED = 40


def _post(path: str, content_type: str, framing: str) -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\n{framing}\r\n\r\n".encode()


_LENGTH = "Content-Length: 60000"
_FORM = "application/x-www-form-urlencoded"


def kinds(webhook: str, large_file: str) -> dict[str, Kind]:
    """Every way of being slow.

    Args:
        webhook: path and query of a webhook that is taken.
        large_file: path of something large that is served to everybody.
    """
    get = f"GET {large_file} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    return {
        "says nothing": Kind(b"", b""),
        "head": Kind(b"", b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X-Slow: very\r\n" * 10_000),
        "body of the webhook": Kind(_post(webhook, "application/json", _LENGTH), b"x" * 60_000),
        "body of a wrong webhook": Kind(
            _post("/api/plex/webhook?secret=0", "application/json", _LENGTH), b"x" * 60_000
        ),
        "body in chunks": Kind(
            _post(webhook, "application/json", "Transfer-Encoding: chunked"), b"1\r\nx\r\n" * 10_000
        ),
        "body of a form": Kind(_post("/login", _FORM, _LENGTH), b"username=" + b"x" * 60_000),
        "body of a page that takes none": Kind(_post("/healthz", _FORM, _LENGTH), b"x" * 60_000),
        "answer": Kind(get * _PIPELINED, b"", reads_slowly=True),
    }


@dataclass(frozen=True)
class Kind:
    """One way of being slow: `at_once` is sent when it is connected, of `slowly` a byte a second."""

    at_once: bytes
    slowly: bytes
    reads_slowly: bool = False


@dataclass
class _Client:
    socket: socket.socket
    position: int = 0
    received: bytearray = field(default_factory=bytearray)


class SlowClients(threading.Thread):
    """So many slow clients at once, each of which comes again when it is shut out; from `with` on until its end.

    Attributes:
        shut_out: how many times the server closed a connection.
        answers: the beginnings of what it said before, of those who read.
    """

    def __init__(self, address: tuple[str, int], kind: Kind, *, count: int = 200) -> None:
        super().__init__(name="slow-clients", daemon=True)
        self._address = address
        self._kind = kind
        self._count = count
        self._leaving = threading.Event()
        self._all_there = threading.Event()
        self.shut_out = 0
        self.answers: list[bytes] = []

    def __enter__(self) -> SlowClients:
        self.start()
        assert self._all_there.wait(30), "the slow clients cannot connect"
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._leaving.set()
        self.join()

    def run(self) -> None:
        clients = [self._connect() for _ in range(self._count)]
        self._all_there.set()
        while not self._leaving.wait(PACE_SECONDS):
            for number, client in enumerate(clients):
                if not self._step(client):
                    client.socket.close()
                    self.shut_out += 1
                    self.answers.append(bytes(client.received[:400]))
                    clients[number] = self._connect()
        for client in clients:
            client.socket.close()

    def _connect(self) -> _Client:
        made = socket.socket()
        if self._kind.reads_slowly:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALLEST_BUFFER)
        made.settimeout(20)
        made.connect(self._address)
        made.sendall(self._kind.at_once)
        made.setblocking(False)
        return _Client(made)

    def _step(self, client: _Client) -> bool:
        """One byte further; False when the connection is at its end."""
        try:
            if not self._kind.reads_slowly:
                client.position += client.socket.send(self._kind.slowly[client.position : client.position + 1])
            received = client.socket.recv(1 if self._kind.reads_slowly else 4096)
        except BlockingIOError:
            return True
        except OSError:
            return False
        client.received += received
        return bool(received)
