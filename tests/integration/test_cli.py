"""The `tellykeep` command as people run it: a process of its own, its output and its exit code."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.conftest import ENCRYPTION_KEY, Connection, DatabaseUrls
from tests.integration.api_client import PASSWORD
from tests.scrobbles import decision, receive, scrobble
from tests.watch_state import log_row, one, plays, value

COMMAND = Path(sys.executable).parent / "tellykeep"
Environment = dict[str, str]


def run(environment: Environment, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Runs one command to its end; whatever happens, nobody sees a traceback."""
    done = subprocess.run(
        [COMMAND, *arguments], env=environment, input=stdin, capture_output=True, text=True, timeout=90, check=False
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    return done


def did(environment: Environment, *arguments: str, stdin: str = "") -> str:
    """What a command printed that worked."""
    done = run(environment, *arguments, stdin=stdin)
    assert done.returncode == 0, done.stderr
    return done.stdout


def failed(environment: Environment, *arguments: str, stdin: str = "") -> str:
    """The one line of a command that did not work."""
    done = run(environment, *arguments, stdin=stdin)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    return done.stderr


@pytest.fixture
def bare(tmp_path: Path) -> Environment:
    """Nothing but a data directory of its own."""
    return {"PATH": os.environ["PATH"], "TELLYKEEP_DATA_DIR": str(tmp_path / "data")}


@pytest.fixture
def external(bare: Environment, database_urls: DatabaseUrls) -> Environment:
    """A database that somebody else runs."""
    return bare | {
        "DATABASE_URL": database_urls.app_url,
        "DATABASE_OWNER_URL": database_urls.owner_url,
        "ENCRYPTION_KEY": ENCRYPTION_KEY,
    }


def call(address: str, token: str, path: str) -> Any:
    request = urllib.request.Request(f"{address}{path}", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


@pytest.fixture
def address(bare: Environment) -> Iterator[str]:
    """A running `serve` on embedded PostgreSQL in the data directory of `bare`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{probe.getsockname()[1]}"
    server = subprocess.Popen(
        [COMMAND, "serve"],
        env=bare | {"TELLYKEEP_BIND": place},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_until_ready(f"http://{place}", server)
        yield f"http://{place}"
    finally:
        server.send_signal(signal.SIGTERM)
        _, errors = server.communicate(timeout=30)
    assert server.returncode == 0, errors


def wait_until_ready(address: str, server: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=5):
                return
        except OSError:
            assert server.poll() is None, "serve ended"
            assert time.monotonic() < deadline, "serve is not ready"
            time.sleep(0.2)


def test_commands_work_beside_a_running_serve_on_its_embedded_database(bare: Environment, address: str) -> None:
    did(bare, "user", "add", "ann", "--admin", "--password-stdin", stdin=f"{PASSWORD}\n")
    token = did(bare, "token", "create", "ann", "--scope", "write").split()[-1]
    assert call(address, token, "/api/shows") == {"shows": [], "next": None}
    assert "up to date" in did(bare, "migrate")
    assert call(address, token, "/api/plex/config")["enabled"] is True


def test_commands_work_without_a_serve_and_stop_the_database_they_started(bare: Environment) -> None:
    did(bare, "user", "add", "ann", "--password-stdin", stdin=PASSWORD)
    tokens = {did(bare, "token", "create", "ann").split()[-1] for _ in range(2)}
    assert len(tokens) == 2
    assert not (Path(bare["TELLYKEEP_DATA_DIR"]) / "postgres" / "postmaster.pid").exists()


def test_an_account_is_made_with_the_password_of_the_first_line(external: Environment, conn: Connection) -> None:
    output = did(
        external | {"TZ": "Europe/Berlin"}, "user", "add", "ann", "--admin", "--password-stdin", stdin="pass word 1\r\n"
    )
    assert "ann" in output
    row = one(conn, "select * from users")
    assert (row["username"], row["is_admin"], row["timezone"]) == ("ann", True, "Europe/Berlin")
    assert row["password_hash"].startswith("$argon2id$")
    from argon2 import PasswordHasher

    assert PasswordHasher().verify(row["password_hash"], "pass word 1")
    assert value(conn, "select count(*) from plex_config join settings using (user_id)") == 1


@pytest.mark.parametrize("name", ["ann", "ANN"])
def test_a_name_that_is_taken_is_said_in_one_line(
    external: Environment, conn: Connection, make_user: Callable[..., int], name: str
) -> None:
    make_user("ann")
    assert "there already" in failed(external, "user", "add", name, "--password-stdin", stdin=PASSWORD)
    assert value(conn, "select count(*) from users") == 1


@pytest.mark.parametrize("password", ["", "\n", "short", "x" * 257])
def test_a_password_that_cannot_be_taken_is_said_and_not_repeated(
    external: Environment, conn: Connection, password: str
) -> None:
    message = failed(external, "user", "add", "ann", "--password-stdin", stdin=password)
    assert "password: 8 to 256 characters" in message
    assert password == "" or password.strip() == "" or password not in message
    assert value(conn, "select count(*) from users") == 0


def test_another_password_is_given_and_the_browsers_are_signed_out(
    external: Environment, conn: Connection, make_user: Callable[..., int]
) -> None:
    from argon2 import PasswordHasher

    user_id = make_user("ann")
    conn.execute(
        "insert into sessions (user_id, token_hash, expires_at) values (%s, 'x', now() + interval '1 day')", (user_id,)
    )
    output = did(external, "user", "password", "ANN", "--password-stdin", stdin="pass word 2\n")
    assert "1 browser was signed out" in output
    row = one(conn, "select password_hash, has_password from users")
    assert PasswordHasher().verify(row["password_hash"], "pass word 2")
    assert value(conn, "select count(*) from sessions") == 0
    assert "8 to 256" in failed(external, "user", "password", "ann", "--password-stdin", stdin="short")
    assert "no account of this name" in failed(external, "user", "password", "bob", "--password-stdin", stdin=PASSWORD)


def test_the_second_step_is_taken_off_an_account_whose_phone_is_lost(
    external: Environment, conn: Connection, make_user: Callable[..., int]
) -> None:
    user_id = make_user("ann")
    conn.execute("insert into user_totp (user_id, secret, confirmed_at) values (%s, '00:00:00', now())", (user_id,))
    conn.execute("insert into recovery_codes (user_id, code_hash) values (%s, 'x')", (user_id,))
    assert "signs in with the password alone now" in did(external, "user", "reset-totp", "Ann")
    assert value(conn, "select count(*) from user_totp natural full join recovery_codes") == 0
    assert "had no second step" in did(external, "user", "reset-totp", "ann")
    assert "no account of this name" in failed(external, "user", "reset-totp", "bob")


def test_accounts_are_named_made_administrators_and_deleted(
    external: Environment, conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    ann = make_user("ann")
    make_user("roberta")
    make_show(ann, "Harbour Lights")
    assert "ann is an administrator." in did(external, "user", "admin", "Ann").replace("Ann", "ann")
    assert "as before" in did(external, "user", "admin", "ann")
    lines = did(external, "user", "list").splitlines()
    assert lines == [
        "ann      administrator, has not signed in yet, shows: 1, events: 0",
        "roberta  has not signed in yet, shows: 0, events: 0",
    ]
    assert "last administrator" in failed(external, "user", "admin", "ann", "--off")
    assert "last administrator" in failed(external, "user", "delete", "ann", "--yes")
    did(external, "user", "admin", "roberta")
    assert "ann is no administrator." in did(external, "user", "admin", "ann", "--off")

    assert "nothing was deleted" in failed(external, "user", "delete", "ann", stdin="roberta\n")
    assert "nothing was deleted" in failed(external, "user", "delete", "ann", stdin="")
    assert "ann is deleted" in did(external, "user", "delete", "ann", stdin="Ann\n")
    assert value(conn, "select string_agg(username, ',') from users") == "roberta"
    assert value(conn, "select count(*) from tvshows") == 0
    assert "no account of this name" in failed(external, "user", "delete", "ann", "--yes")


@pytest.mark.parametrize(
    ("arguments", "scope"), [((), "read"), (("--scope", "read"), "read"), (("--scope", "write"), "write")]
)
def test_a_token_is_the_last_word_and_only_its_hash_is_stored(
    external: Environment,
    conn: Connection,
    make_user: Callable[..., int],
    arguments: tuple[str, ...],
    scope: str,
) -> None:
    from app.security.accounts import token_hash

    user_id = make_user("ann")
    output = did(external, "token", "create", "ann", *arguments)
    token = output.split()[-1]
    assert output.endswith(f"{token}\n")
    row = one(conn, "select * from api_tokens")
    assert (row["user_id"], row["scope"], bytes(row["token_hash"])) == (user_id, scope, token_hash(token))


def test_a_token_for_nobody_is_refused(external: Environment, conn: Connection) -> None:
    assert "no account of this name" in failed(external, "token", "create", "nobody")
    assert value(conn, "select count(*) from api_tokens") == 0


def test_migrate_brings_an_empty_database_up_and_can_be_repeated(
    bare: Environment, empty_database: DatabaseUrls
) -> None:
    environment = bare | {"DATABASE_URL": empty_database.app_url, "DATABASE_OWNER_URL": empty_database.owner_url}
    first, second = did(environment, "migrate"), did(environment, "migrate")
    assert first == second
    assert re.search(r"up to date \(schema \d+\)", first)
    did(environment, "user", "add", "ann", "--password-stdin", stdin=PASSWORD)


def store_failed(conn: Connection, user_id: int, message: dict[str, Any]) -> int:
    return int(
        value(
            conn,
            "select record_failed_event(%s, %s, 'webhook', %s, %s, now(), 'XX000: a fault')",
            (user_id, uuid.uuid4(), Jsonb(decision(message)), Jsonb(message)),
        )
    )


def test_replay_processes_everybodys_failed_events_again(
    external: Environment, conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    users = [make_user("ann"), make_user("bob")]
    shows = [make_show(user, "Harbour Lights") for user in users]
    for user in users:
        store_failed(conn, user, scrobble("Harbour Lights"))
    held = receive(conn, users[0], scrobble("Lantern"))
    make_show(users[0], "Lantern")
    assert did(external, "replay") == "2 of 2 events processed again: 2 success.\n"
    assert [len(plays(conn, show)) for show in shows] == [1, 1]
    assert log_row(conn, held["log_id"])["status"] == "conflict"
    assert did(external, "replay") == "0 of 0 events processed again.\n"
    assert did(external, "replay", "--status", "conflict") == "1 of 1 events processed again: 1 success.\n"


def test_replay_of_one_event_leaves_the_others_alone(
    external: Environment, conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user_id = make_user("ann")
    make_show(user_id, "Harbour Lights")
    first, second = (store_failed(conn, user_id, scrobble("Harbour Lights", episode=number)) for number in (1, 2))
    assert did(external, "replay", "--id", str(second)) == "1 of 1 events processed again: 1 success.\n"
    assert [log_row(conn, log_id)["status"] for log_id in (first, second)] == ["failed", "success"]


def test_replay_goes_on_past_an_event_that_cannot_be_read(
    external: Environment, conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user_id = make_user("ann")
    make_show(user_id, "Harbour Lights")
    broken = store_failed(conn, user_id, scrobble("Harbour Lights", episode=1))
    conn.execute("update plex_webhook_logs set payload = '{}', watched_at = '2000-01-01'")
    good = store_failed(conn, user_id, scrobble("Harbour Lights", episode=2))
    done = run(external, "replay")
    assert (done.returncode, done.stdout) == (1, "1 of 2 events processed again: 1 success.\n")
    assert re.fullmatch(rf"tellykeep: log row {broken} cannot be read as an event \(event: .*\)\n", done.stderr)
    assert [log_row(conn, log_id)["status"] for log_id in (broken, good)] == ["failed", "success"]
    assert failed(external, "replay", "--id", "999999") == "tellykeep: there is no row 999999 in the log\n"


def test_a_backup_says_how_much_it_holds_and_which_key_it_needs(
    external: Environment, make_user: Callable[..., int], tmp_path: Path
) -> None:
    make_user("ann")
    output = did(external, "backup", str(tmp_path / "x.zip"))
    assert re.fullmatch(
        r"\d+ rows of \d+ tables written to \S+/x\.zip \(\d+\.\d MB\)\. The key is not in it: keep a copy of [0-9a-f]{16},"
        r" which is in ENCRYPTION_KEY, in another place\.\n",
        output,
    )
    assert ENCRYPTION_KEY not in output


def test_an_export_is_of_one_account_which_is_named_where_there_are_several(
    external: Environment, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    make_show(make_user("ann"), "Harbour Lights")

    assert [show["title"] for show in json.loads(did(external, "export", "--format", "json"))["shows"]] == [
        "Harbour Lights"
    ]
    make_user("bob")
    assert "there are several accounts: name one" in failed(external, "export", "--format", "json")
    assert json.loads(did(external, "export", "--format", "json", "--user", "BOB", "--log"))["log"] == []
    assert did(external, "export", "--format", "csv", "--user", "ann").startswith("show,year,")
    assert "no account of this name" in failed(external, "export", "--format", "csv", "--user", "eve")


def test_what_cannot_be_backed_up_or_restored_is_said_in_one_line(
    external: Environment, make_user: Callable[..., int], tmp_path: Path
) -> None:
    make_user("ann")
    assert "No such file" in failed(external, "backup", str(tmp_path / "nowhere" / "x.zip"))
    assert "No such file" in failed(external, "restore", str(tmp_path / "x.zip"))
    (tmp_path / "x.zip").write_text("hello")
    assert "is there already" in failed(external, "backup", str(tmp_path / "x.zip"))
    assert "no backup of Tellykeep" in failed(external, "restore", str(tmp_path / "x.zip"))
    did(external, "backup", str(tmp_path / "y.zip"))
    assert "not empty (plex_config, settings, users)" in failed(external, "restore", str(tmp_path / "y.zip"))


def test_a_database_that_is_away_is_said_without_its_password(bare: Environment) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = bare | {"DATABASE_URL": f"postgresql://app:hunter2secret@127.0.0.1:{port}/x"}
    message = failed(environment, "token", "create", "ann")
    assert "the database" in message
    assert str(port) in message
    assert "hunter2secret" not in message


@pytest.mark.parametrize(
    "url", ["postgresql://app:hunter2secret%zz@nas/x", "postgresql://app:hunter2secret@nas/x?nonsense=1"]
)
def test_a_database_address_that_cannot_be_read_is_not_repeated(bare: Environment, url: str) -> None:
    message = failed(bare | {"DATABASE_URL": url}, "migrate")
    assert "DATABASE_URL" in message
    assert "hunter2secret" not in message


def test_wrong_settings_are_said_in_one_line(bare: Environment) -> None:
    message = failed(bare | {"ENCRYPTION_KEY": "abc", "TELLYKEEP_BIND": "nowhere"}, "migrate")
    assert "ENCRYPTION_KEY" in message
    assert "TELLYKEEP_BIND" in message


def test_a_data_directory_that_cannot_be_made_is_said_in_one_line(tmp_path: Path, bare: Environment) -> None:
    (tmp_path / "file").touch()
    assert "TELLYKEEP_DATA_DIR" in failed(bare | {"TELLYKEEP_DATA_DIR": str(tmp_path / "file" / "data")}, "migrate")


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("dance",),
        ("user",),
        ("user", "add"),
        ("user", "add", "ann"),
        ("token", "create"),
        ("token", "create", "ann", "--scope", "admin"),
        ("replay", "--status", "success"),
        ("replay", "--id", "x"),
        ("migrate", "now"),
        ("backup",),
        ("restore",),
        ("restore", "a", "b"),
    ],
)
def test_a_command_that_is_wrongly_called_says_how_and_ends_with_2(
    bare: Environment, arguments: tuple[str, ...]
) -> None:
    done = run(bare, *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: tellykeep")
    assert not Path(bare["TELLYKEEP_DATA_DIR"]).exists()


def test_help_names_every_command(bare: Environment) -> None:
    output = did(bare, "--help")
    for command in ("serve", "demo", "migrate", "user", "token", "replay", "backup", "restore"):
        assert re.search(rf"^    {command}\s+\S", output, re.MULTILINE), command
