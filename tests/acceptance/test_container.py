"""The image and compose.yaml on a real engine: what a user does, and what happens to a container in a home."""

from __future__ import annotations

import itertools
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from tests.acceptance import docker_engine
from tests.acceptance.account import Account, readiness, season
from tests.acceptance.docker_engine import ComposeProject, Container, docker, new_volume, started, wait_for
from tests.role_attacks import OTHER_DATABASES, REFUSED, REFUSED_AS_SERVED

pytestmark = [
    pytest.mark.container,
    pytest.mark.timeout(900),  # the first test builds the image
    pytest.mark.skipif(docker_engine.missing() is not None, reason=str(docker_engine.missing())),
]

SHOW = "Harbour Lights"
PASSWORD = "lantern-over-the-pier"
STOP_SECONDS = 10
LOCKED_DOWN = ("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")

numbers = itertools.count(1)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Built as `docker compose build` does it, under another name."""
    name = f"tellykeep-test:{secrets.token_hex(4)}"
    ComposeProject(name, tmp_path_factory.mktemp("build") / "override.json").compose("build", seconds=900)
    yield name
    docker("image", "rm", "--force", name)


@pytest.fixture(scope="module")
def project(image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComposeProject]:
    """`docker compose up -d`, for all tests that leave it running."""
    project = ComposeProject(image, tmp_path_factory.mktemp("compose") / "override.json")
    try:
        project.compose("up", "--detach")
        project.container("tellykeep").wait_until("healthy")
        yield project
    finally:
        project.down()


def address_of(container: Container) -> str:
    return f"http://127.0.0.1:{container.port(8787)}"


def new_account(container: Container) -> Account:
    """An account with a token, by the command line beside the running server."""
    name = f"user{next(numbers)}"
    container.exec("tellykeep", "user", "add", name, "--password-stdin", stdin=f"{PASSWORD}\n")
    printed = container.exec("tellykeep", "token", "create", name, "--scope", "write")
    return Account(address_of(container), printed.split()[-1])


def wait_until_ready(container: Container) -> float:
    return wait_for(lambda: readiness(address_of(container)) == (200, "ok"), container.logs)


def server_uids(container: Container) -> set[str]:
    """User ids of everything that runs in it, as the engine's host sees them."""
    listed = docker("top", container.name, "-eo", "pid,uid").splitlines()[1:]
    return {line.split()[1] for line in listed}


def test_compose_starts_and_a_webhook_is_marked(project: ComposeProject) -> None:
    account = new_account(project.container("tellykeep"))
    show = account.add_show(SHOW, season(2, 5))
    answer = account.scrobble(account.webhook_secret(), SHOW, 2, 3)
    assert (answer.status_code, answer.json()["action"]) == (200, "marked_watched")
    assert account.watched(show) == {(2, 3)}


def test_the_data_is_there_after_compose_restart(project: ComposeProject) -> None:
    account = new_account(project.container("tellykeep"))
    secret = account.webhook_secret()
    show = account.add_show(SHOW, season(1, 5))
    assert account.scrobble(secret, SHOW, 1, 1).ok

    project.compose("restart")
    tellykeep = project.container("tellykeep")
    wait_until_ready(tellykeep)
    account.address = address_of(tellykeep)

    assert account.watched(show) == {(1, 1)}
    assert account.scrobble(secret, SHOW, 1, 2).ok
    assert account.watched(show) == {(1, 1), (1, 2)}


def test_the_data_is_there_after_compose_down_and_up(project: ComposeProject) -> None:
    account = new_account(project.container("tellykeep"))
    show = account.add_show(SHOW, season(1, 5))
    project.compose("down")
    project.compose("up", "--detach")
    tellykeep = project.container("tellykeep")
    wait_until_ready(tellykeep)
    account.address = address_of(tellykeep)
    assert account.call("GET", f"/api/shows/{show}")["title"] == SHOW


def test_it_is_unhealthy_while_postgresql_is_gone_and_recovers_by_itself(project: ComposeProject) -> None:
    tellykeep = project.container("tellykeep")
    account = new_account(tellykeep)
    secret = account.webhook_secret()
    show = account.add_show(SHOW, season(1, 5))
    assert account.scrobble(secret, SHOW, 1, 1).ok
    before = tellykeep.inspect()["State"]["StartedAt"]
    tellykeep.wait_until("healthy")

    project.compose("stop", "postgres")
    tellykeep.wait_until("unhealthy")
    code, reason = tellykeep.probe()
    assert (code, reason.partition(" ")[0], reason.count("\n")) == (1, "degraded", 0)
    assert readiness(account.address)[1] == "degraded"
    assert requests.get(f"{account.address}/healthz", timeout=5).ok

    project.compose("start", "postgres")
    tellykeep.wait_until("healthy")
    assert tellykeep.probe() == (0, "ok")
    answer = account.scrobble(secret, SHOW, 1, 2)
    assert (answer.status_code, answer.json()["action"]) == (200, "marked_watched")
    assert account.watched(show) == {(1, 1), (1, 2)}
    assert tellykeep.inspect()["State"]["StartedAt"] == before, "it was restarted"


def test_the_role_of_the_application_owns_nothing(project: ComposeProject) -> None:
    new_account(project.container("tellykeep"))
    users = project.sql("select distinct usename from pg_stat_activity where application_name = 'tellykeep'")
    assert users == "tellykeep"
    owned = "select count(*) from pg_shdepend where deptype = 'o' and refobjid = '{}'::regrole"
    assert project.sql(owned.format("tellykeep")) == "0"
    assert int(project.sql(owned.format("tellykeep_owner"))) > 50
    rights = "rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls"
    assert project.sql(f"select count(*) from pg_roles where rolname ~ '^tellykeep' and ({rights})") == "0"
    assert (
        project.sql(
            "select count(*) from pg_auth_members m join pg_roles r on r.oid = m.member where r.rolname ~ '^tellykeep'"
        )
        == "0"
    )


_ATTACKS = """
import json, pathlib, psycopg, sys
wrong = {}
with psycopg.connect(pathlib.Path("/credentials/" + sys.argv[1]).read_text().strip(), autocommit=True) as connection:
    for what, statement in json.load(sys.stdin).items():
        try:
            connection.execute(statement)
            wrong[what] = "done"
        except psycopg.errors.InsufficientPrivilege:
            pass
        except psycopg.Error as error:
            wrong[what] = type(error).__name__
print(json.dumps(wrong))
"""


@pytest.mark.parametrize(
    ("url", "attacks"),
    [
        ("database_url", REFUSED | REFUSED_AS_SERVED),
        (
            "database_owner_url",
            {
                "read files": "select pg_read_file('/etc/passwd')",
                "run programs": "copy (select 1) to program 'true'",
                "make roles": "create role other superuser",
                "make databases": "create database other",
            },
        ),
    ],
)
def test_the_roles_can_do_nothing_beyond_their_part(project: ComposeProject, url: str, attacks: dict[str, str]) -> None:
    container = project.container("tellykeep")
    assert json.loads(container.exec("python", "-c", _ATTACKS, url, stdin=json.dumps(attacks))) == {}


@pytest.mark.parametrize("url", ["database_url", "database_owner_url"])
@pytest.mark.parametrize("database", OTHER_DATABASES)
def test_the_roles_cannot_enter_another_database(project: ComposeProject, url: str, database: str) -> None:
    program = f"""
import pathlib, psycopg
address = pathlib.Path("/credentials/{url}").read_text().strip().removesuffix("/tellykeep") + "/{database}"
try:
    psycopg.connect(address)
except psycopg.OperationalError as error:
    print("no pg_hba.conf entry" in str(error))
"""
    assert project.container("tellykeep").exec("python", "-c", program) == "True"


def test_titles_in_other_scripts_are_letters_to_the_database(project: ComposeProject) -> None:
    assert project.sql("select show_trgm('進撃の巨人') <> '{}'") == "t"
    assert project.sql("show server_encoding") == "UTF8"


def test_postgresql_is_reached_from_the_application_only(project: ComposeProject) -> None:
    postgres = project.container("postgres").inspect()
    assert not any(postgres["NetworkSettings"]["Ports"].values())
    networks = list(postgres["NetworkSettings"]["Networks"])
    assert networks == [f"{project.name}_database"]
    assert docker("network", "inspect", "--format", "{{.Internal}}", *networks) == "true"


@pytest.mark.parametrize("service", ["tellykeep", "postgres"])
def test_no_service_runs_as_root_or_may_gain_rights(project: ComposeProject, service: str) -> None:
    container = project.container(service)
    assert "0" not in server_uids(container)
    host = container.inspect()["HostConfig"]
    assert host["ReadonlyRootfs"]
    assert host["CapDrop"] == ["ALL"]
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    status = container.exec("sh", "-c", "grep -E '^(CapEff|NoNewPrivs):' /proc/1/status").split()
    assert status == ["CapEff:", "0000000000000000", "NoNewPrivs:", "1"]


def test_no_secret_is_in_the_logs_of_compose(project: ComposeProject) -> None:
    tellykeep = project.container("tellykeep")
    account = new_account(tellykeep)
    secret = account.webhook_secret()
    account.add_show(SHOW, season(1, 5))
    assert account.scrobble(secret, SHOW, 1, 1).ok
    assert account.scrobble("0" * 64, SHOW, 1, 2).status_code == 401
    urls = tellykeep.exec("sh", "-c", "cat /credentials/*").split()
    passwords = {url.split("@")[0].rpartition(":")[2] for url in urls}
    assert len(passwords) == 2
    key = tellykeep.exec("cat", "/data/encryption.key")
    logs = project.compose("logs")
    assert "webhook refused" in logs
    for value in (account.token, secret, "0" * 64, PASSWORD, key, *passwords):
        assert value not in logs


def test_a_password_that_was_deleted_is_made_anew(project: ComposeProject) -> None:
    tellykeep = project.container("tellykeep")
    before = tellykeep.exec("cat", "/credentials/database_url")
    project.compose("exec", "-T", "postgres", "rm", "/credentials/database_url")
    project.compose("restart")
    tellykeep = project.container("tellykeep")
    wait_until_ready(tellykeep)
    assert tellykeep.exec("cat", "/credentials/database_url") != before


def test_a_first_start_that_is_cut_short_is_made_good(image: str, tmp_path: Path) -> None:
    project = ComposeProject(image, tmp_path / "override.json")
    try:
        for moment in (0.2, 0.5, 0.9, 1.4):
            project.compose("up", "--detach", "postgres")
            time.sleep(moment)
            project.compose("kill", "postgres")
        project.compose("up", "--detach")
        wait_until_ready(project.container("tellykeep"))
    finally:
        project.down()


@pytest.mark.parametrize(
    ("options", "uid"),
    [
        pytest.param((), "10001", id="as it is"),
        pytest.param(("--user", "1026:100"), "1026", id="as a uid without a name"),
        pytest.param(("--user", "0:0"), None, id="as root"),
        pytest.param(LOCKED_DOWN, "10001", id="locked down"),
        pytest.param((*LOCKED_DOWN, "--user", "1026:100"), "1026", id="locked down as a uid without a name"),
    ],
)
def test_the_image_alone_keeps_its_data_in_a_volume_that_another_container_takes_up(
    image: str, options: tuple[str, ...], uid: str | None
) -> None:
    with new_volume() as volume:
        with started(image, *options, volume=volume) as tellykeep:
            wait_until_ready(tellykeep)
            if uid is None:
                # PostgreSQL refuses to be root, so it runs as the user of the data directory.
                assert server_uids(tellykeep) == {"0", "10001"}
            else:
                assert server_uids(tellykeep) == {uid}
            account = new_account(tellykeep)
            secret = account.webhook_secret()
            show = account.add_show(SHOW, season(1, 5))
            assert account.scrobble(secret, SHOW, 1, 1).json()["action"] == "marked_watched"

        # The first one was killed and removed.
        with started(image, *options, volume=volume) as another:
            wait_until_ready(another)
            account.address = address_of(another)
            assert account.scrobble(secret, SHOW, 1, 2).json()["action"] == "marked_watched"
            assert account.watched(show) == {(1, 1), (1, 2)}
            for value in (account.token, secret, another.exec("cat", "/data/encryption.key")):
                assert value not in another.logs()


def test_the_healthcheck_of_the_image_says_ready(image: str) -> None:
    with new_volume() as volume, started(image, "--health-interval", "1s", volume=volume) as tellykeep:
        tellykeep.wait_until("healthy")
        assert tellykeep.probe() == (0, "ok")


def test_a_command_of_root_works_beside_a_server_of_another_user(image: str) -> None:
    with new_volume() as volume, started(image, "--user", "1026:100", volume=volume) as tellykeep:
        wait_until_ready(tellykeep)
        assert docker("exec", "--user", "0", tellykeep.name, "tellykeep", "migrate").startswith("The database is up")
        assert tellykeep.probe() == (0, "ok")


def test_a_second_container_on_the_same_volume_is_refused(image: str) -> None:
    with new_volume() as volume, started(image, volume=volume) as first:
        wait_until_ready(first)
        with started(image, volume=volume) as second:
            wait_for(lambda: not second.inspect()["State"]["Running"], second.logs)
            assert second.inspect()["State"]["ExitCode"] == 1
            assert "already serves the data directory" in second.logs()
        assert readiness(address_of(first)) == (200, "ok")


def test_sigterm_under_load_ends_in_time_and_loses_nothing(image: str) -> None:
    with (
        new_volume() as volume,
        started(image, "--env", "WEBHOOK_RATE_LIMIT=100000 per minute", volume=volume) as tellykeep,
    ):
        wait_until_ready(tellykeep)
        account = new_account(tellykeep)
        secret = account.webhook_secret()
        show = account.add_show(SHOW, *(season(number, 500) for number in range(1, 11)))
        taken: set[tuple[int, int]] = set()
        places = itertools.product(range(1, 11), range(1, 501))

        def send() -> None:
            with suppress(requests.RequestException):  # it is gone
                for place in places:
                    if account.scrobble(secret, SHOW, *place).ok:
                        taken.add(place)

        senders = [threading.Thread(target=send) for _ in range(4)]
        for sender in senders:
            sender.start()
        wait_for(lambda: len(taken) >= 200, tellykeep.logs)
        began = time.monotonic()
        docker("stop", "--time", str(STOP_SECONDS), tellykeep.name)
        took = time.monotonic() - began
        for sender in senders:
            sender.join()

        assert tellykeep.inspect()["State"]["ExitCode"] == 0, tellykeep.logs()
        assert took < STOP_SECONDS
        assert "Traceback" not in tellykeep.logs()
        docker("start", tellykeep.name)
        wait_until_ready(tellykeep)
        account.address = address_of(tellykeep)
        watched = account.watched(show)
        assert taken <= watched
        # What was committed without its answer getting through is at most what was under way.
        assert len(watched - taken) <= len(senders)


def test_sigterm_ends_the_application_of_compose_in_time(project: ComposeProject) -> None:
    tellykeep = project.container("tellykeep")
    began = time.monotonic()
    docker("stop", "--time", str(STOP_SECONDS), tellykeep.name)
    assert time.monotonic() - began < STOP_SECONDS
    assert tellykeep.inspect()["State"]["ExitCode"] == 0
    project.compose("start", "tellykeep")
    wait_until_ready(tellykeep)


def test_a_setting_that_cannot_be_right_stops_the_container_with_its_name(image: str) -> None:
    with new_volume() as volume, started(image, "--env", "LOG_RETENTION_DAYS=0", volume=volume) as tellykeep:
        wait_for(lambda: not tellykeep.inspect()["State"]["Running"], tellykeep.logs)
        assert tellykeep.inspect()["State"]["ExitCode"] == 1
        assert "LOG_RETENTION_DAYS" in tellykeep.logs()
        assert "Traceback" not in tellykeep.logs()


def test_the_image_holds_neither_tests_nor_build_tools(image: str) -> None:
    listed = docker("run", "--rm", "--entrypoint", "sh", image, "-c", "ls /app; ls /app/.venv/bin; id -u")
    assert listed.split()[0] == "healthcheck.py"
    assert listed.split()[-1] == "10001"
    assert not {"tests", "uv", "pip", "pytest", "mypy"} & set(listed.split())
