"""What a client has not read yet of its answers, so that no thread has to wait until it has."""

from __future__ import annotations

import os
import select
import socket
import time
from collections import deque
from typing import IO

from app.serving.incoming import KIBIBYTE, MEBIBYTE

# An answer that is larger, an export say, keeps its thread while its client reads; whoever then reads slowly is let go.
MOST_WAITING = 2 * MEBIBYTE
STALL_SECONDS = 10.0
_SLOWEST_PER_SECOND = 64 * KIBIBYTE
_LARGEST_SEND = 256 * KIBIBYTE
_AT_ONCE = 64 * KIBIBYTE


class _Bytes:
    """A piece of an answer that is in memory."""

    def __init__(self, data: bytes) -> None:
        self._view = memoryview(data)

    @property
    def is_sent(self) -> bool:
        return not self._view

    def send(self, to: socket.socket) -> int:
        sent = to.send(self._view[:_LARGEST_SEND])
        self._view = self._view[sent:]
        return sent

    def close(self) -> None:
        self._view = memoryview(b"")


class _FilePart:
    """A piece of a file. Its descriptor is ours, as the application closes its own."""

    def __init__(self, descriptor: int, offset: int, count: int) -> None:
        self._descriptor = os.dup(descriptor)
        self._offset = offset
        self._left = count

    @property
    def is_sent(self) -> bool:
        return not self._left

    def send(self, to: socket.socket) -> int:
        sent = os.sendfile(to.fileno(), self._descriptor, self._offset, min(self._left, _LARGEST_SEND))
        if not sent:
            raise ConnectionAbortedError("the file has become shorter")
        self._offset += sent
        self._left -= sent
        return sent

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class Outgoing:
    """Stands for the client's socket while gunicorn writes an answer: what the kernel does not take now is kept.

    Used by one thread at a time: by the one that works on the request, then by the loop.

    Attributes:
        sent: bytes that the kernel has taken.
    """

    def __init__(self, client: socket.socket) -> None:
        self._client = client
        self._fresh: list[bytes] = []
        self._parts: deque[_Bytes | _FilePart] = deque()
        self._in_memory = 0
        self.sent = 0

    @property
    def is_empty(self) -> bool:
        """Whether the kernel has all of it."""
        return not (self._parts or self._fresh)

    def sendall(self, data: bytes) -> None:
        """Keeps it until `flush`, or until it is much: head and body of most answers are one packet.

        Raises:
            OSError: the connection is broken, or the client reads too slowly for so much.
        """
        self._fresh.append(data)
        self._in_memory += len(data)
        if self._in_memory > _AT_ONCE:
            self.flush()
        if self._in_memory > MOST_WAITING:
            self._wait_for_reader()

    def sendfile(self, file: IO[bytes], offset: int = 0, count: int = 0) -> int:
        """As a socket's; the file is read as its reader comes on."""
        self._queue_fresh()
        self._parts.append(_FilePart(file.fileno(), offset, count))
        return count

    def flush(self) -> None:
        """Gives the kernel what it takes."""
        self._queue_fresh()
        while self._parts:
            part = self._parts[0]
            if part.is_sent:
                self._parts.popleft().close()
                continue
            try:
                sent = part.send(self._client)
            except BlockingIOError:
                return
            self.sent += sent
            if isinstance(part, _Bytes):
                self._in_memory -= sent

    def close(self) -> None:
        """Forgets what is left."""
        self._fresh.clear()
        while self._parts:
            self._parts.popleft().close()
        self._in_memory = 0

    def shutdown(self, how: int) -> None:
        """gunicorn ends an answer that broke off; the loop closes the connection, when what there is of it was read."""

    def settimeout(self, seconds: float | None) -> None:
        """It is never waited for."""

    def recv(self, size: int) -> bytes:
        """Nothing: the loop reads."""
        return b""

    def _queue_fresh(self) -> None:
        if self._fresh:
            self._parts.append(_Bytes(b"".join(self._fresh)))
            self._fresh.clear()

    def _wait_for_reader(self) -> None:
        until = time.monotonic() + STALL_SECONDS + self._in_memory / _SLOWEST_PER_SECOND
        poll = select.poll()
        poll.register(self._client, select.POLLOUT)
        while self._in_memory > MOST_WAITING // 2:
            left = until - time.monotonic()
            if left <= 0 or not poll.poll(left * 1000):
                raise TimeoutError("the client reads too slowly")
            self.flush()
