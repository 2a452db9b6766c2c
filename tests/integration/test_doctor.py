"""The doctor: what it says of an installation in order, and of each thing that is not."""

from __future__ import annotations

import time
import urllib.request
from collections import namedtuple
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.doctor import Finding, account, database, examine_account, examine_installation
from app.doctor.installation import check_public_url
from app.monitoring import condition
from app.security import accounts
from app.security.crypto import Cipher
from app.security.key_check import name_key
from app.services import Services
from tests.conftest import NOBODY, Connection
from tests.fakes.plex import FakePlex
from tests.fakes.tmdb import FakeTmdb
from tests.integration.browser import PASSWORD, Browser
from tests.integration.household import Household
from tests.integration.test_cli import (  # noqa: F401 - fixtures
    Environment,
    address,
    bare,
    did,
    external,
    run,
)
from tests.integration.test_web_pages import _text

Usage = namedtuple("Usage", "total used free")


@pytest.fixture(autouse=True)
def everything_in_order(services: Services, conn: Connection) -> None:
    services.settings.data_dir.mkdir(parents=True, exist_ok=True)
    name_key(conn, services.cipher)


def installation(services: Services) -> dict[str, Finding]:
    return {finding.name: finding for finding in examine_installation(services)}


def of_account(household: Household) -> dict[str, Finding]:
    return {finding.name: finding for finding in examine_account(household.services, household.user_id)}


def bad(finding: Finding, state: str, *words: str) -> None:
    assert finding.state == state, finding
    assert finding.advice
    assert all(word in finding.found for word in words), finding.found


def test_an_installation_in_order_has_nothing_to_do(services: Services) -> None:
    found = installation(services)
    assert set(found) == {"Database", "Clock", "Encryption key", "Jobs", "Disk", "Spool", "PUBLIC_URL"}
    assert [finding for finding in found.values() if finding.state != "ok" or finding.advice] == []


def test_an_account_in_order_has_nothing_to_do(household: Household, conn: Connection) -> None:
    conn.execute("update plex_config set last_webhook_at = now()")
    found = of_account(household)
    assert set(found) == {"TMDB", "Plex server", "Plex server's clock", "Webhook", "Jobs"}
    assert [finding for finding in found.values() if finding.state != "ok" or finding.advice] == []


# The installation.


def test_a_database_that_does_not_answer(services: Services) -> None:
    services.db.close()
    found = installation(services)
    bad(found["Database"], "fail", "does not answer")
    assert {"Disk", "Spool"} <= set(found)


def test_a_database_of_an_old_version(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "OLDEST_VERSION", 990_000)
    bad(installation(services)["Database"], "fail", "is too old")


def test_migrations_that_are_not_applied(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    known = database.read_migrations()
    monkeypatch.setattr(database, "read_migrations", lambda: [*known, replace(known[-1], version=len(known) + 1)])
    bad(installation(services)["Database"], "fail", f"1 of {len(known) + 1} migrations")


def test_a_database_of_a_newer_version(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    known = database.read_migrations()
    monkeypatch.setattr(database, "read_migrations", lambda: known[:-1])
    bad(installation(services)["Database"], "fail", "newer Tellykeep")


def test_a_clock_that_is_not_the_databases(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time
    monkeypatch.setattr(database.time, "time", lambda: now() + 90)
    bad(installation(services)["Clock"], "warn", "90 seconds behind")


def test_another_key(services: Services) -> None:
    services.cipher = Cipher(bytes(32))
    bad(installation(services)["Encryption key"], "fail", "another key", services.cipher.fingerprint)


def test_a_secret_that_does_not_open_is_named_by_its_place(household: Household, conn: Connection) -> None:
    sealed = Cipher(bytes(32)).encrypt("secret", column="plex_config.plex_token", row=household.user_id)
    conn.execute("update plex_config set plex_token = %s", (sealed,))
    bad(installation(household.services)["Encryption key"], "fail", "plex_config.plex_token")
    bad(of_account(household)["Plex server"], "warn", "encrypted under another key")


def test_a_disk_that_is_almost_full(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(condition.shutil, "disk_usage", lambda _: Usage(10**12, 10**12 - 10**6, 10**6))
    bad(installation(services)["Disk"], "fail", "1 MB are left")


def test_a_data_directory_that_is_not_there(services: Services, tmp_path: Path) -> None:
    services.settings.data_dir = tmp_path / "gone"
    bad(installation(services)["Disk"], "fail", "cannot be written to")


def test_events_that_wait_or_were_put_aside(services: Services) -> None:
    spool = services.settings.data_dir / "spool"
    (spool / "failed").mkdir(parents=True)
    (spool / "00000001.spool").write_bytes(b"12345")
    bad(installation(services)["Spool"], "warn", "5 bytes")
    (spool / "failed" / "1").write_bytes(b"x")
    bad(installation(services)["Spool"], "warn", "put aside")


@pytest.mark.parametrize(
    ("url", "state"),
    [
        (None, "ok"),
        ("https://tellykeep.example.org", "ok"),
        ("http://localhost:8787", "warn"),
        ("http://127.0.0.1:8787", "warn"),
        ("http://[::1]:8787", "warn"),
        ("https://tellykeep.example.org?secret=1", "fail"),
        ("https://sam:secret@tellykeep.example.org", "fail"),
    ],
)
def test_a_public_url_that_plex_cannot_use(url: str | None, state: str) -> None:
    found = check_public_url(url)
    assert found.state == state
    assert "secret" not in found.found
    assert bool(found.advice) is (state != "ok")


def test_a_job_that_failed_is_said_to_whom_it_belongs(household: Household, conn: Connection) -> None:
    conn.execute(
        """insert into job_runs (kind, status, finished_at, error_message, user_id)
           values ('clean', 'failed', now(), 'no room', null), ('catch_up', 'failed', now(), 'no server', %s)""",
        (household.user_id,),
    )
    shared = installation(household.services)["Jobs"]
    bad(shared, "warn", "clean (no room)")
    own = of_account(household)["Jobs"]
    bad(own, "warn", "catch_up (no server)")
    assert "catch_up" not in shared.found
    assert "clean" not in own.found


# An account.


def test_no_tmdb_key_and_one_that_is_refused(household: Household, fake_tmdb: FakeTmdb) -> None:
    fake_tmdb.key = "another"
    bad(of_account(household)["TMDB"], "fail", "does not accept")
    household.services.settings.tmdb_api_key = None
    bad(of_account(household)["TMDB"], "warn", "no key")


def test_a_tmdb_that_does_not_answer(household: Household) -> None:
    household.services.settings.tmdb_url = f"{NOBODY}/3"
    bad(of_account(household)["TMDB"], "fail", "TMDB")


def test_a_plex_server_that_refuses_the_token(household: Household, fake_plex: FakePlex) -> None:
    fake_plex.token = "another"
    bad(of_account(household)["Plex server"], "fail", "does not accept")


def test_another_plex_server_at_its_address(household: Household, fake_plex: FakePlex) -> None:
    fake_plex.uuid = "another"
    bad(of_account(household)["Plex server"], "fail", "Another Plex server")


def test_a_plex_server_that_is_away_or_not_chosen(household: Household, use_plex: Callable[..., None]) -> None:
    use_plex(household.user_id, plex_server_url=NOBODY)
    bad(of_account(household)["Plex server"], "fail", "The Plex server")
    use_plex(household.user_id, plex_server_url=None)
    bad(of_account(household)["Plex server"], "warn", "No server is chosen")


def test_a_plex_server_whose_clock_is_wrong(household: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        account.PlexServer, "_hear_clock", lambda server, _: setattr(server, "clock_ahead", -600), raising=True
    )
    bad(of_account(household)["Plex server's clock"], "warn", "600 seconds behind")


def test_a_webhook_that_is_silent_off_or_never_came(household: Household, conn: Connection) -> None:
    bad(of_account(household)["Webhook"], "warn", "Nothing has come yet")
    conn.execute("update plex_config set last_webhook_at = now() - interval '8 days'")
    bad(of_account(household)["Webhook"], "warn", "for 8 days")
    conn.execute("update plex_config set enabled = false")
    bad(of_account(household)["Webhook"], "warn", "switched off")


def test_no_connection_is_held_while_another_server_is_asked(
    household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[int] = []
    services = household.services
    for upstream in (services.tmdb, services.plex):
        ask = upstream.get

        def get(*args: object, ask: Callable[..., object] = ask, **options: object) -> object:
            stats = services.db._pool.get_stats()  # type: ignore[union-attr]
            held.append(stats["pool_size"] - stats["pool_available"])
            return ask(*args, **options)

        monkeypatch.setattr(upstream, "get", get)
    of_account(household)
    assert held == [0, 0, 0]


# The page.


@pytest.mark.usefixtures("cheap_passwords")
@pytest.mark.parametrize("is_admin", [False, True])
def test_the_page_looks_when_told_and_shows_the_installation_to_administrators_only(
    services: Services, client: FlaskClient, is_admin: bool
) -> None:
    accounts.create_user(services, "mira", PASSWORD, is_admin=is_admin)
    browser = Browser(client.application)
    browser.sign_in("mira")
    before = browser.get("/settings/doctor").text
    assert "TMDB: " not in before

    page = _text(browser.send("/settings/doctor").text)
    assert "TMDB: To look at There is no key" in page
    assert ("Database: In order" in page) is is_admin

    fields = browser.fields("/settings/doctor", "/settings/doctor")
    part = browser.http.post("/settings/doctor", data=fields, headers={"HX-Request": "true"}).text
    assert part.strip().startswith('<div class="tk-list" id="findings"')


# The command.


def test_the_command_says_what_is_wrong_and_ends_with_one_only_when_something_is_broken(
    external: Environment,  # noqa: F811
    services: Services,
) -> None:
    accounts.create_user(services, "ann", PASSWORD)
    healthy = run(external | {"COLUMNS": "300"}, "doctor")
    assert healthy.returncode == 0, healthy.stdout + healthy.stderr
    assert "Webhook (ann)" in healthy.stdout

    broken = run(external | {"COLUMNS": "300", "ENCRYPTION_KEY": "00" * 32}, "doctor")
    assert broken.returncode == 1
    assert "another key" in broken.stdout


def test_the_command_makes_no_key_and_no_database(bare: Environment) -> None:  # noqa: F811
    done = run(bare | {"COLUMNS": "300"}, "doctor")
    assert done.returncode == 1
    assert "There is none" in done.stdout
    assert list(Path(bare["TELLYKEEP_DATA_DIR"]).iterdir()) == []


def test_the_command_works_beside_a_running_serve(bare: Environment, address: str) -> None:  # noqa: F811
    done = run(bare | {"COLUMNS": "300"}, "doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PostgreSQL 18 answers" in done.stdout
    with urllib.request.urlopen(f"{address}/readyz", timeout=5) as response:
        assert response.status == 200


def test_the_command_works_without_a_serve_and_stops_the_database_it_started(bare: Environment) -> None:  # noqa: F811
    did(bare, "migrate")
    done = run(bare | {"COLUMNS": "300"}, "doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PostgreSQL 18 answers" in done.stdout
    assert not (Path(bare["TELLYKEEP_DATA_DIR"]) / "postgres" / "postmaster.pid").exists()
