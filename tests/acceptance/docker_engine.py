"""Containers, volumes and Compose projects of the tests, by the `docker` program; everything is removed at the end."""

from __future__ import annotations

import functools
import json
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
BASE_IMAGES = ("python:3.13-slim", "postgres:17")


@functools.cache
def missing() -> str | None:
    """Why no container can be tested on this machine; None when everything is there."""
    if shutil.which("docker") is None:
        return "there is no docker program"
    for command, reason in (
        (["docker", "version"], "no Docker engine answers"),
        (["docker", "compose", "version"], "Docker Compose is not installed"),
        *((["docker", "image", "inspect", image], f"the image {image} is not there") for image in BASE_IMAGES),
    ):
        try:
            if subprocess.run(command, capture_output=True, timeout=30, check=False).returncode != 0:
                return reason
        except subprocess.TimeoutExpired:
            return f"{' '.join(command)} does not answer"
    return None


def docker(*arguments: str, stdin: str | None = None, seconds: float = 120, **environment: str) -> str:
    """Runs `docker …` in the checkout and returns what it printed, or fails with it."""
    done = subprocess.run(
        ["docker", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        input=stdin or "",
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, f"docker {' '.join(arguments)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout.strip()


def wait_for(what: Callable[[], bool], reason: Callable[[], object], seconds: float = 60) -> float:
    """Waits until `what` is true and returns after how many seconds it was; fails with `reason`."""
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < seconds, f"not within {seconds} s: {reason()}"
        time.sleep(0.1)
    return time.monotonic() - began


@dataclass
class Container:
    """A container, by name or id."""

    name: str

    def inspect(self) -> dict[str, Any]:
        """What the engine knows about it."""
        found: list[dict[str, Any]] = json.loads(docker("inspect", self.name))
        return found[0]

    def health(self) -> str:
        """`starting`, `healthy` or `unhealthy`."""
        return str(self.inspect()["State"]["Health"]["Status"])

    def wait_until(self, health: str, seconds: float = 60) -> float:
        """Waits for that health; returns for how many seconds."""
        return wait_for(lambda: self.health() == health, lambda: f"{self.inspect()['State']}\n{self.logs()}", seconds)

    def probe(self) -> tuple[int, str]:
        """Exit code and output of the image's HEALTHCHECK, run now."""
        command = self.inspect()["Config"]["Healthcheck"]["Test"][1:]
        done = subprocess.run(
            ["docker", "exec", self.name, *command], capture_output=True, text=True, timeout=30, check=False
        )
        return done.returncode, done.stdout.strip()

    def exec(self, *command: str, stdin: str | None = None) -> str:
        """What `command` prints in it."""
        return docker("exec", *(["-i"] if stdin else []), self.name, *command, stdin=stdin)

    def port(self, inside: int) -> int:
        """The port of this machine that leads to it; another one after each start."""
        state = self.inspect()["State"]
        assert state["Running"], f"it ended: {state}\n{self.logs()}"
        return int(docker("port", self.name, f"{inside}/tcp").splitlines()[0].rpartition(":")[2])

    def logs(self) -> str:
        """All that it printed."""
        done = subprocess.run(["docker", "logs", self.name], capture_output=True, text=True, timeout=30, check=False)
        return done.stdout + done.stderr


@contextmanager
def started(image: str, *options: str, volume: str, command: Sequence[str] = ()) -> Iterator[Container]:
    """`docker run -d` with `volume` as /data and port 8787 published on some port of 127.0.0.1."""
    name = f"tellykeep-test-{secrets.token_hex(4)}"
    docker("run", "-d", "--name", name, "-v", f"{volume}:/data", "-p", "127.0.0.1::8787", *options, image, *command)
    try:
        yield Container(name)
    finally:
        # All of it is looked through for secrets (tests.leak_guard).
        Container(name).logs()
        docker("rm", "-f", name)


@contextmanager
def new_volume() -> Iterator[str]:
    """The name of an empty volume."""
    name = f"tellykeep-test-{secrets.token_hex(4)}"
    docker("volume", "create", name)
    try:
        yield name
    finally:
        docker("volume", "rm", "-f", name)


@dataclass
class ComposeProject:
    """compose.yaml under a name of its own, on free ports, with health looked at every second.

    Attributes:
        image, override: what it runs, and where the changes to compose.yaml are written.
        caddy: an image in the place of Caddy's; the profile `tls` runs with it.
        name: of the project.
        network: the first three numbers of its network for Caddy, which no other project may have.
    """

    image: str
    override: Path
    caddy: str | None = None
    name: str = field(default_factory=lambda: f"tellykeep-test-{secrets.token_hex(4)}")
    network: str = field(default_factory=lambda: f"10.{213 + secrets.randbelow(20)}.{secrets.randbelow(256)}")

    def __post_init__(self) -> None:
        # JSON is YAML, but for the tag that takes ports away instead of adding some.
        services = {name: json.dumps({"healthcheck": {"interval": "1s"}}) for name in ("tellykeep", "postgres")}
        if self.caddy is not None:
            services["caddy"] = f'{{image: "{self.caddy}", ports: !override ["127.0.0.1::80", "127.0.0.1::443"]}}'
        self.override.write_text("services:\n" + "".join(f"  {name}: {text}\n" for name, text in services.items()))

    def compose(self, *arguments: str, stdin: str | None = None, seconds: float = 300) -> str:
        """Runs `docker compose …` for this project; a `.env` in the checkout plays no part."""
        return docker(
            *("compose", "--project-name", self.name, "--env-file", os.devnull),
            *("--file", "compose.yaml", "--file", str(self.override)),
            *(() if self.caddy is None else ("--profile", "tls")),
            *arguments,
            stdin=stdin,
            seconds=seconds,
            TELLYKEEP_IMAGE=self.image,
            TELLYKEEP_PORT="127.0.0.1:0",
            TELLYKEEP_CADDY_NETWORK=self.network,
            WEBHOOK_RATE_LIMIT="100000 per minute",
        )

    def container(self, service: str) -> Container:
        """The container of a service, also when it is stopped."""
        return Container(self.compose("ps", "--all", "--quiet", service))

    def sql(self, statement: str) -> str:
        """What the superuser's psql prints, without headings."""
        psql = ("psql", "--no-psqlrc", "--tuples-only", "--no-align", "--dbname=tellykeep")
        return self.compose("exec", "-T", "--user=postgres", "postgres", *psql, "--command", statement)

    def down(self) -> None:
        """Removes it with its volumes. All that was logged is looked through for secrets (tests.leak_guard)."""
        self.compose("logs")
        self.compose("down", "--volumes", "--timeout=1")
