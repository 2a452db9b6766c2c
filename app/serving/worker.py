"""gunicorn's threads, fed by a loop that reads requests and finishes answers, so that slow clients cost none of them.

gunicorn's own `gthread` reads a request, and writes its answer, in the thread that works on it: sixteen clients that send
a byte a second are all that it takes to stop it. docs/adr/0012-slow-clients.md has what was measured.
"""

from __future__ import annotations

import errno
import selectors
import socket
import time
from collections import Counter, deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from http import HTTPStatus
from typing import Any

import structlog
from gunicorn.http import errors
from gunicorn.workers.gthread import ThreadWorker

from app.serving.connection import BODY_SECONDS, HEAD_SECONDS, LINGER_SECONDS, CheckedReader, Connection, State
from app.serving.incoming import MEBIBYTE
from app.serving.large import LargeBodies
from app.serving.refusals import reason_of, refusal, status_of

log = structlog.get_logger("tellykeep.serving")

MOST_CONNECTIONS = 500
# Besides TELLYKEEP_THREADS, for webhooks and monitors while all of those are at pages that wait for another server.
SPARE_THREADS = 4
# Of requests that are on their way: enough for ten of the largest and for hundreds of webhooks.
MOST_HELD = 64 * MEBIBYTE
STOP_SECONDS = 2.0
_PIECE = 64 * 1024
_LOOK_SECONDS = 1.0
_SAY_SECONDS = 60.0
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_GONE = (errno.EPIPE, errno.ECONNRESET, errno.ENOTCONN, errno.ECONNABORTED)


class PatientWorker(ThreadWorker):  # type: ignore[misc]
    """One loop for all connections; a thread of the pool for each request that is there as a whole."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._connections: set[Connection] = set()
        self._held = 0
        self._large: LargeBodies | None = None
        self._spare = ThreadPoolExecutor(SPARE_THREADS, thread_name_prefix="spare")
        # Requests that the pool has, those that queue for its threads included.
        self._in_pool = 0
        self._shut_out = 0
        self._said_at = -_SAY_SECONDS
        self._look_at = 0.0
        # What ThreadWorker.handle_request asks: whether there are too many to keep one more alive. We make room instead.
        self.keepalived_conns: deque[object] = deque()
        self.max_keepalived = 1

    def run(self) -> None:
        """The loop; after SIGTERM, until all requests are answered or the time for that is over."""
        self.poller.register(self.method_queue.fileno(), selectors.EVENT_READ, self.method_queue.run_callbacks)
        # Of the server, which has loaded the application by now.
        self._large = getattr(self.app, "large_bodies", None)
        self.set_accept_enabled(True)
        while self.alive and self.is_parent_alive():
            self._turn()
        self.set_accept_enabled(False)
        until = time.monotonic() + self.cfg.graceful_timeout
        for connection in self._connections:
            if connection.state is not State.WORKING:
                connection.deadline = min(connection.deadline, time.monotonic() + STOP_SECONDS)
        while self._connections and time.monotonic() < until:
            self._turn()
        self.tpool.shutdown(wait=False)
        self._spare.shutdown(wait=False)
        for connection in list(self._connections):
            self._close(connection)
        if self._large is not None:
            self._large.close()
        self.poller.close()
        self.method_queue.close()
        for listener in self.sockets:
            listener.close()

    def _turn(self) -> None:
        self.wait_for_and_dispatch_events(timeout=_LOOK_SECONDS)
        now = time.monotonic()
        if now >= self._look_at:
            self._look_at = now + _LOOK_SECONDS
            self.notify()
            self._end_overdue(now)

    def accept(self, listener: socket.socket) -> None:
        """Takes a new client, and makes room for it."""
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                # Out of descriptors, or of memory: nothing that ending the whole process would mend.
                log.error("a connection cannot be taken", reason=error.strerror)
                self._make_room()
            return
        if len(self._connections) >= MOST_CONNECTIONS and not self._make_room():
            client.close()
            return
        connection = Connection(self.cfg, client, address, listener.getsockname(), self._large)
        self._connections.add(connection)
        self._wait_for_request(connection)

    # ── reading ──

    def _wait_for_request(self, connection: Connection) -> None:
        """The next one, of which something may be there already."""
        connection.enter(State.IDLE, self.cfg.keepalive if self.alive else STOP_SECONDS)
        if connection.incoming.read:
            connection.enter(State.READING, HEAD_SECONDS)
        if not self._submit_if_complete(connection):
            self._watch(connection, selectors.EVENT_READ, self._read)

    def _read(self, connection: Connection) -> None:
        try:
            piece = connection.raw.recv(_PIECE)
        except BlockingIOError:
            return
        except OSError:
            self._end(connection)
            return
        incoming = connection.incoming
        if connection.state is State.IDLE:
            connection.enter(State.READING, HEAD_SECONDS)
        had_head = incoming.has_head
        if piece:
            incoming.add(piece)
        else:
            incoming.end()
            if not incoming.is_complete:
                self._end(connection)
                return
        self._hold(connection, len(incoming.data))
        if incoming.is_too_long:
            self._refuse(connection, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif incoming.refused_with is not None:
            log.warning(
                "a large request is not taken", reason=incoming.refused_with.phrase, client=connection.client[0]
            )
            self._refuse(connection, incoming.refused_with)
        elif not self._submit_if_complete(connection) and incoming.has_head and not had_head:
            connection.enter(State.READING, BODY_SECONDS)
            if incoming.wants_to_be_asked:
                self._ask_for_body(connection)
        if self._held > MOST_HELD:
            self._make_memory()

    def _ask_for_body(self, connection: Connection) -> None:
        try:
            connection.raw.send(_CONTINUE)
        except OSError:
            self._end(connection)

    def _submit_if_complete(self, connection: Connection) -> bool:
        if not connection.incoming.is_complete:
            return False
        self._unwatch(connection)
        connection.enter(State.WORKING, 0)
        connection.hand_over()
        self.enqueue_req(connection)
        return True

    def enqueue_req(self, conn: Connection) -> None:
        """Hands it to the pool; where that has nobody free, what is urgent to a spare thread."""
        conn.has_spare = conn.is_urgent and self._in_pool >= self.cfg.threads
        self._in_pool += not conn.has_spare
        working = (self._spare if conn.has_spare else self.tpool).submit(self.handle, conn)
        working.add_done_callback(lambda done: self.method_queue.defer(self.finish_request, conn, done))

    # ── working, in a thread of the pool ──

    def handle(self, conn: Connection) -> bool:
        """Works on a request; True when another one may follow on its connection."""
        request = None
        try:
            request = next(conn.parser)
            # The loop has said it.
            request._expected_100_continue = False
            request.body.reader = CheckedReader(request.body.reader)
            if conn.is_last:
                request.force_close()
            goes_on = self.handle_request(request, conn) and not conn.is_last
            conn.sock.flush()
            return goes_on and _skip_body(conn.parser)
        except (errors.NoMoreData, StopIteration):
            pass
        except OSError as error:
            if error.errno not in _GONE and not isinstance(error, TimeoutError):
                log.error("fault", exc_info=error)
            conn.sock.close()
        except errors.ParseException as error:
            status = status_of(error)
            log.warning("bad request", status=status.value, client=conn.client[0], reason=reason_of(error))
            self._say(conn, status)
        except Exception as error:
            log.error("fault", exc_info=error)
            self._say(conn, HTTPStatus.INTERNAL_SERVER_ERROR)
        return False

    def _say(self, conn: Connection, status: HTTPStatus) -> None:
        with suppress(OSError):
            conn.sock.sendall(refusal(status))

    # ── after that ──

    def finish_request(self, conn: Connection, fs: Future[bool]) -> None:
        """Back in the loop: the rest of the answer, then the next request or the end."""
        self._in_pool -= not conn.has_spare
        goes_on = not fs.cancelled() and fs.exception() is None and fs.result()
        if goes_on:
            conn.take_next()
        else:
            conn.is_last = True
        self._hold(conn, len(conn.incoming.data))
        self._write(conn)

    def _write(self, connection: Connection) -> None:
        try:
            connection.sock.flush()
        except OSError:
            self._end(connection)
            return
        if not connection.sock.is_empty:
            if connection.state is not State.WRITING:
                connection.sock.sent = 0
                connection.enter(State.WRITING, BODY_SECONDS)
                self._watch(connection, selectors.EVENT_WRITE, self._write)
            return
        if connection.state is State.WRITING:
            self._unwatch(connection)
        if connection.is_last:
            self._linger(connection)
        else:
            self._wait_for_request(connection)

    def _linger(self, connection: Connection) -> None:
        """Says that nothing follows, and lets the client close first."""
        try:
            connection.raw.shutdown(socket.SHUT_WR)
        except OSError:
            self._close(connection)
            return
        connection.enter(State.LINGERING, LINGER_SECONDS)
        self._watch(connection, selectors.EVENT_READ, self._skip)

    def _skip(self, connection: Connection) -> None:
        try:
            more = connection.raw.recv(_PIECE)
        except BlockingIOError:
            return
        except OSError:
            more = b""
        if not more:
            self._end(connection)

    def _refuse(self, connection: Connection, status: HTTPStatus) -> None:
        self._unwatch(connection)
        connection.is_last = True
        connection.incoming.close()
        try:
            connection.sock.sendall(refusal(status))
        except OSError:
            self._close(connection)
            return
        self._write(connection)

    # ── who has to go ──

    def _end_overdue(self, now: float) -> None:
        for connection in [c for c in self._connections if c.state is not State.WORKING and not c.has_time(now)]:
            if connection.state is State.READING:
                self._note_shut_out(connection)
                self._refuse(connection, HTTPStatus.REQUEST_TIMEOUT)
            else:
                if connection.state is State.WRITING:
                    self._note_shut_out(connection)
                self._end(connection)

    def _make_room(self) -> bool:
        """Ends the connection that has waited longest, of the address that has the most; False when all are at work."""
        waiting = [c for c in self._connections if c.state is not State.WORKING]
        if not waiting:
            return False
        number = Counter(c.place for c in waiting)
        longest = min(waiting, key=lambda c: (-number[c.place], c.since))
        self._note_shut_out(longest)
        self._end(longest)
        return True

    def _make_memory(self) -> None:
        """Refuses the largest request that is on its way."""
        reading = [c for c in self._connections if c.state is State.READING]
        if reading:
            largest = max(reading, key=lambda c: c.held)
            self._note_shut_out(largest)
            self._refuse(largest, HTTPStatus.SERVICE_UNAVAILABLE)

    def _note_shut_out(self, connection: Connection) -> None:
        """A line a minute: two hundred such clients are not to fill the log."""
        self._shut_out += 1
        if time.monotonic() >= self._said_at + _SAY_SECONDS:
            log.warning(
                "slow clients were shut out",
                connections=self._shut_out,
                last=connection.client[0],
                while_they_were=connection.state.value,
            )
            self._shut_out, self._said_at = 0, time.monotonic()

    # ── bookkeeping ──

    def _watch(self, connection: Connection, events: int, callback: Any) -> None:
        self.poller.register(connection.raw, events, lambda _socket: callback(connection))

    def _unwatch(self, connection: Connection) -> None:
        with suppress(KeyError, ValueError, OSError):
            self.poller.unregister(connection.raw)

    def _hold(self, connection: Connection, size: int) -> None:
        self._held += size - connection.held
        connection.held = size

    def _end(self, connection: Connection) -> None:
        self._unwatch(connection)
        self._close(connection)

    def _close(self, connection: Connection) -> None:
        self._hold(connection, 0)
        self._connections.discard(connection)
        connection.close()


def _skip_body(parser: Any) -> bool:
    """Past what the application did not read of the body, all of which is in memory; False when it has no end."""
    try:
        return bool(parser.finish_body())
    except OSError:
        return False
