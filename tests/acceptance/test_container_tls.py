"""`docker compose --profile tls up -d` on a real engine: nothing has to be set, and nobody but Caddy is believed."""

from __future__ import annotations

import json
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.acceptance import docker_engine
from tests.acceptance.docker_engine import ComposeProject, Container, docker, wait_for

pytestmark = [
    pytest.mark.container,
    pytest.mark.timeout(900),
    pytest.mark.skipif(docker_engine.missing() is not None, reason=str(docker_engine.missing())),
]

# Debian's Caddy, started as the official image starts it, where that image cannot be had.
STAND_IN = """
FROM python:3.13-slim
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends caddy
ENV XDG_CONFIG_HOME=/config XDG_DATA_HOME=/data
CMD ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]
"""
CLAIMED = "203.0.113.77"
# A wrong secret, from a container in one of the project's networks.
GUESS = """
import socket, ssl, sys, urllib.error, urllib.request
url, claimed = sys.argv[1:]
asked = urllib.request.Request(url, data=b"", headers={"X-Forwarded-For": claimed, "Host": "localhost"})
context = ssl._create_unverified_context()
if url.startswith("https"):
    # The name that Caddy serves, where this container finds it.
    found = socket.getaddrinfo("caddy", 443)
    socket.getaddrinfo = lambda *arguments, **options: found
try:
    urllib.request.urlopen(asked, context=context)
except urllib.error.HTTPError as error:
    print(error.code)
print(socket.gethostbyname(socket.gethostname()))
"""


def caddy_image() -> str:
    """The official image where it is there, else the stand-in."""
    there = subprocess.run(["docker", "image", "inspect", "caddy:2"], capture_output=True, check=False)
    if there.returncode == 0:
        return "caddy:2"
    name = "tellykeep-test-caddy"
    built = subprocess.run(
        ["docker", "build", "--quiet", "--tag", name, "-"],
        input=STAND_IN,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if built.returncode != 0:
        pytest.skip("there is no image of Caddy, and Debian's package is out of reach")
    return name


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComposeProject]:
    """What `docker compose --profile tls up -d` makes of an empty `.env`."""
    image = f"tellykeep-test:{secrets.token_hex(4)}"
    project = ComposeProject(image, tmp_path_factory.mktemp("compose") / "override.yaml", caddy_image())
    try:
        project.compose("build", "tellykeep", seconds=900)
        project.compose("up", "--detach")
        project.container("tellykeep").wait_until("healthy")
        yield project
    finally:
        project.down()
        docker("image", "rm", "--force", image)


@pytest.fixture
def authority(project: ComposeProject, tmp_path: Path) -> str:
    """The certificate of Caddy's own authority, as docs/operations.md has it copied."""
    caddy = project.container("caddy")
    wait_for(lambda: "certificate obtained successfully" in caddy.logs(), caddy.logs)
    project.compose("cp", "caddy:/data/caddy/pki/authorities/local/root.crt", str(tmp_path / "root.crt"))
    return str(tmp_path / "root.crt")


def clients_of_refused_webhooks(project: ComposeProject) -> list[str]:
    lines = [line for line in project.container("tellykeep").logs().splitlines() if "webhook refused" in line]
    return [line.partition(" client=")[2].split()[0] for line in lines]


def guess_from(project: ComposeProject, network: str, url: str) -> str:
    """A container's guess, which claims to come from elsewhere; the container's address."""
    code, address = docker(
        *("run", "--rm", "--network", f"{project.name}_{network}", "python:3.13-slim", "python", "-c", GUESS),
        *(url, CLAIMED),
    ).split()
    assert code == "401"
    return address


def test_https_works_with_an_empty_env(project: ComposeProject, authority: str) -> None:
    port = project.container("caddy").port(443)
    answer = requests.get(f"https://localhost:{port}/setup", verify=authority, timeout=20)
    assert answer.status_code == 200
    cookies = answer.raw.headers.getlist("Set-Cookie")
    assert cookies
    assert all("Secure" in cookie.split("; ") for cookie in cookies)
    assert "Strict-Transport-Security" not in answer.headers


def test_plain_http_is_sent_to_https(project: ComposeProject, authority: str) -> None:
    port = project.container("caddy").port(80)
    answer = requests.get(f"http://localhost:{port}/shows", allow_redirects=False, timeout=20)
    assert (answer.status_code, answer.headers["Location"]) == (308, "https://localhost/shows")


def test_the_clients_own_address_counts_and_not_what_it_claims(project: ComposeProject, authority: str) -> None:
    address = guess_from(project, "internet", "https://localhost/api/plex/webhook?secret=wrong")
    assert clients_of_refused_webhooks(project)[-1] == address


@pytest.mark.parametrize("network", ["default", "caddy"])
def test_a_neighbour_is_not_believed(project: ComposeProject, network: str) -> None:
    address = guess_from(project, network, "http://tellykeep:8787/api/plex/webhook?secret=wrong")
    assert clients_of_refused_webhooks(project)[-1] == address


def test_who_comes_by_the_published_port_is_not_believed(project: ComposeProject) -> None:
    port = project.container("tellykeep").port(8787)
    answer = requests.post(
        f"http://127.0.0.1:{port}/api/plex/webhook?secret=wrong",
        headers={"X-Forwarded-For": CLAIMED, "X-Forwarded-Proto": "https"},
        timeout=20,
    )
    assert answer.status_code == 401
    assert CLAIMED not in project.container("tellykeep").logs()


def test_a_container_that_is_made_anew_is_believed_again(project: ComposeProject, authority: str) -> None:
    project.compose("up", "--detach", "--force-recreate", "caddy", "tellykeep")
    project.container("tellykeep").wait_until("healthy")
    caddy: Container = project.container("caddy")
    networks = caddy.inspect()["NetworkSettings"]["Networks"]
    assert networks[f"{project.name}_caddy"]["IPAddress"] == f"{project.network}.2", json.dumps(networks)
    address = guess_from(project, "internet", "https://localhost/api/plex/webhook?secret=wrong")
    assert clients_of_refused_webhooks(project)[-1] == address


def test_caddy_may_do_nothing_but_bind_low_ports(project: ComposeProject) -> None:
    status = project.container("caddy").exec("sh", "-c", "grep -E '^(CapEff|NoNewPrivs):' /proc/1/status").split()
    assert status == ["CapEff:", "0000000000000400", "NoNewPrivs:", "1"]
