"""A server over real HTTP in this process: what the simulated Plex server and the simulated TMDB have in common."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True)
class Request:
    """What was asked. `headers` have their names in lower case; `form` is what a POST has sent."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    method: str = "GET"
    form: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Reply:
    """What is answered. `body`: a dict or list becomes JSON, text becomes HTML."""

    body: dict[str, Any] | list[Any] | str | bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        """The body as it is sent."""
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body, ensure_ascii=False)).encode()

    @property
    def content_type(self) -> str:
        """Of the body."""
        return "text/html;charset=utf-8" if isinstance(self.body, str) else "application/json"


class SimulatedServer:
    """Listens from `start` (or `with`) to `close` on a free port of this machine.

    Attributes:
        latency: seconds that each answer takes.
        clock_ahead: seconds that the clock of this server is ahead, as its answers say in `Date`.
        connections: how many were made to it.
    """

    def __init__(self) -> None:
        self.latency = 0.0
        self.clock_ahead = 0
        self.connections = 0
        self._server: _Server | None = None

    @property
    def address(self) -> str:
        """Where it listens, as http://127.0.0.1:PORT."""
        assert self._server is not None, "the simulated server is not started"  # noqa: S101 - a slip in a test or the demo
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> Self:
        """Listens."""
        self._server = _Server(self)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="simulated", daemon=True).start()
        return self

    def close(self) -> None:
        """Ends every connection. Questions from then on are refused."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def reply(self, request: Request) -> Reply:
        """What is answered; subclasses say."""
        raise NotImplementedError

    def handle(self, request: Request, handler: BaseHTTPRequestHandler) -> None:
        """Answers one request."""
        if self.latency:
            time.sleep(self.latency)
        send(handler, self.reply(request))

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def send(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
    """Writes an answer."""
    content = reply.content
    handler.send_response(reply.status)
    for name, value in {
        "Content-Type": reply.content_type,
        "Content-Length": str(len(content)),
        **reply.headers,
    }.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(content)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, simulated: SimulatedServer) -> None:
        self.simulated = simulated
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._connections.add(request)
            self.simulated.connections += 1
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Quietly: a client that went away is part of what is simulated."""

    def stop(self) -> None:
        """Also the connections that are kept open: their threads wait for a next request."""
        self.shutdown()
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # A body behind its head would wait for the head's acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        self._handle("GET", ())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._handle("POST", parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))

    def _handle(self, method: str, form: Sequence[tuple[str, str]]) -> None:
        parts = urlsplit(self.path)
        request = Request(
            unquote(parts.path),
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            {name.lower(): value for name, value in self.headers.items()},
            method,
            form,
        )
        self.server.simulated.handle(request, self)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """For the header `Date`."""
        return super().date_time_string(
            (time.time() if timestamp is None else timestamp) + self.server.simulated.clock_ahead
        )

    def log_message(self, format: str, *arguments: Any) -> None:
        """Says nothing."""
