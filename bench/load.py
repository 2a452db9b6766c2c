"""The load generator, a process of its own: `python -m bench.load ADDRESS PORT CONNECTIONS SECONDS FILE`.

Sends the requests of FILE (made by `write_requests`) over keep-alive connections, each the next one as soon as the answer
is there, until the time is over or the file is at its end. Bare sockets and ready-made bytes: what it takes of the
machine itself is a few per cent. Prints one JSON object.
"""

from __future__ import annotations

import gc
import json
import selectors
import socket
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_LENGTH = struct.Struct("<I")
_LONGEST_WAIT = 30.0


@dataclass(frozen=True)
class Load:
    """What one run of the generator measured.

    Attributes:
        seconds: from the first request to the last answer.
        statuses: HTTP status to how many.
        marked: how many answers say `marked_watched`.
        errors: connections that broke, or answers that never came.
        latencies: seconds from each request to its answer, sorted.
        cpu_seconds: what the generator itself has used.
    """

    seconds: float
    statuses: dict[int, int]
    marked: int
    errors: int
    latencies: list[float]
    cpu_seconds: float

    @property
    def answered(self) -> int:
        """Requests that were answered 2xx."""
        return sum(count for status, count in self.statuses.items() if 200 <= status < 300)

    @property
    def per_second(self) -> float:
        """2xx answers a second."""
        return self.answered / self.seconds if self.seconds else 0.0

    def quantile(self, share: float) -> float:
        """The latency in seconds that this share of the requests stayed within."""
        if not self.latencies:
            return 0.0
        return self.latencies[min(len(self.latencies) - 1, int(share * len(self.latencies)))]


def write_requests(path: Path, requests: Iterable[bytes]) -> None:
    """Writes the file that the generator sends."""
    with path.open("wb") as file:
        for request in requests:
            file.write(_LENGTH.pack(len(request)))
            file.write(request)


def run_load(address: tuple[str, int], connections: int, seconds: float, requests: Path) -> Load:
    """Runs the generator in a process of its own and waits for it."""
    command = [sys.executable, "-m", "bench.load", address[0], str(address[1])]
    command += [str(connections), str(seconds), str(requests)]
    root = Path(__file__).resolve().parent.parent
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=seconds + 120, cwd=root)
    found = json.loads(done.stdout)
    found["statuses"] = {int(status): count for status, count in found["statuses"].items()}
    return Load(**found)


class _Connection:
    """One client: at most one request on its way."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=_LONGEST_WAIT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent_at = 0.0
        self._received = b""

    def send(self, request: bytes) -> None:
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> tuple[int, bytes] | None:
        """Status and body once the answer is complete."""
        chunk = self.socket.recv(65536)
        if not chunk:
            raise ConnectionError
        self._received += chunk
        head, blank, body = self._received.partition(b"\r\n\r\n")
        if not blank:
            return None
        start = head.lower().index(b"content-length:") + 15
        if len(body) < int(head[start:].partition(b"\r\n")[0]):
            return None
        self._received = b""
        return int(head[9:12]), body


def _read_requests(path: Path) -> list[bytes]:
    data = path.read_bytes()
    requests, position = [], 0
    while position < len(data):
        (length,) = _LENGTH.unpack_from(data, position)
        position += _LENGTH.size
        requests.append(data[position : position + length])
        position += length
    return requests


def _send_all(address: tuple[str, int], connections: int, seconds: float, requests: list[bytes]) -> dict[str, Any]:
    statuses: Counter[int] = Counter()
    latencies: list[float] = []
    marked = errors = position = waiting = 0
    selector = selectors.DefaultSelector()
    clients = [_Connection(address) for _ in range(connections)]
    started = time.perf_counter()
    deadline = started + seconds
    for client in clients:
        selector.register(client.socket, selectors.EVENT_READ, client)
        if position < len(requests):
            client.send(requests[position])
            position += 1
            waiting += 1
    while waiting:
        events = selector.select(_LONGEST_WAIT)
        if not events:
            errors += waiting
            break
        for key, _ in events:
            client = key.data
            try:
                answer = client.receive()
                if answer is None:
                    continue
                now = time.perf_counter()
                latencies.append(now - client.sent_at)
                statuses[answer[0]] += 1
                marked += b'"marked_watched"' in answer[1]
                waiting -= 1
                if now < deadline and position < len(requests):
                    client.send(requests[position])
                    position += 1
                    waiting += 1
            except OSError:
                errors += 1
                waiting -= 1
                selector.unregister(client.socket)
    return {
        "seconds": time.perf_counter() - started,
        "statuses": statuses,
        "marked": marked,
        "errors": errors,
        "latencies": sorted(latencies),
        "cpu_seconds": time.process_time(),
    }


def main() -> None:
    address, port, connections, seconds, path = sys.argv[1:]
    requests = _read_requests(Path(path))
    gc.disable()
    print(json.dumps(_send_all((address, int(port)), int(connections), float(seconds), requests)))


if __name__ == "__main__":
    main()
