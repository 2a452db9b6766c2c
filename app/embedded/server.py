"""The server of one data directory as this process sees it: launched, watched, stopped."""

import os
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from psycopg.pq import Ping

from app.embedded import access, cluster, postmaster, provision, server_log, sockets
from app.embedded.access import Endpoint
from app.embedded.account import Account, give_tree
from app.embedded.configuration import forced_settings, write_configuration
from app.embedded.errors import EmbeddedPostgresError
from app.embedded.launch import Launcher, choose_launcher
from app.embedded.layout import Layout
from app.embedded.locks import FileLock
from app.embedded.passwords import Passwords
from app.embedded.wheel import binaries

REFUSAL_SECONDS = 10.0  # how long a server that answers may refuse our password: it may be about to stop


class Server:
    """At most one running server; `launch` and `stop` are for who holds start.lock."""

    def __init__(self, layout: Layout, log: Callable[..., None]) -> None:
        self.layout = layout
        self._log = log
        self._cluster_name = ""
        self._child: subprocess.Popen[bytes] | None = None

    def know(self, passwords: Passwords | None) -> None:
        """Takes over the name by which our server is recognised among processes."""
        self._cluster_name = f"tellykeep-{passwords.cluster}" if passwords else ""

    @property
    def runs_without_lock(self) -> bool:
        """Whether our server lives although server.lock is free: on NFS a child does not inherit locks."""
        return postmaster.running_server(self.layout.pgdata, self._cluster_name) is not None

    @property
    def is_gone(self) -> bool:
        """Whether no process of the server lives."""
        child = self._child
        if child is not None:
            child.poll()
        # Shared, so that two who ask at the same time do not take each other for a server.
        probe = FileLock(self.layout.server_lock)
        if not probe.try_acquire(shared=True):
            return False
        probe.release()
        return not self.runs_without_lock

    def launch(self, account: Account, stored: Passwords | None, server_lock: FileLock, timeout: float) -> Endpoint:
        """Makes the cluster if it is missing, starts the server and waits until it is ready.

        The server inherits the held `server_lock`. Raises EmbeddedPostgresError when it cannot be had; when
        it still recovers after `timeout` seconds it is left running.
        """
        layout = self.layout
        passwords = stored or Passwords.generate()
        self.know(passwords)
        is_new = cluster.is_missing(layout.pgdata)
        if not is_new:
            cluster.refuse_other_version(layout)
            give_tree(layout.pgdata, account)
            recycled = postmaster.clear_recycled_pid(layout.pgdata)
            if recycled is not None:
                self._log("postgres.stale_pid_file_removed", pid=recycled)
        socket_directory = sockets.make_socket_directory(layout, account)
        sockets.remove_left_socket(socket_directory)
        cluster.make_scratch(layout, account)
        try:
            launcher = choose_launcher(account, layout, socket_directory)
            if is_new:
                passwords.store(layout.secrets)  # before the cluster: one without its passwords would be lost
                cluster.create_cluster(layout, launcher, passwords, server_lock.descriptor)
            write_configuration(layout, account)
            if not is_new and stored is None:
                cluster.reset_superuser_password(layout, launcher, passwords, server_lock.descriptor)
                passwords.store(layout.secrets)
                self._log("postgres.passwords_renewed")
        finally:
            cluster.remove_scratch(layout)
        log_start = self._spawn(launcher, socket_directory, server_lock)
        try:
            ready = self._wait_until_ready(passwords, socket_directory, log_start, timeout)
            if ready:
                provision.provision(passwords, socket_directory)
        except BaseException:
            postmaster.stop_server(None, self._child, lambda: self.is_gone, 5.0)
            raise
        if not ready:
            self.part_from_child()
            raise EmbeddedPostgresError(
                f"PostgreSQL in {layout.root} has been recovering from a crash for {timeout:.0f} seconds and "
                f"goes on with it. Start again in a while; {layout.log} shows how far it is."
            )
        return access.endpoint(passwords, socket_directory)

    def stop(self, timeout: float) -> None:
        """Stops it, whoever started it; nothing happens when it is gone already.

        Raises EmbeddedPostgresError when a process of it is still there after all.
        """
        begun = time.monotonic()
        if self.is_gone:
            return
        pid = postmaster.running_server(self.layout.pgdata, self._cluster_name)
        if pid is None and (self._child is None or self._child.poll() is not None):
            self._log("postgres.left_running", reason="its process cannot be seen from here")
            return
        if not postmaster.stop_server(pid, self._child, lambda: self.is_gone, timeout):
            raise EmbeddedPostgresError(
                f"PostgreSQL in {self.layout.root} (process {pid}) is still there after SIGINT, SIGQUIT and "
                "SIGKILL: it probably hangs on its disk. Check the disk; nothing else may use that directory "
                "before it is gone."
            )
        directory = sockets.recorded_socket_directory(self.layout)
        if directory is not None and directory != self.layout.sockets:
            with suppress(OSError):
                directory.rmdir()
        self._log("postgres.stopped", seconds=round(time.monotonic() - begun, 3))

    def part_from_child(self) -> None:
        """Forgets our child: Popen would warn of one that runs on, for others or to recover."""
        if self._child is not None and self._child.poll() is None:
            self._child.returncode = 0
        self._child = None

    def _spawn(self, launcher: Launcher, socket_directory: Path, server_lock: FileLock) -> int:
        """Starts the server process; returns where in the log it begins."""
        command = [launcher.see(binaries() / "postgres"), "-D", launcher.see(self.layout.pgdata)]
        command += forced_settings(launcher.see(socket_directory), self._cluster_name)
        self.part_from_child()
        with server_log.open_log(self.layout.log) as log:
            log_start = log.seek(0, os.SEEK_END)
            # Directly, not by pg_ctl: our own child is watched, and its death is noticed at once.
            self._child = launcher.start(command, stdout=log, pass_fds=(server_lock.descriptor,))
        server_lock.leave_to_children()
        return log_start

    def _wait_until_ready(self, passwords: Passwords, socket_directory: Path, log_start: int, timeout: float) -> bool:
        """Waits until the server takes our password; False when it still recovers after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        refused_since: float | None = None
        layout = self.layout
        while True:
            code = self._child.poll() if self._child is not None else -1
            if code is not None:
                raise EmbeddedPostgresError(
                    f"PostgreSQL did not start in {layout.root} (it ended with {code}). The end of "
                    f"{layout.log}:\n{server_log.tail(layout.log, log_start)}\nPut right what it says, and "
                    "start again."
                )
            answer = access.ask(passwords, socket_directory)
            if not answer.problem:
                return True
            now = time.monotonic()
            refused_since = (refused_since or now) if answer.refused else None
            if refused_since is not None and now - refused_since > REFUSAL_SECONDS:
                raise EmbeddedPostgresError(
                    f"PostgreSQL in {layout.root} runs but does not let us in: {answer.problem}. If "
                    f"{layout.secrets} is of another database, delete that file and start again: new "
                    "passwords are set then."
                )
            if now >= deadline:
                if answer.state == Ping.REJECT:
                    return False
                raise EmbeddedPostgresError(
                    f"PostgreSQL did not answer in {layout.root} within {timeout:.0f} seconds "
                    f"({answer.problem}). The end of "
                    f"{layout.log}:\n{server_log.tail(layout.log, log_start)}\nStart again, with more time "
                    "on a slow disk."
                )
            time.sleep(0.02)
