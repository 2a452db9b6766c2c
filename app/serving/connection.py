"""One client's connection, and how long it may take for what."""

from __future__ import annotations

import socket
import time
from enum import Enum
from typing import Any, BinaryIO

from gunicorn.http.errors import ParseException
from gunicorn.http.parser import RequestParser
from gunicorn.http.unreader import Unreader

from app.security.client_address import place_of
from app.serving.incoming import KIBIBYTE, Incoming
from app.serving.large import LargeBodies
from app.serving.outgoing import Outgoing

# A request's head, from its first byte on.
HEAD_SECONDS = 10.0
# Its body, and the reading of its answer: so long, and a second more for each KiB that came further.
BODY_SECONDS = 20.0
SLOWEST_PER_SECOND = 1 * KIBIBYTE
# RFC 9112, section 9.6: who closes at once while the client still sends destroys the answer on its way.
LINGER_SECONDS = 2.0

_PIECE = 64 * KIBIBYTE


class State(Enum):
    """What a connection is at."""

    IDLE = "idle"  # nothing has come of the next request
    READING = "reading"
    WORKING = "working"  # a thread has it
    WRITING = "writing"
    LINGERING = "lingering"  # all is said; the client is to close


class _Received(Unreader):  # type: ignore[misc]
    """A request that is there, for gunicorn's parser. Behind its last byte is the end: nobody waits for more."""

    def __init__(self) -> None:
        super().__init__()
        self._data = memoryview(b"")
        self._rest: BinaryIO | None = None

    def put(self, data: bytes, rest: BinaryIO | None) -> None:
        """The next request; of a large one, what follows is in a file."""
        self._data = memoryview(data)
        self._rest = rest
        if rest is not None:
            rest.seek(0)

    def chunk(self, size_hint: int | None = None) -> bytes:
        """The next piece, small enough that what the parser pushes back of it is copied quickly."""
        piece, self._data = self._data[:_PIECE], self._data[_PIECE:]
        if not piece and self._rest is not None:
            return self._rest.read(_PIECE)
        return bytes(piece)

    def take_rest(self) -> bytes:
        """What the parser has left: the beginning of the next request."""
        rest = bytes(self.take_buffered()) + bytes(self._data)
        if self._rest is not None:
            # No more than a piece: the loop goes on reading when a request has ended.
            rest += self._rest.read(_PIECE)
        self.close()
        return rest

    def close(self) -> None:
        """Forgets it."""
        self._data = memoryview(b"")
        if self._rest is not None:
            self._rest.close()
            self._rest = None


class BrokenBody(OSError):
    """The body of a request broke off, or is not what its head says."""


class CheckedReader:
    """gunicorn's reader of a body, whose complaints are what an application expects of a stream.

    Its own errors are none of those that WSGI applications know: a wrong chunk was a fault of ours, with a traceback.
    """

    def __init__(self, reader: Any) -> None:
        self._reader = reader

    def read(self, size: int) -> bytes:
        """As the reader's.

        Raises:
            BrokenBody: nothing more can be read.
        """
        try:
            return bytes(self._reader.read(size))
        except ParseException:
            raise BrokenBody("the body is not in chunks") from None


class Connection:
    """What the loop, or the thread that works on the request, knows of one client.

    Attributes:
        sock: what gunicorn writes to; see `Outgoing`.
        client, server: addresses, as gunicorn wants them.
        place: where the client is, as far as limits tell places apart.
        since: when its state began.
        deadline: when it is given up in this state.
        held: bytes of requests that are in memory for it.
        is_last: it is closed after this answer.
        is_urgent: the request that it is at must not wait for pages.
        has_spare: one of the spare threads works on it.
    """

    def __init__(
        self, cfg: Any, client_socket: socket.socket, client: Any, server: Any, large: LargeBodies | None = None
    ) -> None:
        client_socket.setblocking(False)
        self.raw = client_socket
        self.sock = Outgoing(client_socket)
        self.client = client
        self.server = server
        self.place = place_of(client[0])
        self._large = large
        self.incoming = Incoming(large=large)
        self.received = _Received()
        self.parser = RequestParser(cfg, (), client)
        self.parser.unreader = self.received
        self.held = 0
        self.is_last = False
        self.is_urgent = False
        self.has_spare = False
        self.state = State.IDLE
        self.since = time.monotonic()
        self.deadline = self.since

    def enter(self, state: State, seconds: float) -> None:
        """Begins something, for which there are so many seconds."""
        self.state = state
        self.since = time.monotonic()
        self.deadline = self.since + seconds

    def has_time(self, now: float) -> bool:
        """Whether its client may go on."""
        progress = 0
        if self.state is State.WRITING:
            progress = self.sock.sent
        elif self.state is State.READING and self.incoming.has_head:
            progress = self.incoming.read
        return now < self.deadline + progress / SLOWEST_PER_SECOND

    def hand_over(self) -> None:
        """The request to the parser; a thread reads it from there."""
        self.is_last = self.incoming.is_cut
        self.is_urgent = self.incoming.is_urgent
        self.received.put(bytes(self.incoming.data), self.incoming.rest)
        self.incoming = Incoming(large=self._large)

    def take_next(self) -> None:
        """What came behind the request that was answered."""
        self.incoming = Incoming(self.received.take_rest(), self._large)

    def close(self) -> None:
        """Gives it up."""
        self.incoming.close()
        self.received.close()
        self.sock.close()
        self.raw.close()
