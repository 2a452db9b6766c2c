"""One process's use of the embedded server: starting or joining it, leaving or stopping it."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

from app.embedded import access, cluster, provision, sockets
from app.embedded.access import Endpoint
from app.embedded.account import server_account
from app.embedded.errors import EmbeddedPostgresError
from app.embedded.layout import open_data_directory
from app.embedded.locks import FileLock
from app.embedded.passwords import Passwords
from app.embedded.server import REFUSAL_SECONDS, Server


class EmbeddedPostgres:
    """The PostgreSQL server of one data directory, shared with other processes that use the same directory.

    `log` is called with the name of an event and its fields, as structlog's `info` takes them.
    An object belongs to the process that made it: in a forked child it holds nothing and stops nothing.
    """

    def __init__(self, data_dir: Path, *, log: Callable[..., None] | None = None) -> None:
        self._data_dir = data_dir
        self._log = log or _say_nothing
        self._guard = threading.RLock()
        self._process = os.getpid()
        self._server: Server | None = None
        self._in_use: FileLock | None = None
        self._endpoint: Endpoint | None = None

    def start(self, timeout: float = 60.0) -> Endpoint:
        """Makes the cluster if there is none, starts the server or joins the running one.

        Can be called again at any time: it returns at once while the server lives, and starts it again when
        it does not. `timeout` (seconds) is for the server to answer; making a new cluster does not count.

        Raises EmbeddedPostgresError when the server cannot be had. While crash recovery goes on longer than
        `timeout` the server is left alone, and the next call joins it.
        """
        with self._guard:
            self._forget_parent()
            if self._endpoint is not None and self.alive():
                return self._endpoint
            try:
                return self._start(timeout)
            except OSError as error:
                raise EmbeddedPostgresError(
                    f"PostgreSQL could not be started in {self._data_dir}: {error}. Check that the directory "
                    f"is on a local disk with free space and that all in it belongs to uid {os.geteuid()}, "
                    "or set TELLYKEEP_DATA_DIR to another directory."
                ) from error
            except psycopg.Error as error:
                raise EmbeddedPostgresError(
                    f"PostgreSQL runs in {self._data_dir}, but its roles and database could not be set up: "
                    f"{error}. Look at postgres.log there, and start again."
                ) from error

    def stop(self, timeout: float = 8.0) -> None:
        """Ends our use of the server; the last user stops it. Does nothing when it was not started.

        `timeout` (seconds) is for the fast shutdown, which ends running transactions and writes a checkpoint.
        After it the server is made to stop at once, and recovers at its next start; nothing that was
        committed is lost either way.

        Raises EmbeddedPostgresError when a process of the server is still there after that.
        """
        with self._guard:
            self._forget_parent()
            server, in_use = self._server, self._in_use
            if server is None or in_use is None:
                return
            start_lock = FileLock(server.layout.start_lock)
            others = FileLock(server.layout.in_use_lock)
            try:
                decides = start_lock.acquire(seconds=timeout)
                in_use.release()
                self._in_use = self._endpoint = None
                # Without start.lock somebody else is starting right now, and will be the last user after us.
                if decides and others.try_acquire():
                    server.stop(timeout)
                else:
                    self._log("postgres.left_to_others")
            except OSError as error:
                raise EmbeddedPostgresError(
                    f"PostgreSQL in {server.layout.root} could not be stopped: {error}. Stop it as the user "
                    f"that it runs as: `kill -INT $(head -1 {server.layout.pgdata}/postmaster.pid)`."
                ) from error
            finally:
                others.release()
                start_lock.release()
                server.part_from_child()

    def alive(self) -> bool:
        """Whether the server that we started or joined has running processes; asks it nothing."""
        # Without the guard: a health check must not wait for a start that takes a minute.
        server, started = self._server, self._endpoint is not None and self._process == os.getpid()
        return started and server is not None and not server.is_gone

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start(self, timeout: float) -> Endpoint:
        begun = time.monotonic()
        layout = open_data_directory(self._data_dir)
        if self._server is None or self._server.layout != layout:
            self._server = Server(layout, self._log)
        start_lock = FileLock(layout.start_lock)
        patience = timeout + (cluster.INITDB_SECONDS if cluster.is_missing(layout.pgdata) else 0.0)
        if not start_lock.acquire(seconds=patience):
            raise EmbeddedPostgresError(
                f"Another Tellykeep process has been starting or stopping the database in {layout.root} for "
                f"{patience:.0f} seconds. Wait for it, or end it, and start again."
            )
        # Taken exclusively only by who holds start.lock, so it is free to us now.
        in_use = self._in_use or FileLock(layout.in_use_lock)
        try:
            in_use.try_acquire(shared=True)
            self._endpoint, how = self._join_or_launch(self._server, timeout)
            self._in_use = in_use
        except BaseException:
            in_use.release()
            self._in_use = self._endpoint = None
            raise
        finally:
            start_lock.release()
        self._log(f"postgres.{how}", seconds=round(time.monotonic() - begun, 3), data_dir=str(layout.root))
        return self._endpoint

    def _join_or_launch(self, server: Server, timeout: float) -> tuple[Endpoint, str]:
        layout = server.layout
        account = server_account(layout)
        server_lock = FileLock(layout.server_lock)
        deadline = time.monotonic() + timeout
        refused_since: float | None = None
        while True:
            passwords = Passwords.load(layout.secrets)
            server.know(passwords)
            # While that lock is held some process of a server, or of an initdb, lives: perhaps in another
            # container, where neither its process number nor its shared memory can be seen from here.
            if server_lock.try_acquire():
                try:
                    if not server.runs_without_lock:
                        return server.launch(account, passwords, server_lock, timeout), "started"
                finally:
                    server_lock.leave_to_children()
            now = time.monotonic()
            directory = sockets.recorded_socket_directory(layout) or layout.sockets
            problem = f"it does not answer at {directory}"
            if passwords is None:
                problem = f"its passwords are missing ({layout.secrets})"
            elif sockets.is_private(directory, account):
                answer = access.ask(passwords, directory)
                if not answer.problem:
                    if not provision.is_provisioned(passwords, directory):
                        provision.provision(passwords, directory)
                    return access.endpoint(passwords, directory), "joined"
                problem = answer.problem
                refused_since = (refused_since or now) if answer.refused else None
            if now >= deadline or (refused_since is not None and now - refused_since > REFUSAL_SECONDS):
                raise EmbeddedPostgresError(
                    f"A PostgreSQL process already uses {layout.root}, but {problem}. If it is still "
                    "recovering from a crash, wait and start again. If it runs in another container, stop "
                    f"that; else stop it with `kill -INT $(head -1 {layout.pgdata}/postmaster.pid)`."
                )
            time.sleep(0.1)

    def _forget_parent(self) -> None:
        """In a forked child: drops what belongs to the parent, without unlocking or stopping it."""
        if self._process != os.getpid():
            self._process = os.getpid()
            if self._in_use is not None:
                self._in_use.leave_to_children()
            if self._server is not None:
                self._server.part_from_child()
            self._server = self._in_use = self._endpoint = None


def _say_nothing(event: str, **fields: object) -> None:
    """The log of who wants none."""
