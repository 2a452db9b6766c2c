"""A real `tellykeep serve` in its own process, as a user would run it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from tests.leaks import leaks
from tests.payloads import multipart

START_SECONDS = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Appliance:
    """One data directory, and the process that serves it while it runs."""

    directory: Path
    environment: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    token: str = field(default="", repr=False)
    webhook_url: str = field(default="", repr=False)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def output(self) -> str:
        return (self.directory / "output").read_text(errors="replace")

    def variables(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return (
            kept
            | {
                "TELLYKEEP_DATA_DIR": str(self.directory / "data"),
                "TELLYKEEP_BIND": f"127.0.0.1:{self.port}",
                "WEBHOOK_RATE_LIMIT": "100000 per minute",
            }
            | self.environment
        )

    def start(self, *, wait: bool = True) -> None:
        leaks.watch(self.directory / "data" / "postgres.log")
        with (self.directory / "output").open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "serve"], env=self.variables(), stdout=output, stderr=output
            )
        if wait:
            self.wait_until_ready()

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert self.process is not None
            assert self.process.poll() is None, self.output
            try:
                if requests.get(f"{self.address}/readyz", timeout=5).json()["status"] == "ok":
                    return
            except requests.RequestException:
                pass
            time.sleep(0.1)
        raise AssertionError(f"not ready after {START_SECONDS} s:\n{self.output}")

    def wait_until_it_listens(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                requests.get(f"{self.address}/healthz", timeout=5)
                return
            except requests.ConnectionError:
                assert time.monotonic() < deadline, self.output
                time.sleep(0.05)

    def run(self, *arguments: str, stdin: str = "") -> str:
        """A `tellykeep` command on the same data directory; returns what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "app.cli", *arguments],
            env=self.variables(),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def add_user(self, name: str = "sam") -> None:
        self.run("user", "add", name, "--password-stdin", stdin=leaks.secret("correct horse battery") + "\n")
        self.token = self.run("token", "create", name, "--scope", "write").split()[-1]
        self.webhook_url = self.call("GET", "/api/plex/config")["webhook_url"]
        leaks.secret(self.token, "an API token")
        leaks.secret(self.webhook_url.rpartition("=")[2], "a webhook's secret")

    def call(self, method: str, path: str, body: object = None) -> Any:
        response = requests.request(
            method, self.address + path, json=body, headers={"Authorization": f"Bearer {self.token}"}, timeout=30
        )
        assert response.status_code < 300, (response.status_code, response.text)
        return response.json() if response.content else None

    def post(self, body: bytes, content_type: str | None, *, url: str | None = None) -> requests.Response:
        headers = {} if content_type is None else {"Content-Type": content_type}
        return requests.post(self.webhook_url if url is None else url, data=body, headers=headers, timeout=60)

    def send(self, message: object) -> requests.Response:
        return self.post(*multipart(message))

    def pids(self) -> list[int]:
        """gunicorn's processes: the arbiter and its worker."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [self.process.pid, *map(int, children)]

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=20)
        finally:
            self.process.kill()

    def kill(self) -> None:
        """kill -9 of gunicorn and its worker, as the out-of-memory killer would; PostgreSQL is left running."""
        for pid in self.pids():
            os.kill(pid, signal.SIGKILL)
        assert self.process is not None
        self.process.wait(timeout=10)


def csrf_token(session: requests.Session, appliance: Appliance, path: str) -> str:
    """Of a form on a page."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', session.get(appliance.address + path, timeout=30).text)
    assert found is not None
    return found[1]


def sign_in(session: requests.Session, appliance: Appliance, name: str = "sam") -> None:
    """As the account that `Appliance.add_user` makes."""
    token = csrf_token(session, appliance, "/sign-in")
    form = {"username": name, "password": "correct horse battery", "csrf_token": token}
    answer = session.post(f"{appliance.address}/sign-in", form, timeout=30)
    assert answer.ok, answer.text


def answer_of(response: requests.Response) -> tuple[str, str | None]:
    assert response.status_code in (200, 202), (response.status_code, response.text)
    body = json.loads(response.text)
    return body["status"], body["action"]
